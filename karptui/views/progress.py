"""Where a NodeClaim stands on its way, how long that usually takes, and what each pending pod waits for."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain import failure_sentence
from karptui.model.decision import Plan, PlannedClaim, PodFailure
from karptui.model.metadata import condition
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod
from karptui.views.wording import duration, plural, short_capacity_type, short_zone
from karptui.world.timeline import ClaimTimeline
from karptui.world.world import World

MOST_WORKLOADS = 3  # named one by one before only what all names share is shown


class Stage(Struct, frozen=True):
    """What a NodeClaim is at. `role` names the stage for a theme; `since` is when it began (epoch seconds)."""

    name: str
    role: str
    since: float


class Waiting(Struct, frozen=True):
    """Pods that wait for the same thing. `blocked`: nothing is under way for them. `claim`: the one they wait for."""

    key: str
    pods: tuple[str, ...]
    text: str
    role: str
    blocked: bool = False
    claim: str = ""
    eta: float | None = None


def stage_of(claim: NodeClaim, timeline: ClaimTimeline | None) -> Stage:
    """The stage a NodeClaim is in, from its conditions; times from its timeline where karptui saw them."""
    created = created_at(claim, timeline)
    if claim.metadata.deleted is not None:
        ending = condition(claim.conditions, "InstanceTerminating")
        if ending is not None and ending.status == "True":
            return Stage("terminating", "draining", ending.changed)
        return Stage("draining", "draining", claim.metadata.deleted)
    reached = {entry.type: entry.changed for entry in claim.conditions if entry.status == "True"}
    if timeline is not None:
        for type_ in ("Launched", "Registered", "Initialized"):
            reached[type_] = getattr(timeline, type_.lower()) or reached.get(type_, 0.0)
        reached = {type_: at for type_, at in reached.items() if at}
    if "Initialized" in reached:
        return Stage("ready", "ready", reached["Initialized"])
    if "Registered" in reached:
        return Stage("starting", "starting", reached["Registered"])
    if "Launched" in reached:
        return Stage("booting", "booting", reached["Launched"])
    if timeline is not None and timeline.fleet_called is not None:
        return Stage("CreateFleet", "launching", timeline.fleet_called)
    return Stage("launching", "launching", created)


def created_at(claim: NodeClaim, timeline: ClaimTimeline | None) -> float:
    """When it was created, to the fraction of a second where that was seen."""
    return timeline.created if timeline is not None else claim.metadata.created


def usual_seconds(world: World, node_pool: str) -> float | None:
    """Median seconds from creation to Initialized over this pool's NodeClaims (any pool's if it has none yet)."""
    done = [entry for entry in world.claim_timelines.values() if entry.initialized is not None]
    own = [entry for entry in done if entry.node_pool == node_pool] or done
    times = sorted((entry.initialized or 0.0) - entry.created for entry in own)
    return times[len(times) // 2] if times else None


def waiting(world: World, now: float) -> list[Waiting]:
    """Every pending pod, grouped by what it waits for: blocked ones last, larger groups first."""
    plan = world.preview.plan if world.preview is not None else Plan()
    nominated = {pod: name for name, pods in plan.existing.items() for pod in pods}
    planned = {pod: claim for claim in plan.claims for pod in claim.pods}
    entries: dict[tuple[str, object], Waiting] = {}  # worked out once for all pods that wait for the same
    groups: dict[str, list[str]] = {}
    found: dict[str, Waiting] = {}

    def same(kind: str, what: object, entry: Callable[[], Waiting]) -> Waiting:
        known = entries.get((kind, what))
        if known is None:
            known = entries[kind, what] = entry()
        return known

    for key, pod in world.pending.items():
        target = nominated.get(key) or ""
        if not target and key not in planned and key not in plan.errors and key not in plan.ignored:
            target = _decided_target(world, key)
        if target:
            entry = same("target", target, lambda name=target: _for_target(world, name, now))
        elif (claim := planned.get(key)) is not None:
            entry = same("plan", id(claim), lambda claim=claim: _for_plan(claim))
        elif (failure := plan.errors.get(key)) is not None:
            entry = same("failure", id(failure), lambda failure=failure: _for_failure(failure))
        elif (why := plan.ignored.get(key)) is not None:
            entry = Waiting(f"ignored {why}", (), why, "bad", blocked=True)
        else:
            entry = _for_scheduler(pod)
        found.setdefault(entry.key, entry)
        groups.setdefault(entry.key, []).append(key)
    rows = [replace(entry, pods=tuple(groups[key])) for key, entry in found.items()]
    return sorted(rows, key=lambda row: (row.blocked, -len(row.pods), row.key))


def _decided_target(world: World, pod: str) -> str:
    """The NodeClaim that was made for a pod and is still there, or ""."""
    timeline = world.pod_timelines.get(pod)
    return timeline.target if timeline is not None and timeline.target in world.of("nodeclaims") else ""


def _for_plan(claim: PlannedClaim) -> Waiting:
    type_ = claim.instance_types[0] if claim.instance_types else "no type"
    what = f"{type_} {short_capacity_type(claim.capacity_type)} {short_zone(claim.zone)}".rstrip()
    name = f"plan {claim.node_pool} {claim.pods[0]}"
    return Waiting(name, (), f"{claim.node_pool}: a new {what}, being decided", "pending")


def _for_failure(failure: PodFailure) -> Waiting:
    words = failure_sentence(failure)
    return Waiting(f"blocked {words}", (), words, "bad", blocked=True)


def _for_target(world: World, name: str, now: float) -> Waiting:
    claim = world.of("nodeclaims").get(name)
    if claim is None:
        claim = next((entry for entry in world.of("nodeclaims").values() if entry.node_name == name), None)
    if claim is None:
        return Waiting(f"node {name}", (), f"{name} has room: the kube-scheduler binds next", "ready")
    timeline = world.claim_timelines.get(claim.key)
    stage = stage_of(claim, timeline)
    usual = usual_seconds(world, claim.node_pool)
    eta = None if usual is None else max(usual - (now - created_at(claim, timeline)), 0.0)
    words = {
        "launching": "EC2 is launching it",
        "CreateFleet": "EC2 is launching it",
        "booting": "boots",
        "starting": "registered, not initialized yet",
        "ready": "is ready: the kube-scheduler binds next",
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
    return Waiting("scheduler", (), "the kube-scheduler to look at them", "pending")


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
