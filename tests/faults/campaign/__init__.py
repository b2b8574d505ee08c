"""Every way of writing x every fault x every recovery, against a real sandbox: booked once, and told as it is.

`works`, `faults`, `recoveries` and `answers` are the tables; `cases` multiplies them; `play` runs one case on a `bench`
(a sandbox, a wire that can be cut, workers that can be killed) and `judge` compares what was reported with the
`ledger`, which is read without our client.
"""
