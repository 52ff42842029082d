"""The second look, 15 seconds after a decision: does it hold still? (spec/lifecycle.md 4.7)"""

from msgspec.structs import replace

from karptui.engine.disruption.budgets import EMPTY, UNDERUTILIZED
from karptui.engine.disruption.candidates import Candidate, Situation, unconsolidatable
from karptui.engine.disruption.emptiness import METHOD as EMPTINESS
from karptui.engine.disruption.emptiness import empty_nodes
from karptui.engine.disruption.ranking import ranked
from karptui.engine.provisioning.simulation import Simulation
from karptui.model.disruption import Command, Held, Hold
from karptui.model.snapshot import Snapshot

VALIDATION_SECONDS = 15.0

CHURN, BUDGET, SCHEDULING = "churn", "budget", "scheduling"
"""Why a command is given up, in Karpenter's words."""


def validate(snapshot: Snapshot, command: Command) -> Command | Held:
    """The command as it may still be carried out; or why not, said of its first node. Drift needs no second look."""
    if not command.validated:
        return command
    return validated(Situation(Simulation(snapshot)), command)


def validated(situation: Situation, command: Command) -> Command | Held:
    """As `validate`, in a situation that is known already."""
    if command.method == EMPTINESS:
        return _still_empty(situation, command)
    return _still_consolidatable(situation, command)


def _still_empty(situation: Situation, command: Command) -> Command | Held:
    still = (entry for entry in empty_nodes(situation) if entry.name in command.nodes)
    candidates = ranked(still, situation.profile, situation.favour)
    going = _within_budgets(situation, candidates, EMPTY)
    if not going:
        return Held(command.nodes[0], Hold.CHANGED, detail=BUDGET if candidates else CHURN)
    names = tuple(sorted(candidate.name for candidate in going))
    return replace(command, nodes=names, price_before=sum(candidate.price for candidate in going))


def _still_consolidatable(situation: Situation, command: Command) -> Command | Held:
    candidates: list[Candidate] = []
    for name in command.nodes:
        candidate = situation.candidates.get(name)
        if candidate is None or situation.only_for_emptiness(candidate) or unconsolidatable(candidate) is not None:
            return Held(name, Hold.CHANGED, detail=CHURN)
        candidates.append(candidate)
    if len(_within_budgets(situation, candidates, UNDERUTILIZED)) < len(candidates):
        return Held(command.nodes[0], Hold.CHANGED, detail=BUDGET)
    simulated = situation.simulation.without(command.nodes, shield=situation.profile.shields_targets)
    if simulated is None or not simulated.fits or len(simulated.claims) != len(command.replacements):
        return Held(command.nodes[0], Hold.CHANGED, detail=SCHEDULING)
    for claim, wanted in zip(simulated.claims, command.replacements, strict=True):
        named = situation.simulation.ground.catalogue.named
        if any(not claim.types & named[name] for name in wanted.instance_types):
            return Held(command.nodes[0], Hold.CHANGED, detail=SCHEDULING)
    return command


def _within_budgets(situation: Situation, candidates: list[Candidate], reason: str) -> list[Candidate]:
    left: dict[str, int] = {}
    going: list[Candidate] = []
    for candidate in candidates:
        pool = candidate.pool
        free = left.get(pool.key)
        if free is None:
            free = situation.allowed(pool, reason)
        left[pool.key] = free - 1
        if free > 0:
            going.append(candidate)
    return going
