"""The head of every screen: mode, cluster, how fresh the picture is, and the figures that matter."""

from operator import attrgetter

from msgspec import Struct

from karptui.views.kept.claims import KeptClaims
from karptui.views.wording import clock, duration, hourly, monthly, plural
from karptui.world.events import StreamState
from karptui.world.world import World


class Head(Struct, frozen=True):
    """`stale` is one sentence when the picture is old, else empty. Times in seconds, money in USD an hour.

    `lease` is who holds active mode's Lease, "" for nobody or where karptui only watches; `lease_ours`: we do.
    `disruption` says whether a person lets nodes be taken away, `held` how many acts they hold.
    """

    mode: str
    cluster: str
    kubernetes: str
    karpenter: str
    streams_live: int
    streams: int
    lost: tuple[str, ...]
    stale: str
    clock: str
    pending: int
    oldest: float | None
    bound_p50: float | None
    bound_p95: float | None
    nodes: int
    coming: int
    draining: int
    hourly: float
    unpriced: int
    spent: float
    lease: str = ""
    lease_ours: bool = False
    disruption: bool = True
    held: int = 0


def stale_sentence(world: World, now: float) -> str:
    """Which stream is lost, why and since when, as one sentence; "" when none is."""
    lost = next((stream for stream in world.streams.values() if stream.state is StreamState.STALE), None)
    return f"{lost.message} (last good {duration(now - lost.since)} ago)" if lost else ""


def head(world: World, mode: str, now: float, claims: KeptClaims | None = None) -> Head:
    """The head at `now` (epoch seconds); `claims` up to date, if the caller has it."""
    claims = claims or KeptClaims().read(world)
    connected = world.connected
    bound = sorted(world.bound_seconds)
    bad = {name: stream for name, stream in world.streams.items() if stream.state in _LOST}
    oldest = min(map(_CREATED, world.pending.values()), default=None)
    return Head(
        mode=mode,
        cluster=connected.cluster if connected else "connecting",
        kubernetes=connected.kubernetes_version if connected else "",
        karpenter=connected.karpenter_version if connected else "",
        streams_live=sum(stream.state is StreamState.LIVE for stream in world.streams.values()),
        streams=sum(stream.state is not StreamState.ABSENT for stream in world.streams.values()),
        lost=tuple(sorted(bad)),
        stale=stale_sentence(world, now),
        clock=clock(now),
        pending=len(world.pending),
        oldest=None if oldest is None else max(now - oldest, 0.0),
        bound_p50=bound[len(bound) // 2] if bound else None,
        bound_p95=bound[min(int(len(bound) * 0.95), len(bound) - 1)] if bound else None,
        nodes=len(world.of("nodes")),
        coming=claims.coming,
        draining=claims.draining,
        hourly=world.ledger.hourly,
        unpriced=len(world.ledger.unpriced),
        spent=world.ledger.spent_by(now),
        lease=world.lease.holder if world.lease is not None else "",
        lease_ours=world.lease is not None and world.lease.ours,
        disruption=world.brakes is None or world.brakes.disruption,
        held=len(world.brakes.held) if world.brakes is not None else 0,
    )


_CREATED = attrgetter("metadata.created")
_LOST = (StreamState.STALE, StreamState.FORBIDDEN)


def figures(head: Head) -> str:
    """The second line of the head as text; `?` stands for what is not there to be counted because it is not read."""
    pending = "PENDING ?" if "pods" in head.lost and not head.pending else f"PENDING {head.pending}"
    if head.oldest is not None:
        pending += f" (oldest {duration(head.oldest)})"
    parts = [pending]
    if head.bound_p50 is not None and head.bound_p95 is not None:
        parts.append(f"bound p50 {duration(head.bound_p50)} p95 {duration(head.bound_p95)}")
    nodes = "NODES ?" if "nodes" in head.lost and not head.nodes else f"NODES {head.nodes}"
    if head.coming:
        nodes += f" +{head.coming} coming"
    if head.draining:
        nodes += f" −{head.draining} draining"
    parts.append(nodes)
    money = f"{hourly(head.hourly)} {monthly(head.hourly)}"
    if head.unpriced:
        money += f" ({plural(head.unpriced, 'node')} unpriced, NOT in the sum)"
    parts.append(money)
    return " │ ".join(parts)
