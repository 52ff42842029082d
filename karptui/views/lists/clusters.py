"""Several clusters in one list: how each stands, and how fresh that is."""

from msgspec import Struct

from karptui.views.head import stale_sentence
from karptui.views.line import Line
from karptui.views.wording import duration, hourly, plural
from karptui.world.events import StreamState
from karptui.world.world import World


class ClusterRow(Struct, frozen=True):
    """One cluster; figures are None while nothing of it is known. `freshness` in words, `role` how they are meant."""

    key: str
    nodes: int | None
    pending: int | None
    oldest: float | None
    hourly: float | None
    unpriced: int
    freshness: str
    role: str
    shown: bool = False


def cluster_row(name: str, world: World, now: float, failure: str = "", shown: bool = False) -> ClusterRow:
    """How a cluster stands at `now` (epoch seconds); `failure` is why it is not watched any more."""
    freshness, role = _freshness(world, now, failure)
    if not world.synced():
        return ClusterRow(name, None, None, None, None, 0, freshness, role, shown)
    oldest = min((pod.metadata.created for pod in world.pending.values()), default=None)
    return ClusterRow(
        name,
        len(world.of("nodes")),
        len(world.pending),
        None if oldest is None else max(now - oldest, 0.0),
        world.ledger.hourly,
        len(world.ledger.unpriced),
        freshness,
        role,
        shown,
    )


def _freshness(world: World, now: float, failure: str) -> tuple[str, str]:
    if failure:
        return f"not watched: {failure}", "bad"
    if stale := stale_sentence(world, now):
        return f"STALE: {stale}", "bad"
    refused = [name for name, stream in world.streams.items() if stream.state is StreamState.FORBIDDEN]
    if world.connected is None:
        return "connecting…", "dim"
    if not world.synced():
        return "listing…", "warn"
    return (f"live, may not read {', '.join(sorted(refused))}", "warn") if refused else ("live", "ok")


def cluster_lines(row: ClusterRow) -> list[Line]:
    """The same as lines."""
    lines: list[Line] = [((row.freshness, row.role),)]
    if row.nodes is not None and row.pending is not None and row.hourly is not None:
        waits = f" (oldest {duration(row.oldest)})" if row.oldest is not None else ""
        lines.append(((f"{plural(row.nodes, 'node')}, {row.pending:,} pending{waits}", "text"),))
        unpriced = f", {plural(row.unpriced, 'node')} unpriced, NOT in the sum" if row.unpriced else ""
        lines.append(((hourly(row.hourly), "money"), (unpriced, "warn")))
    lines.append((("this is the one on the screens" if row.shown else "⏎ shows it on every screen", "dim"),))
    return lines
