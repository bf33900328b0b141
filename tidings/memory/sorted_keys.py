"""Keys in order: a list cut into blocks, so that adding and removing stay cheap with a million keys."""

from bisect import bisect_left, insort
from collections.abc import Iterable

BLOCK_KEYS = 256
"""A block is split in two when it holds twice as many."""


class SortedKeys:
    """A set of texts in the order of their code points, which is the order of their UTF-8 bytes."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        ordered = sorted(keys)
        self._blocks = [ordered[at : at + BLOCK_KEYS] for at in range(0, len(ordered), BLOCK_KEYS)]
        self._lasts = [block[-1] for block in self._blocks]

    def add(self, key: str) -> None:
        """Put in a key that is not there yet."""
        if not self._blocks:
            self._blocks, self._lasts = [[key]], [key]
            return
        at = min(bisect_left(self._lasts, key), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, key)
        self._lasts[at] = block[-1]
        if len(block) > 2 * BLOCK_KEYS:
            self._blocks[at : at + 1] = [block[:BLOCK_KEYS], block[BLOCK_KEYS:]]
            self._lasts[at : at + 1] = [block[BLOCK_KEYS - 1], block[-1]]

    def remove(self, key: str) -> None:
        """Take out a key that is there."""
        at = bisect_left(self._lasts, key)
        block = self._blocks[at]
        del block[bisect_left(block, key)]
        if block:
            self._lasts[at] = block[-1]
        else:
            del self._blocks[at], self._lasts[at]

    def between(self, low: str, high: str, limit: int) -> list[str]:
        """Up to `limit` keys with `low <= key < high`, in order."""
        found: list[str] = []
        for at in range(bisect_left(self._lasts, low), len(self._blocks)):
            block = self._blocks[at]
            begin = 0 if found else bisect_left(block, low)
            end = min(bisect_left(block, high, begin), begin + limit - len(found))
            found += block[begin:end]
            if end < len(block):
                break
        return found
