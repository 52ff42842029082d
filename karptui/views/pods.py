"""The Pods screen: pending ones first, by who waits longest; then those bound most recently."""

from msgspec import Struct

from karptui.views.progress import waiting
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


def pod_rows(world: World, now: float) -> list[PodRow]:
    """Every pod that is not done."""
    rows = [
        PodRow(key, row.text, row.role, now - world.pending[key].metadata.created, "", _decision(world, key), "")
        for row in waiting(world, now)
        for key in row.pods
        if key in world.pending
    ]
    rows.sort(key=lambda row: -row.age)
    bound = [
        PodRow(
            key,
            "terminating" if pod.terminating else pod.phase,
            "draining" if pod.terminating else "ready",
            now - pod.metadata.created,
            pod.node_name,
            _decision(world, key),
            _bound(world, key),
        )
        for key, pod in world.of("pods").items()
        if pod.node_name and not pod.terminal
    ]
    bound.sort(key=lambda row: (row.age, row.key))
    return rows + bound


def _decision(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    return timeline.decision if timeline is not None else ""


def _bound(world: World, key: str) -> str:
    timeline = world.pod_timelines.get(key)
    seconds = timeline.pending_seconds if timeline is not None else None
    return duration(seconds) if seconds is not None else ""
