"""The functions that write: create, update, delete, and the legacy ones; dispatch imports every module here.

`elements` turns a request's XML into typed values, `acts` runs the ledger's rules record by record and words their
refusals; the other modules hold what is particular to a function.
"""
