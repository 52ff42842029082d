"""How far our clock is off that of the cluster, told by when new objects come: their times are the API server's."""

from karptui.world import events

SPAN = 600.0
"""Seconds after which what was seen counts no more: clocks drift, and are set right."""

LEAST = 2.0
"""Seconds below which nothing is made of it: objects state whole seconds, and are on their way for a while."""

_KINDS = frozenset({"pods", "nodes", "nodeclaims"})


class Skew:
    """The least time by which objects that had just been made came after the moment that they state."""

    def __init__(self) -> None:
        self._least = self._before = float("inf")
        self._since = 0.0

    def recall(self, seconds: float) -> None:
        """What an earlier run had found, until something new tells."""
        self._least = seconds or self._least

    def heard(self, event: events.ObjectSeen) -> None:
        """An object that was made while somebody watched."""
        if event.resource not in _KINDS or not event.object.metadata.created:
            return
        if event.at - self._since > SPAN:
            self._since, self._before, self._least = event.at, self._least, float("inf")
        self._least = min(self._least, event.at - event.object.metadata.created)

    @property
    def seconds(self) -> float:
        """Our clock less the cluster's; 0.0 where it is not known, or small."""
        least = min(self._least, self._before)
        return least if LEAST <= abs(least) < float("inf") else 0.0
