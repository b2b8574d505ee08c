"""Post records exactly once: say who a record is, send it under an id that never changes, learn what became of it."""
