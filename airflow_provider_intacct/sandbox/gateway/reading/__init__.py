"""The functions that read: query, readByQuery and its kin, lookup and inspect, the legacy get_list, the audit trail.

`selection` builds SQL from catalogue names, `literals` and `rendering` translate values in and out, `formats` writes
pages; the modules named after functions hold what is particular to each.
"""
