"""Emptiness: nodes without pods that cost anything to move go at once (spec/lifecycle.md 4.1)."""

from karptui.engine.disruption.budgets import EMPTY
from karptui.engine.disruption.candidates import Candidate, Situation
from karptui.engine.disruption.consolidation import command_of
from karptui.engine.disruption.ranking import ranked
from karptui.model.disruption import Command, Held, Hold

METHOD = "emptiness"


def empty_nodes(situation: Situation) -> list[Candidate]:
    """The nodes that emptiness is about, whatever budgets say."""
    return [
        candidate
        for candidate in situation.candidates.values()
        if candidate.empty
        and candidate.consolidatable
        and not candidate.is_static
        and candidate.pool.consolidate_after is not None
    ]


def emptiness(situation: Situation, held: dict[str, Held]) -> Command | None:
    """One command for as many empty nodes as budgets let go, those that save most first."""
    left: dict[str, int] = {}
    going: list[Candidate] = []
    for candidate in ranked(empty_nodes(situation), situation.profile, situation.favour):
        pool = candidate.pool
        free = left.get(pool.key)
        if free is None:
            free = left[pool.key] = situation.allowed(pool, EMPTY)
        if free <= 0:
            held[candidate.name] = Held(candidate.name, Hold.BUDGET, (pool.key,), EMPTY)
            continue
        left[pool.key] = free - 1
        going.append(candidate)
    return command_of(situation, going, None, (), METHOD, EMPTY) if going else None
