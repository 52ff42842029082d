"""The batching window of provisioning (spec/scheduling.md 2), as a pure function of times in epoch seconds."""

from collections.abc import Iterable


def nominations(nodes: Iterable[str], at: float, longest: float) -> dict[str, float]:
    """Until when nodes are kept for the pods that a round placed on them (spec/scheduling.md 9.4)."""
    return dict.fromkeys(nodes, at + max(2 * longest, 10.0))


class Window:
    """Opens at the first trigger, closes `idle` seconds after the last new one, at most `longest` after the first.

    A UID that already triggered since the last close does not trigger again, so one pod cannot hold it open.
    """

    def __init__(self, idle: float, longest: float) -> None:
        self.idle = idle
        self.longest = longest
        self._first: float | None = None
        self._last = 0.0
        self._seen: set[str] = set()

    def trigger(self, uid: str, at: float) -> None:
        """Something that may need a node was seen."""
        if uid in self._seen:
            return
        self._seen.add(uid)
        self._last = at
        if self._first is None:
            self._first = at

    @property
    def closes(self) -> float | None:
        """When it will close if nothing more comes, or None while it is not open."""
        if self._first is None:
            return None
        return min(self._last + self.idle, self._first + self.longest)

    def closed(self, now: float) -> bool:
        """Whether it was open and is due."""
        return self.closes is not None and now >= self.closes

    def clear(self) -> None:
        """Begin anew."""
        self._first = None
        self._seen.clear()
