"""Rows of files and queries into Intacct: read, grouped into records, posted once, and told what became of each."""
