"""Multi-node consolidation: the longest run of ranked nodes that can go together (spec/lifecycle.md 4.7)."""

from karptui.engine.disruption.balanced import Balance
from karptui.engine.disruption.budgets import UNDERUTILIZED
from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.consolidation import Consolidation, Move
from karptui.engine.disruption.ranking import ranked
from karptui.model.disruption import Command, Held, Hold

METHOD = "multi-node"
LONGEST = 100
"""The bisection's upper end. It tries one node more than its middle, so that a batch may have 101."""


def multi_node(
    situation: Situation,
    eligible: list[Candidate],
    consolidation: Consolidation,
    held: dict[str, Held],
    tries: int | None = None,
) -> Command | None:
    """At most one command; `tries` is how many sets may be tried before time is up (None: it is not)."""
    left: dict[str, int] = {}
    going: list[Candidate] = []
    for candidate in ranked(eligible, situation.profile, situation.favour):
        pool = candidate.pool
        free = left.get(pool.key)
        if free is None:
            free = left[pool.key] = situation.allowed(pool, UNDERUTILIZED)
        if free <= 0:
            held[candidate.name] = Held(candidate.name, Hold.BUDGET, (pool.key,), UNDERUTILIZED)
            continue
        left[pool.key] = free - 1
        going.append(candidate)
    if len(going) < 2:
        return None
    balance = Balance(situation)
    best: tuple[Move, dict[str, float]] | None = None
    low, high = 1, min(LONGEST, len(going) - 1)
    while low <= high and tries != 0:
        middle = (low + high) // 2
        tries = tries - 1 if tries is not None else None
        found = _try(going[: middle + 1], consolidation, balance)
        if found is None:
            high = middle - 1
        else:
            best = found
            low = middle + 1
    if best is None:
        return None
    command = consolidation.command(best[0], METHOD, UNDERUTILIZED)
    command.scores.update(best[1])
    return command


def _try(
    candidates: list[Candidate], consolidation: Consolidation, balance: Balance
) -> tuple[Move, dict[str, float]] | None:
    move = consolidation.move(candidates)
    if isinstance(move, Held):
        return None
    move = consolidation.of_another_type(move)
    if isinstance(move, Held):
        return None
    scores = balance.scores(move, consolidation.prices)
    return (move, scores) if balance.approves(scores) else None
