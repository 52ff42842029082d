"""Drift carried out: one node that no longer is as its NodePool would have it (spec/lifecycle.md 4.3)."""

from karptui.engine.disruption.budgets import DRIFTED
from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.consolidation import command_of, stranding
from karptui.engine.disruption.ranking import longest_drifted
from karptui.engine.provisioning.pools import SIMULATION_KEYS, template_requirements
from karptui.engine.provisioning.state_nodes import NODES
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command, Held, Hold
from karptui.model.metadata import is_true
from karptui.model.nodepool import NodePool
from karptui.model.quantity import NANO

METHOD = "drift"
STATIC_METHOD = "static-drift"


def drift(situation: Situation, held: dict[str, Held]) -> Command | None:
    """One node of a pool without a fixed size, with as many replacements as its pods need."""
    drifted = [candidate for candidate in _drifted(situation) if not candidate.is_static]
    for candidate in longest_drifted(drifted, situation.favour):
        pool, name = candidate.pool, candidate.name
        if situation.allowed(pool, DRIFTED) <= 0:
            held[name] = Held(name, Hold.BUDGET, (pool.key,), DRIFTED)
            continue
        outcome = drift_of(situation, candidate)
        if isinstance(outcome, Command):
            return outcome
        held[name] = outcome
    return None


def drift_of(situation: Situation, candidate: Candidate) -> Command | Held:
    """What becomes of one node that has drifted."""
    simulated = situation.simulation.without((candidate.name,), shield=False)
    refusal = stranding(candidate.name, simulated)
    if refusal is not None:
        return refusal
    assert simulated is not None, "no pools is a refusal"
    return command_of(situation, (candidate,), simulated, simulated.claims, METHOD, DRIFTED)


def static_drift(situation: Situation, held: dict[str, Held]) -> list[Command]:
    """One command for every node of a pool of fixed size that may go: each is replaced by one like it."""
    by_pool: dict[str, list[Candidate]] = {}
    for candidate in _drifted(situation):
        if candidate.is_static:
            by_pool.setdefault(candidate.pool.key, []).append(candidate)
    commands: list[Command] = []
    for candidates in by_pool.values():
        pool = candidates[0].pool
        # The count of a pool of fixed size goes by what NodeClaims say, whatever has become of the labels of Nodes.
        claimed = [state for state in situation.simulation.nodes if state.claim is not None]
        members = [state for state in claimed if state.claim and state.claim.node_pool == pool.key]
        running = sum(not state.deleting for state in members)
        free = situation.allowed(pool, DRIFTED)
        if running > (pool.replicas or 0):
            free = 0
        limit = (pool.limits or {}).get(NODES)
        if limit is not None:
            free = min(free, max(0, limit // NANO - len(members)))
        commands.extend(_like_it(candidate) for candidate in candidates[:free])
        for candidate in candidates[free:]:
            held[candidate.name] = Held(candidate.name, Hold.BUDGET, (pool.key,), DRIFTED)
    return sorted(commands, key=lambda command: command.nodes)


def _drifted(situation: Situation) -> list[Candidate]:
    return [entry for entry in situation.drift_candidates.values() if is_true(entry.claim.conditions, "Drifted")]


def _like_it(candidate: Candidate) -> Command:
    claim = bare_claim(candidate.pool)
    goes = (candidate.departure,)
    return Command(STATIC_METHOD, DRIFTED, (candidate.name,), (), (claim,), candidate.price, 0.0, departures=goes)


def bare_claim(pool: NodePool) -> PlannedClaim:
    """A claim made of the template alone, as pools of fixed size make them; the types are left to the launch."""
    template = pool.template
    requirements = template_requirements(pool).without(*SIMULATION_KEYS)
    return PlannedClaim(
        node_pool=pool.key,
        pods=(),
        requirements=tuple(requirements.to_specs()),
        instance_types=(),
        requests={},
        taints=template.taints,
        startup_taints=template.startup_taints,
    )
