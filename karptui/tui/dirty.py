"""What has changed since a widget was last drawn.

One number a topic instead of a message for each event: a thousand changes between two ticks cost a thousand additions
and one drawing, and a screen that was hidden meanwhile still learns of them when it is shown.
"""

from collections.abc import Iterable


class Dirty:
    """Counts changes by topic. Marking is one dictionary store, so any thread may mark."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._total = self._everything = 0

    def mark(self, *topics: str) -> None:
        """Something about these topics changed."""
        for topic in topics:
            self._counts[topic] = self._counts.get(topic, 0) + 1
        self._total += 1

    def mark_all(self) -> None:
        """Everything may have changed, as at another time."""
        self._everything += 1
        self._total += 1

    @property
    def total(self) -> int:
        """Grows with every mark; equal totals mean that nothing changed."""
        return self._total

    def since(self, seen: dict[str, int], topics: Iterable[str]) -> frozenset[str]:
        """The topics marked since `seen`, which is brought up to date."""
        counts, more = self._counts, self._everything
        fresh = frozenset(topic for topic in topics if counts.get(topic, 0) + more != seen.get(topic, 0))
        for topic in fresh:
            seen[topic] = counts.get(topic, 0) + more
        return fresh
