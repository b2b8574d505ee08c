"""Gateway functions for writing records; dispatch imports every module here."""
