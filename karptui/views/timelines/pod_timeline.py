"""From Pending to Bound, stage by stage (W2): who took how long, and which stage is late against this pool's usual."""

from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain import failure_sentence
from karptui.model.decision import DecisionKind
from karptui.model.pod import Pod
from karptui.model.quantity import human
from karptui.views.wording import duration
from karptui.world.timeline import ClaimTimeline, PodTimeline, follow_pod
from karptui.world.world import World


class Bar(Struct, frozen=True):
    """One stage; `start` and `end` in seconds from the pod's creation, `end` None while it lasts."""

    name: str
    source: str
    start: float
    end: float | None
    text: str
    role: str
    late: bool = False
    aside: bool = False
    """No part of the way, and far longer than it: named beside the axis."""


class Sibling(Struct, frozen=True):
    """Another pod of the same decision; stages as (role, start, end) in seconds from the batch's first creation."""

    key: str
    bound: float | None
    node: str
    stages: tuple[tuple[str, float, float], ...]


class Usual(Struct, frozen=True):
    """One stage against the others this karptui has seen: seconds."""

    stage: str
    p50: float
    p95: float
    this: float | None


class PodTimelineView(Struct, frozen=True):
    """One pod's way. `length` is the span of the axis in seconds; `refused` is why it fits nowhere while it does."""

    key: str
    facts: str
    summary: str
    bars: list[Bar]
    length: float
    siblings: list[Sibling]
    usual: list[Usual]
    decision: str
    sentence: str
    refused: str = ""


def pod_timeline(world: World, key: str, now: float) -> PodTimelineView | None:
    """The timeline of one pod, or None for a pod nobody has seen."""
    pod: Pod | None = world.of("pods").get(key)
    timeline = world.pod_timelines.get(key)
    if timeline is None and pod is not None:
        timeline = _from_conditions(pod)
    if timeline is None:
        return None
    claim = _claim_of(world, timeline)
    refused = _refused(world, timeline)
    decision = timeline.decision or (_refusal(world, key) if refused else "")
    bars = _bars(timeline, claim, now, refused)
    ends = [bar.end if bar.end is not None else now - timeline.created for bar in bars]
    siblings = _siblings(world, decision, now)
    usual = _usual(world, timeline, claim)
    return PodTimelineView(
        key=key,
        facts=_facts(pod),
        summary=_summary(timeline, now),
        bars=marked_late(bars, usual),
        length=max([*ends, 1.0]),
        siblings=siblings,
        usual=usual,
        decision=decision,
        sentence=f"fits nowhere: {refused}" if refused else _sentence(bars, timeline, now),
        refused=refused,
    )


def _refused(world: World, timeline: PodTimeline) -> str:
    """Why a pod that waits fits nowhere, as the last preview has it; "" for any other."""
    if timeline.bound is not None or world.preview is None:
        return ""
    failure = world.preview.plan.errors.get(timeline.key)
    return failure_sentence(failure) if failure is not None else ""


def _refusal(world: World, key: str) -> str:
    """The newest decision that found no place for a pod."""
    newest = reversed(world.decisions.values())
    return next((made.id for made in newest if made.kind is DecisionKind.REFUSE and key in made.pods), "")


def _from_conditions(pod: Pod) -> PodTimeline:
    found = PodTimeline(key=pod.key, uid=pod.metadata.uid, created=pod.metadata.created)
    follow_pod(found, pod, pod.metadata.created, live=False)
    return found


def _claim_of(world: World, timeline: PodTimeline) -> ClaimTimeline | None:
    if (found := world.claim_timelines.get(timeline.target)) is not None:
        return found
    for claim in world.of("nodeclaims").values():
        if timeline.node and claim.node_name == timeline.node:
            return world.claim_timelines.get(claim.key)
    return None


def _bars(timeline: PodTimeline, claim: ClaimTimeline | None, now: float, refused: str = "") -> list[Bar]:
    zero = timeline.created
    bars: list[Bar] = []

    def bar(name: str, source: str, start: float | None, end: float | None, text: str, role: str) -> None:
        """A stage from `start` to `end`; one that has begun and not ended lasts until now."""
        if start is None:
            return
        until = None if end is None else max(end, start) - zero
        bars.append(Bar(name, source, max(start - zero, 0.0), until, text, role))

    gave_up = timeline.unschedulable
    if gave_up is not None:
        bar("unschedulable seen", "pod", zero, gave_up, timeline.scheduler_message, "pending")
        # Where the decision was somebody else's, the NodeClaim that came of it tells when it was made.
        made = claim.created if claim is not None and claim.created >= gave_up else None
        decided = timeline.decided or made or timeline.bound
        if refused and decided is None:
            bar("fits nowhere", "karptui", gave_up, None, "", "bad")
        else:
            bar("batching, deciding", "karptui", gave_up, decided, timeline.decision, "pending")
    waited_for_claim = claim is not None and timeline.decided is not None and claim.created >= zero
    came_up = claim is not None and (claim.initialized is None or claim.initialized >= zero)
    if claim is not None and came_up and (timeline.bound is None or claim.created <= timeline.bound):
        begin = max(timeline.decided or claim.created, zero) if waited_for_claim else max(claim.created, zero)
        bar("claim → EC2 launched", "claim", begin, claim.launched, claim.name, "launching")
        bar("launched → registered", "claim", claim.launched, claim.registered, "boot", "booting")
        bar("registered → ready", "node", claim.registered, claim.initialized, "startup taints, kubelet", "starting")
        bar("ready → bound", "pod", claim.initialized, timeline.bound, "kube-scheduler", "ready")
    elif timeline.decided is not None:
        bar("decided → bound", "pod", timeline.decided, timeline.bound, f"room on {timeline.target}", "ready")
    elif gave_up is None:
        bar("scheduling", "pod", zero, timeline.bound, timeline.node, "pending")
    if timeline.bound is not None:
        pulled_from = timeline.pulling or timeline.bound
        if timeline.pulled is not None:
            bar("image pull", "event", pulled_from, timeline.pulled, "", "starting")
        bar("start → ready", "pod", timeline.pulled or timeline.bound, timeline.ready, "", "ready")
    return [entry for entry in bars if entry.start <= now - zero]


