"""What each pending pod waits for, and how long that will take."""

from bisect import bisect_left, insort
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain import failure_sentence
from karptui.model.decision import Plan, PlannedClaim, PodFailure
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod
from karptui.views.kept.claims import KeptClaims
from karptui.views.kept.keys import Keys
from karptui.views.stage import created_at, stage_of
from karptui.views.wording import duration, plural, short_capacity_type, short_node, short_zone
from karptui.world import events
from karptui.world.world import World

MOST_WORKLOADS = 3  # named one by one before only what all names share is shown
LONG_READY = 60.0  # seconds after which a node counts as one that runs, not as one that has just come
ROOM = "room"  # the key of what waits for nodes that run


class Waiting(Struct, frozen=True):
    """Pods that wait for the same thing. `blocked`: nothing is under way for them. `claim`: the one they wait for."""

    key: str
    pods: tuple[str, ...]
    text: str
    role: str
    blocked: bool = False
    claim: str = ""
    eta: float | None = None


def waiting(world: World, now: float) -> list[Waiting]:
    """Every pending pod, grouped by what it waits for: blocked groups first, larger ones first, pods sorted by key."""
    return KeptWaiting().read(world, now, KeptClaims().read(world))


class KeptWaiting:
    """`waiting`, where only pods that changed are asked again what they wait for."""

    def __init__(self) -> None:
        self.pods = Keys()
        self._preview: events.PlanPreviewed | None = None
        self._nominated: dict[str, str] = {}
        self._planned: dict[str, PlannedClaim] = {}
        self._claims: set[str] = set()
        self._reasons: dict[str, tuple[str, object]] = {}
        self._groups: dict[tuple[str, object], list[str]] = {}
        self._fixed: dict[tuple[str, object], Waiting] = {}

    def read(self, world: World, now: float, claims: KeptClaims) -> list[Waiting]:
        """As `waiting`; `claims` up to date."""
        self._look(world, claims)
        entries: dict[str, Waiting] = {}
        members: dict[str, list[str]] = {}
        for reason, pods in self._groups.items():
            entry = self._entry(world, reason, pods[0], now, claims)
            first = entries.setdefault(entry.key, entry)
            if first is entry:
                members[entry.key] = pods
            else:  # a NodeClaim and its node are the same to wait for, and nodes that run are told together
                members[entry.key] = sorted([*members[entry.key], *pods])
                if first.text != entry.text:
                    entries[entry.key] = replace(first, text="the scheduler: there is room")
        found = [replace(entry, pods=tuple(members[key])) for key, entry in entries.items()]
        return sorted(found, key=lambda row: (not row.blocked, -len(row.pods), row.key))

    def _look(self, world: World, claims: KeptClaims) -> None:
        """Bring `_groups` up to date: the pods of each reason, sorted."""
        if world.preview is not self._preview:
            self._preview = world.preview
            plan = world.preview.plan if world.preview is not None else Plan()
            self._nominated = {pod: name for name, pods in plan.existing.items() for pod in pods}
            self._planned = {pod: claim for claim in plan.claims for pod in claim.pods}
            self._fixed.clear()
            self.pods.add_all()
        if moved := self._claims ^ claims.staying:  # nobody waits for one that is on its way out
            self._claims ^= moved
            for key in world.pending:
                timeline = world.pod_timelines.get(key)
                if timeline is not None and timeline.target in moved:
                    self.pods.add(key)
        if self.pods:
            for key in sorted(self.pods.taken(world.pending, self._reasons)):
                self._place(world, key)

    def _place(self, world: World, key: str) -> None:
        """Put a pod where it belongs now."""
        pod = world.pending.get(key)
        before = self._reasons.pop(key, None)
        reason = self._reason(world, key, pod) if pod is not None else None
        if reason is not None:
            self._reasons[key] = reason
        if reason == before:
            return
        if before is not None:
            group = self._groups[before]
            del group[bisect_left(group, key)]
            if not group:
                del self._groups[before]
        if reason is not None:
            insort(self._groups.setdefault(reason, []), key)

    def _reason(self, world: World, key: str, pod: Pod) -> tuple[str, object]:
        plan = self._preview.plan if self._preview is not None else Plan()
        target = self._nominated.get(key) or ""
        if not target and key not in plan.errors and key not in plan.ignored:
            timeline = world.pod_timelines.get(key)
            named = timeline.target if timeline is not None else ""
            if named in self._claims and (key not in self._planned or self._made_since(world, named)):
                target = named
        if target:
            return "target", target
        if (claim := self._planned.get(key)) is not None:
            return "plan", id(claim)
        if (failure := plan.errors.get(key)) is not None:
            return "failure", id(failure)
        if (why := plan.ignored.get(key)) is not None:
            return "ignored", why
        if pod.spec.scheduling_gates:
            return "gate", pod.spec.scheduling_gates
        if pod.nominated_node:
            return "preempt", pod.nominated_node
        if not pod.provisionable:
            return "scheduler", ""
        return ("deferred" if plan.deferred else "undecided"), ""

    def _made_since(self, world: World, claim: str) -> bool:
        """Whether a NodeClaim is younger than the preview, which then speaks of it as one that is to be made."""
        held = world.of("nodeclaims").get(claim)
        return held is not None and self._preview is not None and held.metadata.created >= int(self._preview.at)

    def _entry(self, world: World, reason: tuple[str, object], first: str, now: float, claims: KeptClaims) -> Waiting:
        if reason[0] == "target":
            return _for_target(world, str(reason[1]), now, claims)
        known = self._fixed.get(reason)  # what stays as it is until the next preview
        if known is None:
            known = self._fixed[reason] = self._fixed_entry(world, reason, first)
        return known

    def _fixed_entry(self, world: World, reason: tuple[str, object], first: str) -> Waiting:
        match reason:
            case "plan", _:
                return _for_plan(self._planned[first])
            case "failure", _ if self._preview is not None:
                return _for_failure(self._preview.plan.errors[first])
            case "ignored", why:
                return Waiting(f"ignored {why}", (), str(why), "bad", blocked=True)
            case "deferred", _:
                return _for_launch(world)
            case _:
                return _for_scheduler(world.pending[first])


