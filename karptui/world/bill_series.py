"""What a cluster costs over weeks: USD an hour, one point a minute, packed.

A point is eight bytes: the minute since the epoch as an unsigned integer and the price as a float, both of four bytes
and little-endian. Thirty days are 345,600 bytes.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise
from math import ceil, isfinite
from struct import Struct as Layout

POINT = Layout("<If")
MINUTE = 60.0
KEPT_MINUTES = 30 * 24 * 60
"""What is kept at most: thirty days."""
DEAREST = 1e7
"""USD an hour that no cluster costs."""


def pack(points: Iterable[tuple[float, float]]) -> bytes:
    """Points of (epoch seconds, USD an hour)."""
    return b"".join(POINT.pack(int(at // MINUTE), hourly) for at, hourly in points)


def sound(packed: bytes, now: float) -> bool:
    """Whether these can be points of the past, with a day's grace for a clock that was set."""
    latest = int(now // MINUTE) + 24 * 60
    return all(
        minute <= latest and isfinite(hourly) and 0.0 <= hourly <= DEAREST
        for minute, hourly in POINT.iter_unpack(packed)
    )


class BillSeries:
    """Minutes in order, each once; the first that is told of a minute counts."""

    def __init__(self) -> None:
        self._minutes = array("I")
        self._prices = array("f")

    def __len__(self) -> int:
        return len(self._minutes)

    def add(self, packed: bytes) -> None:
        """Take more points, in any order."""
        for minute, hourly in sorted(POINT.iter_unpack(packed)):
            place = bisect_left(self._minutes, minute)
            if place == len(self._minutes) or self._minutes[place] != minute:
                self._minutes.insert(place, minute)
                self._prices.insert(place, hourly)
        if (much := len(self._minutes) - KEPT_MINUTES) > 0:
            del self._minutes[:much], self._prices[:much]

    def begins(self, now: float) -> float | None:
        """Epoch seconds of the first point before `now`, or None."""
        return self._minutes[0] * MINUTE if len(self._minutes) and self._minutes[0] * MINUTE <= now else None

    def average(self, now: float, seconds: float) -> tuple[float, float] | None:
        """(USD an hour, seconds that are known) of the time before `now`; None where nothing is."""
        first = bisect_left(self._minutes, int((now - seconds) // MINUTE) + 1)
        last = bisect_right(self._minutes, int(now // MINUTE))
        known = last - first
        return (sum(self._prices[first:last]) / known, known * MINUTE) if known > 0 else None

    def cells(self, now: float, seconds: float, count: int) -> list[float | None]:
        """The averages of `count` equal parts of the time before `now`; None where nothing is known."""
        size = seconds / count
        starts = [now - seconds + size * cell for cell in range(count)]
        edges = [bisect_left(self._minutes, ceil(at / MINUTE)) for at in starts]
        edges.append(bisect_right(self._minutes, int(now // MINUTE)))
        return [
            sum(self._prices[first:last]) / (last - first) if last > first else None for first, last in pairwise(edges)
        ]

    def packed(self, since: float) -> bytes:
        """The points from a time on."""
        first = bisect_left(self._minutes, int(since // MINUTE))
        return b"".join(map(POINT.pack, self._minutes[first:], self._prices[first:]))
