"""Every node by itself: whether it can go, and if not what holds it and what that costs.

Karpenter stops at the first command, and gives up after some minutes. This looks at all nodes whatever comes of the
others, so it also finds what Karpenter never gets to see.
"""

from msgspec.structs import replace

from karptui.engine.disruption.budgets import DRIFTED, EMPTY, next_opening
from karptui.engine.disruption.candidates import Candidate, Situation, unconsolidatable
from karptui.engine.disruption.conditions import consolidatable_since
from karptui.engine.disruption.consolidation import Consolidation, command_of
from karptui.engine.disruption.drift import drift_of
from karptui.engine.disruption.emptiness import METHOD as EMPTINESS
from karptui.engine.disruption.emptiness import empty_nodes
from karptui.engine.disruption.single_node import outcomes
from karptui.engine.provisioning import NOT_SYNCED
from karptui.engine.provisioning.simulation import Simulation
from karptui.engine.provisioning.state_nodes import unlaunched_claim
from karptui.model.disruption import Command, Held, Hold, Survey
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import is_true
from karptui.model.snapshot import Snapshot

LOOKED_AHEAD = 7 * 86400.0
"""Seconds within which a budget's next opening is looked for."""

FREEABLE = frozenset(
    {Hold.PDB, Hold.SEVERAL_PDBS, Hold.POD_DO_NOT_DISRUPT, Hold.DO_NOT_DISRUPT, Hold.NOT_CONSOLIDATABLE, Hold.BUDGET}
)
"""What somebody could lift, or what ends by itself; for these it is worth knowing what the node would save."""


def survey(snapshot: Snapshot) -> Survey:
    """All nodes of a Snapshot: pure, and the same for equal ones."""
    return survey_in(Situation(Simulation(snapshot)))


def survey_in(situation: Situation) -> Survey:
    """As `survey`, in a situation that is known already."""
    snapshot = situation.snapshot
    if unlaunched_claim(snapshot) is not None:
        return Survey({}, NOT_SYNCED)
    found: dict[str, Command | Held] = dict(situation.blocked)
    for outcome in _outcomes(situation):
        found[outcome.nodes[0] if isinstance(outcome, Command) else outcome.node] = outcome
    held = [entry for entry in found.values() if isinstance(entry, Held)]
    savings = _once_free(snapshot, {entry.node for entry in held if entry.code in FREEABLE})
    openings: dict[tuple[str, str], float | None] = {}
    for entry in held:
        timed = _until(entry, situation, openings)
        found[entry.node] = replace(timed, saves=savings.get(entry.node, 0.0))
    return Survey({name: found[name] for name in sorted(found)})


def blocked_savings(snapshot: Snapshot, looked_at: Survey) -> dict[str, float]:
    """USD an hour that each object keeps from being saved, the most first: PodDisruptionBudgets, workloads, nodes."""
    sums: dict[str, float] = {}
    for entry in looked_at.nodes.values():
        if isinstance(entry, Held) and entry.saves > 0:
            holder = held_by(snapshot, entry)
            if holder:
                sums[holder] = sums.get(holder, 0.0) + entry.saves
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def held_by(snapshot: Snapshot, held: Held) -> str:
    """The object that somebody would have to change for a node to go, as `Kind namespace/name`; "" if there is none."""
    if held.code in (Hold.PDB, Hold.SEVERAL_PDBS):
        return f"PodDisruptionBudget {held.objects[0]}"
    if held.code is Hold.DO_NOT_DISRUPT:
        return f"Node {held.node}"
    if held.code in (Hold.BUDGET, Hold.ONLY_WHEN_EMPTY, Hold.CONSOLIDATION_NEVER, Hold.NOT_CONSOLIDATABLE):
        return f"NodePool {held.objects[0]}"
    if held.code is Hold.POD_DO_NOT_DISRUPT:
        pod = snapshot.pods.get(held.objects[0])  # it may be gone since it was looked at
        owner = pod.metadata.controller() if pod is not None else None
        if pod is None or owner is None:
            return f"Pod {held.objects[0]}"
        return f"{owner.kind} {pod.metadata.namespace}/{owner.name}"
    return ""


def _outcomes(situation: Situation) -> list[Command | Held]:
    found: list[Command | Held] = []
    left: list[Candidate] = []
    by_drift: set[str] = set()
    empty = {candidate.name for candidate in empty_nodes(situation)}
    for candidate in situation.drift_candidates.values():
        closed = {reason: situation.allowed(candidate.pool, reason) <= 0 for reason in (EMPTY, DRIFTED)}
        refusal = unconsolidatable(candidate)
        if candidate.name in empty:
            found.append(
                Held(candidate.name, Hold.BUDGET, (candidate.pool.key,), EMPTY)
                if closed[EMPTY]
                else command_of(situation, (candidate,), None, (), EMPTINESS, EMPTY)
            )
            continue
        drifted = is_true(candidate.claim.conditions, "Drifted") and not candidate.is_static
        if drifted:
            budget = Held(candidate.name, Hold.BUDGET, (candidate.pool.key,), DRIFTED)
            outcome = budget if closed[DRIFTED] else drift_of(situation, candidate)
            found.append(outcome)
            if isinstance(outcome, Command):
                continue
            by_drift.add(candidate.name)
        if candidate.name not in situation.candidates:
            continue
        if refusal is None and not situation.only_for_emptiness(candidate):
            left.append(candidate)
        elif not drifted:
            found.append(refusal or Held(candidate.name, Hold.NOT_CONSOLIDATABLE, (candidate.pool.key,)))
    alone = outcomes(situation, left, Consolidation(situation))
    # What holds a node that has drifted is what holds it from drift, unless it can go for another reason.
    return found + [entry for entry in alone if isinstance(entry, Command) or entry.node not in by_drift]


def _once_free(snapshot: Snapshot, names: set[str]) -> dict[str, float]:
    """What each of these nodes would save if nobody held it."""
    if not names:
        return {}
    pods = dict(snapshot.pods)
    for key, pod in snapshot.pods.items():
        if DO_NOT_DISRUPT in pod.metadata.annotations:
            annotations = {name: text for name, text in pod.metadata.annotations.items() if name != DO_NOT_DISRUPT}
            pods[key] = replace(pod, metadata=replace(pod.metadata, annotations=annotations))
    situation = Situation(Simulation(replace(snapshot, pods=pods, budgets={})))
    consolidation = Consolidation(situation)
    savings: dict[str, float] = {}
    for name in names:
        candidate = situation.candidates.get(name) or situation.imagined(name)
        if candidate is None or candidate.is_static:
            continue
        if candidate.empty:
            savings[name] = candidate.price
            continue
        move = consolidation.move((candidate,))
        if not isinstance(move, Held):
            command = consolidation.command(move, "", "")
            savings[name] = max(0.0, command.price_before - command.price_after)
    return savings


def _until(held: Held, situation: Situation, openings: dict[tuple[str, str], float | None]) -> Held:
    """With the time at which what holds a node ends by itself."""
    now = situation.snapshot.now
    if held.code is Hold.NOT_CONSOLIDATABLE:
        candidate = situation.candidates.get(held.node)
        since = consolidatable_since(candidate.claim, candidate.pool) if candidate is not None else None
        return replace(held, until=since) if since is not None and since > now else held
    if held.code is Hold.BUDGET:
        key = (held.objects[0], held.detail)
        if key not in openings:
            pool = situation.snapshot.node_pools[key[0]]
            openings[key] = next_opening(pool, key[1], situation.fleet(key[0]), now, LOOKED_AHEAD)
        return replace(held, until=openings[key])
    return held
