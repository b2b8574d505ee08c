"""The Data Delivery Service: jobs that write the records of an object as CSV files into the company's cloud storage,
which is a folder here.

`functions` answers the gateway's three functions, `jobs` keeps and works off the queue, `rows` reads what a job
delivers, `files` writes it, `tables` says what table would hold it.
Source: developer.intacct.com, Data Delivery Service; what no source says is a documented choice of the README.
"""
