"""Commands foreseen paired with those that Karpenter carried out, and how near they came."""

from collections.abc import Sequence
from copy import copy
from itertools import islice, permutations

from msgspec import Struct

from karptui.model.disruption import Command
from karptui.model.labels import ZONE
from karptui.model.snapshot import Snapshot
from karptui.shadow.actual import Made, Taken
from karptui.shadow.passes import Supposed, says
from karptui.shadow.provisioning import MOST_ORDERS, bare, differences
from karptui.shadow.verdict import EXPLAINED, Cause, Found, Verdict

TOGETHER = 4.0
"""Seconds within which the nodes of one command are tainted; the next that had to be validated is 15 s away.

Commands for drift have one node each.
"""

DRIFTED, EMPTY = "Drifted", "Empty"


class Carried(Struct, gc=False, eq=False):
    """A command as Karpenter began it: its nodes, and what it made in their place. `near`: foreseen for that time.

    `moment` is the cluster as it stood just before. `away`: it began between two runs that keep one journal.
    """

    at: float
    reason: str
    taken: list[Taken]
    near: list[Supposed]
    replacements: list[Made] = []
    moment: Snapshot | None = None
    away: bool = False

    @property
    def nodes(self) -> tuple[str, ...]:
        """Their names, sorted."""
        return tuple(sorted(entry.node for entry in self.taken))

    @property
    def pods(self) -> tuple[str, ...]:
        """The pods on them, sorted."""
        return tuple(sorted(pod for entry in self.taken for pod in entry.pods))

    @property
    def decision(self) -> str:
        """delete or replace."""
        return "replace" if self.replacements else "delete"


class Move(Struct, gc=False, eq=False):
    """One command: as foreseen, as carried out, or both."""

    supposed: Supposed | None
    predicted: Command | None
    actual: Carried | None
    verdict: Verdict = Verdict.DIFFERENT
    cause: Found = EXPLAINED
    differs: tuple[str, ...] = ()
    by_chance: bool = False
    foreseen: float = 0.0
    forgotten: bool = False
    features: tuple[str, ...] = ()
    pools_then: tuple[str, ...] = ()
    alternatives: int = 1

    @property
    def overtaken(self) -> bool:
        """Whether what agrees was worked out only when it was seen to be carried out."""
        return self.supposed is not None and self.actual is not None and self.supposed.at_once

    @property
    def snapshot(self) -> Snapshot | None:
        """What the prediction was made from, or would have been; None once that is forgotten."""
        if self.forgotten:
            return None
        if self.supposed is not None:
            return self.supposed.snapshot if not self.supposed.recalled else None
        return self.actual.moment if self.actual is not None else None

    def forget(self) -> None:
        """Keep both answers and the verdict, and nothing of the cluster but its prices."""
        self.pools_then, self.forgotten = self.pools, True
        if self.supposed is not None:
            self.supposed = copy(self.supposed)
            self.supposed.snapshot, self.supposed.later = bare(self.supposed.snapshot), None
        if self.actual is not None:
            self.actual.near, self.actual.moment = [], None

    @property
    def at(self) -> float:
        """When it began; where it never did, when it should have."""
        if self.actual is not None:
            return self.actual.at
        return self.supposed.began + self.supposed.wait if self.supposed is not None else 0.0

    @property
    def pools(self) -> tuple[str, ...]:
        """The NodePools of its nodes, sorted."""
        if self.actual is not None:
            return tuple(sorted({entry.pool for entry in self.actual.taken if entry.pool}))
        if self.forgotten:
            return self.pools_then
        if self.supposed is None or self.predicted is None:
            return ()
        nodes = self.supposed.snapshot.nodes
        return tuple(sorted({nodes[name].node_pool for name in self.predicted.nodes if name in nodes}))


def judged(carried: Carried) -> Move:
    """What was foreseen for the time of a command, the nearest of it first."""
    best: Move | None = None
    # What stood before the fact goes before what was worked out when it was seen.
    near = [(entry, entry.told) for entry in sorted(carried.near, key=lambda entry: entry.at_once)]
    standing = [(entry, command) for entry, command in near if isinstance(command, Command)]
    for entry, command in standing:
        move = _compared(entry, command, carried)
        if move.verdict is Verdict.SAME:
            best = move
            break
        if best is None or _distance(move) < _distance(best):
            best = move
    if best is None or best.verdict is not Verdict.SAME:
        best = _by_chance(carried) or best or Move(None, None, carried, Verdict.UNFORESEEN)
    best.alternatives = max(len({says(command) for _, command in standing}), 1)
    return best


def _by_chance(carried: Carried) -> Move | None:
    """The command as one of the answers that Karpenter leaves to chance."""
    zones = sorted({zone for made in carried.replacements for zone in made.values(ZONE)})
    orders = list(islice(permutations(zones), MOST_ORDERS))
    for entry in sorted(carried.near, key=lambda entry: entry.at_once):
        for order in orders:
            command = entry.for_chance(carried.nodes, order)
            if command is None or command.nodes != carried.nodes:
                break  # no order of domains makes it other nodes
            move = _compared(entry, command, carried)
            if move.verdict is Verdict.SAME:
                move.verdict, move.by_chance = Verdict.EQUIVALENT, True
                move.cause = Found((Cause.CHANCE,), "nodes of equal rank, and domains of a spread, come in any order")
                return move
    return None


def _compared(entry: Supposed, command: Command, carried: Carried) -> Move:
    differs: list[str] = []
    ours, theirs = set(command.nodes), set(carried.nodes)
    if ours != theirs:
        differs.append("nodes")
    if carried.reason and command.reason != carried.reason:
        differs.append("reason")
    if command.decision != carried.decision or len(command.replacements) != len(carried.replacements):
        differs.append("decision")
    elif command.replacements:
        differs += _replaced(command, carried.replacements)
    verdict = Verdict.DIFFERENT
    if not differs:
        verdict = Verdict.SAME
    elif (differs == ["nodes"] and (ours < theirs or theirs < ours)) or set(differs) <= {"types", "requests"}:
        verdict = Verdict.NEARLY
    return Move(entry, command, carried, verdict, EXPLAINED, tuple(differs), foreseen=entry.began)


def _replaced(command: Command, made: Sequence[Made]) -> list[str]:
    """What is not the same about the replacements, each with the one of its pool that is most like it."""
    left = list(made)
    found: set[str] = set()
    for claim in command.replacements:
        # Which pods are meant is not to be told of replacements: events name few of them.
        options = [(tuple(name for name in differences(claim, entry) if name != "pods"), entry) for entry in left]
        differs, nearest = min(options, key=lambda option: len(option[0]))
        left.remove(nearest)
        found.update(differs)
    return sorted(found)


def _distance(move: Move) -> tuple[int, int]:
    assert move.predicted is not None, "only moves with a prediction are compared"
    assert move.actual is not None, "only moves that happened are compared"
    return len(set(move.predicted.nodes) ^ set(move.actual.nodes)), len(move.differs)
