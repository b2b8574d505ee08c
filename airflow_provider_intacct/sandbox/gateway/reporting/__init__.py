"""The functions that report: balances and agings worked out from the books, and readReport with its jobs.

`spans` and `dimensions` read what a request narrows a report to, `balances` adds up the ledger, `runs` keeps the jobs
of readReport until they are read; the modules named after functions hold what is particular to each.
"""
