"""The Pods screen: pending ones first, by who waits longest; then those bound most recently."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from karptui.views.progress import Waiting, waiting
from karptui.views.wording import duration
from karptui.world.world import World


class PodRow(Struct, frozen=True):
    """One pod. `age` in seconds; `state` what it waits for or where it runs."""

    key: str
    state: str
    role: str
    age: float
    node: str
    decision: str
    bound: str


class PodRows(Sequence[PodRow]):
    """Pods in order. A row is made when it is asked for: of 20,000 only those on the screen are looked at."""

    def __init__(self, world: World, keys: list[str], waits: dict[str, Waiting], now: float) -> None:
        self._world, self._keys, self._waits, self._now = world, keys, waits, now

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.some(self._keys[index])
        return self._row(self._keys[index])

    def index_of(self, key: str) -> int | None:
        """Where a pod stands."""
        try:
            return self._keys.index(key)
        except ValueError:
            return None

    def at(self, now: float) -> "PodRows":
        """The same pods at another time: nothing changed but their ages."""
        return PodRows(self._world, self._keys, self._waits, now)

    def stamps(self) -> Iterator[tuple[str, object]]:
        """Each pod's key, and what is another object whenever its row may read differently (its age apart)."""
        pods, waits = self._world.of("pods"), self._waits
        for key in self._keys:
            yield key, waits.get(key) or pods.get(key)

    def some(self, keys: list[str]) -> "PodRows":
        """Only these, in this order."""
        return PodRows(self._world, keys, self._waits, self._now)

    def _row(self, key: str) -> PodRow:
        pod = self._world.of("pods").get(key)
        if pod is None:
            return PodRow(key, "gone", "dim", 0.0, "", "", "")
        age = self._now - pod.metadata.created
        wait = self._waits.get(key)
        if wait is not None:
            return PodRow(key, wait.text, wait.role, age, "", _decision(self._world, key), "")
        state, role = ("terminating", "draining") if pod.terminating else (pod.phase, "ready")
        return PodRow(key, state, role, age, pod.node_name, _decision(self._world, key), _bound(self._world, key))


def pod_rows(world: World, now: float) -> PodRows:
    """Every pod that is not done."""
    waits = {key: row for row in waiting(world, now) for key in row.pods if key in world.pending}
    pods = world.of("pods")
    first = sorted(waits, key=lambda key: world.pending[key].metadata.created)
    bound = [(-pod.metadata.created, key) for key, pod in pods.items() if pod.node_name and not pod.terminal]
    bound.sort()
    return PodRows(world, first + [key for _, key in bound], waits, now)


def _decision(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    return timeline.decision if timeline is not None else ""


def _bound(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    seconds = timeline.pending_seconds if timeline is not None else None
    return duration(seconds) if seconds is not None else ""
