"""Keys in the order of a rank that each has, where a few ranks change at a time."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import Any

FEW = 400
"""So many changes are cheaper one by one; more of them are sorted in together."""


class Ranks:
    """A list of (rank, key), sorted. Ranks of one list must be comparable with each other."""

    def __init__(self) -> None:
        self._rank: dict[str, Any] = {}
        self._sorted: list[tuple[Any, str]] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, key: str) -> bool:
        return key in self._rank

    def __iter__(self) -> Iterator[str]:
        return (key for _, key in self._sorted)

    @property
    def keys(self) -> Mapping[str, Any]:
        """The rank of each key."""
        return self._rank

    def entries(self) -> list[tuple[Any, str]]:
        """A copy of the list."""
        return self._sorted.copy()

    def update(self, ranks: Mapping[str, Any]) -> bool:
        """New ranks for some keys, None to take one out; whether anything moved."""
        known = self._rank
        moved = {key: rank for key, rank in ranks.items() if known.get(key) != rank}
        if len(moved) <= FEW:
            for key, rank in moved.items():
                self._move(key, rank)
        else:
            self._sorted = [entry for entry in self._sorted if entry[1] not in moved]
            self._sorted += [(rank, key) for key, rank in moved.items() if rank is not None]
            self._sorted.sort()
            for key, rank in moved.items():
                if rank is None:
                    del known[key]
                else:
                    known[key] = rank
        return bool(moved)

    def _move(self, key: str, rank: Any) -> None:
        if key in self._rank:
            del self._sorted[bisect_left(self._sorted, (self._rank.pop(key), key))]
        if rank is not None:
            self._rank[key] = rank
            insort(self._sorted, (rank, key))

    def index(self, key: str) -> int | None:
        """Where a key stands."""
        rank = self._rank.get(key)
        return None if rank is None else bisect_left(self._sorted, (rank, key))


def index_in(entries: list[tuple[Any, str]], rank: Any, key: str) -> int | None:
    """Where a key of a rank stands in a copied list; None when it is not there."""
    index = bisect_left(entries, (rank, key))
    return index if index < len(entries) and entries[index] == (rank, key) else None
