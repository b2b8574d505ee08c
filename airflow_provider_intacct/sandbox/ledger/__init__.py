"""The rules of a company: what may be entered, what is posted, what is due, which number comes next.

Works on typed values over one open transaction. Refuses to know XML, HTTP and who may do what.
"""
