def enter(books, size): pass
