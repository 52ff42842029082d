"""Verdicts that are no agreement, with their cause looked for (causes.py) as long as the runs last (search.py)."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from karptui.engine.provisioning import plan
from karptui.model.disruption import Command
from karptui.model.snapshot import Snapshot
from karptui.shadow import provisioning
from karptui.shadow.actual import Made
from karptui.shadow.causes import Evidence, doubts_of, prove, prove_alone, prove_together, waiting_doubts
from karptui.shadow.disruptions import DRIFTED, Carried, Move
from karptui.shadow.passes import Supposed, carried_by, decided
from karptui.shadow.provisioning import Pair, differences
from karptui.shadow.search import Search, SearchEnded
from karptui.shadow.table import Round
from karptui.shadow.verdict import EXPLAINED, UNEXPLAINED, Cause, Found, Verdict


def unexplained_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Those of a round that do not agree, and have no cause yet."""
    return [pair for pair in pairs if not pair.verdict.agrees and pair.cause is EXPLAINED]


def explain_round(round_: Round, pairs: Sequence[Pair], evidence: Evidence, search: Search) -> None:
    """Write the cause into every pair of one round that does not agree: one is looked for, for all of them."""
    cause = cause_of_round(round_, [pair.actual for pair in pairs if pair.actual is not None], evidence, search)
    for pair in unexplained_pairs(pairs):
        pair.cause = cause


def explain_alone(pair: Pair, evidence: Evidence, search: Search) -> None:
    """Write the cause into a NodeClaim of no round: would one have made it, had it begun just before?"""
    made, moment = pair.actual, pair.moment
    assert made is not None, "what was not foreseen was made"
    pair.cause = UNEXPLAINED
    if moment is None:
        return

    def plans_it(snapshot: Snapshot) -> bool:
        search.ask()
        return any(not differences(claim, made) for claim in plan(snapshot).claims)

    try:
        if plans_it(moment):
            pair.cause = Found((Cause.BATCH,), "the window closed at another time")
        else:
            pair.cause = prove(moment, plans_it, doubts_of(moment, evidence))
    except SearchEnded:
        pair.cause = search.ended


def cause_of_round(round_: Round, made: Sequence[Made], evidence: Evidence, search: Search | None = None) -> Found:
    """The input which, swapped, makes the engine plan the claims that were made."""
    search = search or Search()
    if round_.plan.not_modelled:
        return Found((Cause.NOT_MODELLED,), ", ".join(round_.plan.not_modelled))
    ours = frozenset(pod for claim in round_.plan.claims for pod in claim.pods)
    theirs = frozenset(pod for entry in made for pod in (*entry.named, *(entry.bound if not entry.named else ())))
    known = {entry[0] for entry in evidence.order} | ours | {key for m in evidence.moments for key in m.pods}
    doubts = doubts_of(round_.snapshot, evidence, ours, theirs & known)
    try:
        return prove(round_.snapshot, lambda snapshot: _plans(snapshot, made, search), doubts)
    except SearchEnded:
        return search.ended


def is_unexplained(move: Move) -> bool:
    """Whether a move does not agree, and has no cause yet."""
    return not move.verdict.agrees and move.cause is EXPLAINED


def explain_move(move: Move, evidence: Evidence, search: Search) -> None:
    """Write the cause into a move that does not agree; no cause is looked for in passes that nobody foresaw."""
    if move.actual is not None:
        move.cause = cause_of_command(move.actual, evidence, search)


def explain_never(move: Move, evidence: Evidence, search: Search) -> None:
    """Write the cause into a command that never came: the input with which none of its nodes is to go."""
    assert move.supposed is not None, "what never came was foreseen"
    entry = move.supposed
    nodes = set(entry.command.nodes)

    def stays(snapshot: Snapshot) -> bool:
        search.ask()
        return not any(nodes & set(command.nodes) for command in decided(snapshot, entry.after))

    try:
        move.cause = prove(entry.snapshot, stays, doubts_of(entry.snapshot, evidence))
    except SearchEnded:
        move.cause = search.ended


def cause_of_move(entry: Supposed, carried: Carried, evidence: Evidence) -> Found:
    """The input which, swapped, makes a pass carry the same command out."""
    return cause_of_command(carried, evidence, Search(), [entry])


def cause_of_command(
    carried: Carried, evidence: Evidence, search: Search, near: Sequence[Supposed] | None = None
) -> Found:
    """The same for the passes of its time, nearest first: one input at a time in all of them, then two."""
    passes = _of_its_time(carried) if near is None else near
    asked = [
        (
            entry.snapshot,
            _carries_out(entry, carried, search),
            [*doubts_of(entry.snapshot, evidence), *waiting_doubts(entry.snapshot)],
        )
        for entry in passes
    ]
    try:
        for way in (prove_alone, prove_together):
            for question in asked:
                if (cause := way(*question)) is not UNEXPLAINED:
                    return cause
    except SearchEnded:
        return search.ended
    return UNEXPLAINED


def _of_its_time(carried: Carried) -> list[Supposed]:
    """The passes that may have begun it: drift is carried out at once, everything else after the second look."""
    at_once = carried.reason == DRIFTED
    found = [entry for entry in carried.near if entry.command.validated != at_once]
    return found or carried.near


def _carries_out(entry: Supposed, carried: Carried, search: Search) -> Callable[[Snapshot], bool]:
    def agrees(snapshot: Snapshot) -> bool:
        later = _same_swap(entry, snapshot)
        for after in dict.fromkeys((entry.after, "", "emptiness", "multi-node")):
            search.ask()
            command = carried_by(replace(snapshot, favoured=carried.nodes), later, after)
            if command is not None and is_that(command, carried):
                return True
        return False

    return agrees


def is_that(command: Command, carried: Carried) -> bool:
    """Whether a command is the one that was carried out: its nodes, and the types of its replacements."""
    if command.nodes != carried.nodes or len(command.replacements) != len(carried.replacements):
        return False
    ours = sorted(tuple(sorted(claim.instance_types)) for claim in command.replacements)
    return ours == sorted(made.types for made in carried.replacements)


def _same_swap(entry: Supposed, swapped: Snapshot) -> Snapshot | None:
    """The Snapshot of the second look with the same input swapped."""
    if entry.later is None:
        return None
    first = entry.snapshot
    fields = ("catalogue", "options", "budgets", "node_pools")
    values = {name: getattr(swapped, name) for name in fields if getattr(swapped, name) is not getattr(first, name)}
    return replace(entry.later, **values)


def _plans(snapshot: Snapshot, made: Sequence[Made], search: Search) -> bool:
    search.ask()
    answer = plan(snapshot)
    if len(answer.claims) != len(made):
        return False
    pairs = provisioning.judged(Round(snapshot.now, 0, 0.0, snapshot, answer), made)
    return all(pair.verdict in (Verdict.SAME, Verdict.EQUIVALENT) for pair in pairs)
