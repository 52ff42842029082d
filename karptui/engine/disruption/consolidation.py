"""Emptiness and single-node consolidation (spec/lifecycle.md 4.1, 4.6), by asking the provisioning engine what if."""

from msgspec.structs import replace

from karptui.engine.disruption.budgets import allowed, has_schedules
from karptui.engine.disruption.candidates import Candidate, candidates
from karptui.engine.provisioning import plan
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command, Disruption, Held, Hold
from karptui.model.labels import ON_DEMAND, SPOT
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot

EMPTY = "Empty"
UNDERUTILIZED = "Underutilized"
NOT_MODELLED = ("drift", "multi-node consolidation", "expiry")


def disrupt(snapshot: Snapshot) -> Disruption:
    """One pass: emptiness first, then one node at a time. Nothing is done for a node whose pods would fit nowhere."""
    found, held = candidates(snapshot)
    missing = NOT_MODELLED + (("budget schedules",) if has_schedules(snapshot) else ())
    ready: list[Candidate] = []
    for entry in found:
        reason = _not_consolidatable(entry)
        if reason is None:
            ready.append(entry)
        else:
            held.append(reason)
    command = _empty(snapshot, ready, held) or _single(snapshot, ready, held)
    return Disruption(command, tuple(held), missing)


def _not_consolidatable(entry: Candidate) -> Held | None:
    if entry.pool.consolidate_after is None:
        return Held(entry.node.key, Hold.POLICY, "consolidateAfter Never")
    if not is_true(entry.claim.conditions, "Consolidatable"):
        return Held(entry.node.key, Hold.NOT_CONSOLIDATABLE, f"{entry.pool.consolidate_after:.0f}")
    return None


def _empty(snapshot: Snapshot, ready: list[Candidate], held: list[Held]) -> Command | None:
    left: dict[str, int] = {}
    going: list[Candidate] = []
    for entry in ready:
        if not entry.empty:
            continue
        free = left.setdefault(entry.pool.key, allowed(snapshot, entry.pool, EMPTY))
        if free <= 0:
            held.append(Held(entry.node.key, Hold.BUDGET, EMPTY))
            continue
        left[entry.pool.key] = free - 1
        going.append(entry)
    if not going:
        return None
    nodes = tuple(sorted(entry.node.key for entry in going))
    pods = tuple(sorted(pod.key for entry in going for pod in entry.pods))
    return Command("emptiness", EMPTY, nodes, pods, None, sum(entry.price for entry in going), 0.0)


def _single(snapshot: Snapshot, ready: list[Candidate], held: list[Held]) -> Command | None:
    for entry in ready:
        if entry.empty:
            continue
        if entry.pool.consolidation_policy == "WhenEmpty":
            held.append(Held(entry.node.key, Hold.POLICY, "WhenEmpty"))
        elif allowed(snapshot, entry.pool, UNDERUTILIZED) <= 0:
            held.append(Held(entry.node.key, Hold.BUDGET, UNDERUTILIZED))
        else:
            command = _without(snapshot, entry)
            if isinstance(command, Command):
                return command
            held.append(command)
    return None


def _without(snapshot: Snapshot, entry: Candidate) -> Command | Held:
    """What becomes of the pods of one node if it goes."""
    name = entry.node.key
    imagined = replace(snapshot, marked_for_deletion=snapshot.marked_for_deletion | {name})
    answer = plan(imagined)
    pods = tuple(sorted(pod.key for pod in entry.pods))
    stranded = [key for key in pods if key in answer.errors]
    if stranded:
        return Held(name, Hold.PODS_FIT_NOWHERE, stranded[0])
    wanted = set(pods)
    new = [claim for claim in answer.claims if wanted & set(claim.pods)]
    if not new:
        return Command("single-node", UNDERUTILIZED, (name,), pods, None, entry.price, 0.0)
    if len(new) > 1:
        return Held(name, Hold.NEEDS_SEVERAL, str(len(new)))
    return _replacement(snapshot, entry, new[0], pods)


def _replacement(snapshot: Snapshot, entry: Candidate, claim: PlannedClaim, pods: tuple[str, ...]) -> Command | Held:
    name = entry.node.key
    if entry.price <= 0:
        return Held(name, Hold.UNPRICED)
    if entry.node.capacity_type == SPOT and not snapshot.options.gate("SpotToSpotConsolidation"):
        return Held(name, Hold.SPOT_TO_SPOT)
    cheaper = _cheaper_types(snapshot, claim, entry.price)
    if not cheaper:
        return Held(name, Hold.NOT_CHEAPER, f"{claim.price:.4f}")
    trimmed = replace(claim, instance_types=cheaper)
    return Command("single-node", UNDERUTILIZED, (name,), pods, trimmed, entry.price, claim.price)


def _cheaper_types(snapshot: Snapshot, claim: PlannedClaim, price: float) -> tuple[str, ...]:
    """The claim's types that have an offering below the price of the node they would replace."""
    kinds = {claim.capacity_type} if claim.capacity_type else {SPOT, ON_DEMAND}
    below = {
        type_.name
        for type_ in snapshot.catalogue.types
        if any(
            offering.available and offering.price < price and offering.capacity_type in kinds
            for offering in type_.offerings
        )
    }
    return tuple(name for name in claim.instance_types if name in below)
