"""The log: what every source said, newest last."""

from bisect import bisect_right

from msgspec import Struct

from karptui.model.decision import DecisionKind
from karptui.views.lists.decisions import decision_text
from karptui.views.wording import clock
from karptui.world.log import DECIDED, LogLine
from karptui.world.world import KEPT_EVENTS, World


class LogRow(Struct, frozen=True):
    """One line; `role` tells problems from the rest, `kube` is what Kubernetes' Events said."""

    key: str
    at: str
    source: str
    about: str
    text: str
    role: str
    kube: bool = False


def log_row(world: World, line: LogLine, key: str) -> LogRow:
    """One line as it is shown."""
    text, role = line.text, "bad" if line.source in ("problem", "stream") else "text"
    if line.source == DECIDED and (made := world.decisions.get(line.about)) is not None:
        text, role = decision_text(world, made), "bad" if made.kind is DecisionKind.REFUSE else "text"
    return LogRow(
        key,
        f"{clock(line.at)}.{int(line.at * 10) % 10}",
        line.source,
        line.about,
        text,
        role,
        line.kube,
    )


class LogTail:
    """The log of one World, read on from where it was read last: a line keeps its key for as long as it is kept."""

    def __init__(self) -> None:
        self._rows: list[LogRow] = []
        self._times: list[float] = []
        self._last: LogLine | None = None
        self._read = 0

    def read(self, world: World) -> list[LogRow]:
        """All kept lines in the order of their times: an Event of Kubernetes comes later than what it tells of."""
        fresh: list[LogLine] = []
        for line in reversed(world.log):
            if line is self._last:
                break
            fresh.append(line)
        for line in reversed(fresh):
            place = bisect_right(self._times, line.at)
            self._times.insert(place, line.at)
            self._rows.insert(place, log_row(world, line, f"{self._read}"))
            self._read += 1
            self._last = line
        if (surplus := len(self._rows) - KEPT_EVENTS) > 0:
            del self._rows[:surplus], self._times[:surplus]
        return list(self._rows)
