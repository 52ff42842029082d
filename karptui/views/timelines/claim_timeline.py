"""A NodeClaim's way, stage by stage: from its creation to ready, and out again."""

from karptui.views.timelines.interruption import kind_text, notice_of
from karptui.views.timelines.pod_timeline import Bar, PodTimelineView, claim_usual, marked_late
from karptui.views.wording import duration, hourly, plural, short_zone
from karptui.world.interruption import SPOT
from karptui.world.world import World

IN_USE = "in use"


def claim_timeline(world: World, name: str, now: float) -> PodTimelineView | None:
    """The timeline of one NodeClaim, or None for one nobody has seen. Its siblings are empty: pods have theirs."""
    timeline = world.claim_timelines.get(name)
    if timeline is None:
        return None
    zero = timeline.created
    bars: list[Bar] = []

    def bar(stage: str, source: str, start: float | None, end: float | None, text: str, role: str) -> None:
        if start is not None:
            until = None if end is None else max(end, start) - zero
            bars.append(Bar(stage, source, max(start - zero, 0.0), until, text, role, aside=stage == IN_USE))

    gone = timeline.gone
    bar("created → launched", "claim", zero, timeline.launched or gone, "CreateFleet", "launching")
    bar("launched → registered", "claim", timeline.launched, timeline.registered or gone, "boot", "booting")
    bar("registered → ready", "node", timeline.registered, timeline.initialized or gone, "startup taints", "starting")
    leaving, terminating = timeline.draining, timeline.terminating
    if timeline.initialized is not None:
        bar(IN_USE, "node", timeline.initialized, timeline.interrupted or leaving or terminating or gone, "", "ready")
    if timeline.interrupted is not None:
        bar(
            "interrupted → deleted",
            "ec2",
            timeline.interrupted,
            leaving or terminating or gone,
            _cause(world, name),
            "draining",
        )
    if leaving is not None:
        bar("draining", "node", leaving, terminating or gone, "pods are evicted", "draining")
    bar("terminating", "ec2", terminating, gone, "the instance ends", "draining")
    usual = claim_usual(world, timeline)
    end = gone if gone is not None else now
    way = [entry for entry in bars if entry.name != IN_USE]  # how long it served is nothing that it took
    longest = max(way, key=lambda entry: (end - zero if entry.end is None else entry.end) - entry.start)
    took = (end - zero if longest.end is None else longest.end) - longest.start
    spent = sum((end - zero if entry.end is None else entry.end) - entry.start for entry in way)
    return PodTimelineView(
        key=name,
        facts=_facts(world, name),
        summary=_summary(timeline.initialized, zero, gone, now),
        bars=marked_late([entry for entry in bars if entry.start <= now - zero], usual),
        length=max(end - zero, 1.0),
        siblings=[],
        usual=usual,
        decision=timeline.decision,
        sentence=f"{longest.name} took most: {duration(took)} of {duration(spent)}",
    )


def _cause(world: World, name: str) -> str:
    """What EC2 had said of the instance of a NodeClaim that may be gone."""
    instances = (key for key, claim in world.claim_of_provider_id.items() if claim == name)
    notice = next(filter(None, (notice_of(world, provider_id) for provider_id in instances)), None)
    return kind_text(notice.kind if notice is not None else SPOT)


def _facts(world: World, name: str) -> str:
    claim = world.of("nodeclaims").get(name)
    if claim is None:
        return "the NodeClaim is gone"
    if not claim.instance_type:
        return f"NodePool {claim.node_pool}   no instance yet"
    price = world.claim_price(claim)
    cost = hourly(price) if price is not None else "unpriced"
    pods = plural(len(world.usage.on(claim.node_name)), "pod")
    where = f"{claim.instance_type} {claim.capacity_type} {short_zone(claim.zone)}"
    return f"NodePool {claim.node_pool}   {where}   {cost}   {pods} on {claim.node_name or 'no node yet'}"


def _summary(initialized: float | None, zero: float, gone: float | None, now: float) -> str:
    words = f"ready after {duration(initialized - zero)}" if initialized is not None else "not ready"
    if gone is not None:
        return f"{words}, gone after {duration(gone - zero)}"
    return words if initialized is not None else f"{words} for {duration(now - zero)}"
