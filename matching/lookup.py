"""Integer keys to positions, for whole ledgers: found in the same time however many there are."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

Integers = Sequence[int] | np.ndarray[tuple[int, ...], np.dtype[np.int64]]

_HASH_MASK = (1 << 62) - 1
_FEW = 8
"""A bucket of so many rows is looked through from its beginning; of a larger one a key is found by bisection."""


class Lookup:
    """Columns sorted by bucket, key and position, and where each bucket begins: 16 bytes a row.

    There are about as many buckets as rows, so that a key is found by looking at one or two others: ten times the rows
    cost no further comparison. Keys that many rows share are found by bisection inside their bucket.
    """

    __slots__ = ("_buckets", "_keys", "_positions", "_starts")

    def __init__(self, keys: Integers, positions: Integers) -> None:
        unsorted = np.asarray(keys, dtype=np.int64)
        places = np.asarray(positions, dtype=np.int32)
        self._buckets = _number_of_buckets(len(unsorted))
        buckets = unsorted % self._buckets
        order = np.lexsort((places, unsorted, buckets))
        self._keys = array("q", unsorted[order].tobytes())
        self._positions = array("i", places[order].tobytes())
        ends = np.cumsum(np.bincount(buckets, minlength=self._buckets), dtype=np.int32)
        self._starts = array("i", [0])
        self._starts.frombytes(ends.tobytes())

    def __len__(self) -> int:
        return len(self._keys)

    def mark(self, flags: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", mask: int) -> None:
        """Set the flag of every key held here."""
        if self._keys:
            flags[np.frombuffer(self._keys, dtype=np.int64) & mask] = 1

    def get(self, key: int, most: int = 64) -> tuple[int, ...]:
        """The positions under a key, in ledger order, at most ``most`` of them."""
        bucket = key % self._buckets
        starts = self._starts
        first = starts[bucket]
        last = starts[bucket + 1]
        keys = self._keys
        if last - first > _FEW:
            first = bisect_left(keys, key, first, last)
        else:
            while first < last and keys[first] < key:
                first += 1
        if first == last or keys[first] != key:
            return ()
        if first + 1 == last or keys[first + 1] != key:
            return (self._positions[first],)
        return tuple(self._positions[first : bisect_right(keys, key, first, min(last, first + most))])


class Known:
    """Which keys some lookups may hold: one byte tells of most keys that they are in none of them.

    Most digits and words of a text are no document's; they need not be looked for. There are eight to sixteen bytes for
    each key, so that fewer than one in eight of the others is looked for in vain.
    """

    __slots__ = ("flags", "mask")

    def __init__(self, lookups: Sequence[Lookup]) -> None:
        rows = sum(len(lookup) for lookup in lookups)
        self.mask = (1 << (8 * rows + 1).bit_length()) - 1
        flags = np.zeros(self.mask + 1, dtype=np.uint8)
        for lookup in lookups:
            lookup.mark(flags, self.mask)
        self.flags = flags.tobytes()


def _number_of_buckets(rows: int) -> int:
    """At least one for each row, and no divisor in common with what numbers and amounts step by."""
    buckets = rows | 1
    while any(buckets % step == 0 for step in (3, 5, 7)):
        buckets += 2
    return buckets


def text_key(text: str) -> int:
    """A compact text as a key; what is found under it is compared again, so a collision does no harm."""
    return hash(text) & _HASH_MASK
