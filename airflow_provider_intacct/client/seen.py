"""The keys that have come, in little memory: a million consecutive record numbers take some hundred kilobytes. Pure."""

BITS = 256


class Seen:
    """A set of keys. Numbers, of which a company has millions, are kept as bits; other keys as they are."""

    def __init__(self) -> None:
        self._bits: dict[int, int] = {}
        self._others: set[str] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: str) -> bool:
        """Add a key; return whether it is new."""
        if not key.isdecimal():
            new = key not in self._others
            self._others.add(key)
        else:
            at, bit = divmod(int(key), BITS)
            known = self._bits.get(at, 0)
            new = not known >> bit & 1
            self._bits[at] = known | 1 << bit
        self._count += new
        return new
