"""Single-node consolidation: one node after the other, the pools in turn (spec/lifecycle.md 4.7)."""

from collections.abc import Iterator

from karptui.engine.disruption.balanced import THRESHOLD, Balance
from karptui.engine.disruption.budgets import UNDERUTILIZED
from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.consolidation import Consolidation
from karptui.engine.disruption.ranking import pools_in_turn, ranked
from karptui.model.disruption import Command, Held, Hold

METHOD = "single-node"


def single_node(
    situation: Situation,
    eligible: list[Candidate],
    consolidation: Consolidation,
    held: dict[str, Held],
    tries: int | None = None,
) -> Command | None:
    """The first node that can go; `tries` is how many may be looked at before time is up (None: it is not)."""
    for outcome in outcomes(situation, eligible, consolidation, tries):
        if isinstance(outcome, Command):
            return outcome
        held[outcome.node] = outcome
    return None


def outcomes(
    situation: Situation, eligible: list[Candidate], consolidation: Consolidation, tries: int | None = None
) -> Iterator[Command | Held]:
    """What comes of every node by itself, in the order in which Karpenter looks at them."""
    balance = Balance(situation)
    open_: dict[str, bool] = {}
    for place, candidate in enumerate(_in_turn(situation, eligible)):
        pool = candidate.pool
        if tries is not None and place >= tries:
            yield Held(candidate.name, Hold.NOT_REACHED)
            continue
        if pool.key not in open_:
            open_[pool.key] = situation.allowed(pool, UNDERUTILIZED) > 0
        if not open_[pool.key]:
            yield Held(candidate.name, Hold.BUDGET, (pool.key,), UNDERUTILIZED)
        else:
            yield _by_itself(candidate, consolidation, balance)


def _in_turn(situation: Situation, eligible: list[Candidate]) -> list[Candidate]:
    return pools_in_turn(ranked(eligible, situation.profile, situation.favour), situation.favour)


def _by_itself(candidate: Candidate, consolidation: Consolidation, balance: Balance) -> Command | Held:
    hopeless = balance.hopeless(candidate)
    if hopeless is not None:
        return Held(candidate.name, Hold.SCORE, (candidate.pool.key,), wanted=THRESHOLD, found=hopeless)
    move = consolidation.move((candidate,))
    if isinstance(move, Held):
        return move
    scores = balance.scores(move, consolidation.prices)
    if not balance.approves(scores):
        return Held(candidate.name, Hold.SCORE, (candidate.pool.key,), wanted=THRESHOLD, found=min(scores.values()))
    command = consolidation.command(move, METHOD, UNDERUTILIZED)
    command.scores.update(scores)
    return command
