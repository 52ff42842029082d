"""The Pods screen: first those that nothing is under way for, then those that wait, each by who waits longest; then
those bound most recently."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from karptui.views.kept.changes import Changes
from karptui.views.kept.keys import Keys
from karptui.views.kept.ranks import Ranks, index_in
from karptui.views.timelines.progress import Waiting, waiting
from karptui.views.wording import duration
from karptui.world.world import World

Entry: TypeAlias = "tuple[Any, str]"
"""What a pod's place in the list comes from, and its key."""

BLOCKED, PENDING, BOUND = range(3)
"""Who needs somebody comes first."""


class PodRow(Struct, frozen=True):
    """One pod. `age` in seconds; `state` what it waits for or where it runs."""

    key: str
    state: str
    role: str
    age: float
    node: str
    decision: str
    bound: str
    created: float = 0.0


class PodRows(Sequence[PodRow]):
    """Pods in order. A row is made when it is asked for: of 20,000 only those on the screen are looked at."""

    def __init__(
        self,
        world: World,
        entries: list[Entry],
        waits: dict[str, Waiting],
        now: float,
        changes: Changes,
        only_pending: bool = False,
    ) -> None:
        self._world, self._entries, self._waits, self._now = world, entries, waits, now
        self._only_pending = only_pending
        self.changes = changes

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self.row(key) for _, key in self._entries[index]]
        return self.row(self._entries[index][1])

    def rank_of(self, key: str) -> Any:
        """What decides where a pod stands; None for one that is not listed."""
        wait = self._waits.get(key)
        rank = _rank(self._world, key, wait is not None and wait.blocked)
        return None if rank is None or (self._only_pending and rank[0] == BOUND) else rank

    def index_of(self, key: str) -> int | None:
        """Where a pod stands."""
        rank = self.rank_of(key)
        return None if rank is None else index_in(self._entries, rank, key)

    def keys(self) -> Iterator[str]:
        """All of them, in order."""
        return (key for _, key in self._entries)

    def at(self, now: float) -> "PodRows":
        """The same pods at another time: nothing changed but their ages."""
        return PodRows(self._world, self._entries, self._waits, now, self.changes, self._only_pending)

    def pending(self) -> "PodRows":
        """Only those that wait."""
        count = bisect_left(self._entries, ((BOUND,), ""))
        return PodRows(self._world, self._entries[:count], self._waits, self._now, self.changes, only_pending=True)

    @property
    def scope(self) -> bool:
        """Another value for other pods."""
        return self._only_pending

    def row(self, key: str) -> PodRow:
        """The row of one pod."""
        pod = self._world.of("pods").get(key)
        if pod is None:
            return PodRow(key, "gone", "dim", 0.0, "", "", "")
        created = pod.metadata.created
        age = self._now - created
        wait = self._waits.get(key)
        if wait is not None:
            return PodRow(key, wait.text, wait.role, age, "", _decision(self._world, key), "", created)
        state, role = ("terminating", "draining") if pod.terminating else (pod.phase, "ready")
        decision, bound = _decision(self._world, key), _bound(self._world, key)
        return PodRow(key, state, role, age, pod.node_name, decision, bound, created)


class KeptPods:
    """`pod_rows`, where only pods that changed are put in their place anew."""

    def __init__(self) -> None:
        self.keys = Keys()
        self._ranks = Ranks()
        self._changes = Changes()
        self._words: dict[str, tuple[str, str]] = {}
        self._blocked: set[str] = set()

    def read(self, world: World, now: float, pending: list[Waiting]) -> PodRows:
        """As `pod_rows`; `pending` is what is waited for now."""
        waits = {key: row for row in pending for key in row.pods}
        blocked = {key for row in pending if row.blocked for key in row.pods}
        moved, self._blocked = self._blocked ^ blocked, blocked
        self.look(world)
        self._place(world, moved)
        words = {row.key: (row.text, row.role) for row in pending}
        for row in pending:
            if self._words.get(row.key) != words[row.key]:
                self._changes.note(row.pods)
        self._words = words
        return PodRows(world, self._ranks.entries(), waits, now, self._changes)

    def look(self, world: World) -> None:
        """Take in what changed. Cheap when it is done often."""
        if self.keys:
            self._place(world, self.keys.taken(world.of("pods"), self._ranks.keys))

    def _place(self, world: World, keys: set[str]) -> None:
        """Put pods where they belong now."""
        self._ranks.update({key: _rank(world, key, key in self._blocked) for key in keys})
        self._changes.note(keys)


def _rank(world: World, key: str, blocked: bool) -> tuple[int, float] | None:
    """What decides where a pod stands, smallest first; None for what is not shown."""
    pod = world.pending.get(key)
    if pod is not None:
        return BLOCKED if blocked else PENDING, pod.metadata.created
    pod = world.of("pods").get(key)
    return (BOUND, -pod.metadata.created) if pod is not None and pod.node_name and not pod.terminal else None


def pod_rows(world: World, now: float) -> PodRows:
    """Every pod that is not done."""
    return KeptPods().read(world, now, waiting(world, now))


def _decision(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    return timeline.decision if timeline is not None else ""


def _bound(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    seconds = timeline.pending_seconds if timeline is not None else None
    return duration(seconds) if seconds is not None else ""
