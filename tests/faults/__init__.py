"""What goes wrong on the wire, against a real sandbox: whatever it is, each record is in the books once at most."""