def _for_launch(world: World) -> Waiting:
    """No round begins while a NodeClaim has no instance (spec/scheduling.md 2.5)."""
    launching = sorted(claim.key for claim in world.of("nodeclaims").values() if not claim.provider_id)
    if not launching:
        return Waiting("deferred", (), "the next round", "pending")
    more = f" and {len(launching) - 1:,} more" if len(launching) > 1 else ""
    return Waiting("deferred", (), f"{launching[0]}{more} to get an instance: no round begins before", "pending")


def _for_plan(claim: PlannedClaim) -> Waiting:
    type_ = claim.instance_types[0] if claim.instance_types else "no type"
    what = f"{type_} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)}".rstrip()
    name = f"plan {claim.node_pool} {claim.pods[0]}"
    return Waiting(name, (), f"a new {what} for {claim.node_pool}", "pending")


def _for_failure(failure: PodFailure) -> Waiting:
    words = failure_sentence(failure)
    return Waiting(f"blocked {words}", (), words, "bad", blocked=True)


def _for_target(world: World, name: str, now: float, claims: KeptClaims) -> Waiting:
    held = world.of("nodeclaims")
    node = world.of("nodes").get(name)
    made = world.claim_of_provider_id.get(node.provider_id, "") if node is not None else ""
    claim: NodeClaim | None = held.get(name) or held.get(claims.of_node(name)) or held.get(made)
    if claim is None:
        return Waiting(ROOM, (), f"{short_node(name)} has room, binds next", "ready")
    timeline = world.claim_timelines.get(claim.key)
    stage = stage_of(claim, timeline)
    if stage.name == "ready" and now - stage.since >= LONG_READY:
        return Waiting(ROOM, (), f"{short_node(claim.node_name)} has room, binds next", "ready")
    usual = claims.usual_seconds(claim.node_pool)
    eta = None if usual is None else max(usual - (now - created_at(claim, timeline)), 0.0)
    words = {
        "launching": "EC2 is launching it",
        "CreateFleet": "EC2 is launching it",
        "booting": "boots",
        "starting": "initializes",
        "ready": "is ready, binds next",
    }.get(stage.name, stage.name)
    left = f", ~{duration(eta)} left" if eta and stage.name != "ready" else ""
    return Waiting(f"claim {claim.key}", (), f"{claim.key} {words}{left}", stage.role, claim=claim.key, eta=eta)


def _for_scheduler(pod: Pod) -> Waiting:
    if pod.spec.scheduling_gates:
        gates = ", ".join(pod.spec.scheduling_gates)
        return Waiting(f"gate {gates}", (), f"scheduling gate {gates}", "warn", blocked=True)
    if pod.nominated_node:
        return Waiting(f"preempt {pod.nominated_node}", (), f"preemption on {pod.nominated_node}", "pending")
    if pod.provisionable:
        return Waiting("undecided", (), "the batching window to close", "pending")
    return Waiting("scheduler", (), "the kube-scheduler's next look", "pending")


@lru_cache(maxsize=256)
def pods_text(pods: tuple[str, ...]) -> str:
    """One name, the common beginning (`payments/ledger-*`), or that of up to three workloads."""
    if len(pods) == 1:
        return pods[0]
    workloads: dict[str, list[str]] = {}
    for pod in sorted(pods):
        workloads.setdefault(pod.rpartition("-")[0] or pod, []).append(pod)
    if 1 < len(workloads) <= MOST_WORKLOADS:
        return ", ".join(f"{name}-*" if len(group) > 1 else group[0] for name, group in workloads.items())
    first, last = min(pods), max(pods)
    common = 0
    while common < min(len(first), len(last)) and first[common] == last[common]:
        common += 1
    return f"{first[:common]}*" if common > 3 else plural(len(pods), "pod")
