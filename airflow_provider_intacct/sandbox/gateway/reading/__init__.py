"""Gateway functions for reading records; dispatch imports every module here."""