def _siblings(world: World, made: str, now: float) -> list[Sibling]:
    decision = world.decisions.get(made)
    if decision is None:
        return []
    found = [entry for key in decision.pods if (entry := world.pod_timelines.get(key)) is not None]
    zero = min((entry.created for entry in found), default=now)
    rows = []
    for entry in found:
        offset = entry.created - zero
        stages = tuple(
            (bar.role, offset + bar.start, offset + (bar.end if bar.end is not None else now - entry.created))
            for bar in _bars(entry, _claim_of(world, entry), now, _refused(world, entry))
        )
        rows.append(Sibling(entry.key, entry.pending_seconds, entry.node, stages))
    return rows


_COMPARED = (
    ("launch", "created", "launched"),
    ("boot", "launched", "registered"),
    ("taints", "registered", "initialized"),
)


def claim_usual(world: World, claim: ClaimTimeline | None) -> list[Usual]:
    """A NodeClaim's stages against those of every NodeClaim seen here."""
    rows: list[Usual] = []
    for name, start, end in _COMPARED:
        times = [
            getattr(entry, end) - getattr(entry, start)
            for entry in world.claim_timelines.values()
            if getattr(entry, start) is not None and getattr(entry, end) is not None
        ]
        this = None
        if claim is not None and getattr(claim, start) is not None and getattr(claim, end) is not None:
            this = getattr(claim, end) - getattr(claim, start)
        _add_usual(rows, name, times, this)
    return rows


def _usual(world: World, timeline: PodTimeline, claim: ClaimTimeline | None) -> list[Usual]:
    rows = claim_usual(world, claim)
    _add_usual(rows, "to bound", list(world.bound_seconds), timeline.pending_seconds)
    return rows


def _add_usual(rows: list[Usual], name: str, times: list[float], this: float | None) -> None:
    if times:
        ordered = sorted(times)
        rows.append(Usual(name, median(ordered), ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)], this))


def marked_late(bars: list[Bar], usual: list[Usual]) -> list[Bar]:
    """The bars, with those marked that took longer than usual."""
    names = {
        "launch": ("claim → EC2 launched", "created → launched"),
        "boot": ("launched → registered",),
        "taints": ("registered → ready",),
    }
    # A stage is late when it took a fifth longer than the median of what was seen here.
    late = {name for row in usual if row.this and row.this > 1.2 * row.p50 for name in names.get(row.stage, ())}
    return [replace(bar, late=bar.name in late) for bar in bars]


def _facts(pod: Pod | None) -> str:
    if pod is None:
        return "the pod is gone"
    asked = " ".join(f"{human(amount, name)} {name}" for name, amount in pod.requests.items() if name != "pods")
    owner = pod.metadata.controller()
    whose = f"from {owner.kind.lower()}/{owner.name}   " if owner is not None else ""
    return f"{whose}requests {asked or 'nothing'}"


def _summary(timeline: PodTimeline, now: float) -> str:
    if timeline.bound is None:
        if timeline.gone is not None:
            return f"gone after {duration(timeline.gone - timeline.created)}, never bound"
        return f"pending for {duration(now - timeline.created)}"
    words = f"bound after {duration(timeline.bound - timeline.created)}"
    return f"{words}, ready after {duration(timeline.ready - timeline.created)}" if timeline.ready else words


def _sentence(bars: list[Bar], timeline: PodTimeline, now: float) -> str:
    if not bars:
        return f"nothing has happened to {timeline.key} yet"
    lengths = [(bar.end if bar.end is not None else now - timeline.created) - bar.start for bar in bars]
    longest = max(range(len(bars)), key=lambda index: lengths[index])
    whole = sum(lengths) or 1.0
    share = f"{lengths[longest] / whole * 100:.0f}%"
    return f"{share} of the time is {bars[longest].name} ({duration(lengths[longest])})"
