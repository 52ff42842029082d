"""A command on its way: taint, replacements first, delete when all of them were once ready, or roll back.

The order of spec/lifecycle.md 5 as a pure state machine: whoever carries commands out, or expects what Karpenter does
with its own, tells it the NodeClaims and the time, and learns what comes next.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from karptui.model.disruption import Command
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim

_SECONDS_A_CANDIDATE = 0.08
_LEAST_PATIENCE, _MOST_PATIENCE = 600.0, 3600.0


class Step(StrEnum):
    """What comes next for a command. The nodes count as going from LAUNCH on, not before."""

    TAINT = "taint"
    LAUNCH = "launch"
    WAIT = "wait"
    DELETE = "delete"
    ROLL_BACK = "roll-back"
    """Take the taints off; replacements that were launched stay, and consolidation finds them."""


class Underway(Struct, frozen=True, gc=False, eq=False):
    """A command since `began`. `replacements` are NodeClaims, of which `seen` were there and `ready` once initialized.

    Once ready is ready: a node that fails afterwards holds nothing up.
    """

    command: Command
    began: float
    tainted: bool = False
    replacements: tuple[str, ...] | None = None
    seen: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()

    def after_taint(self, nodes: tuple[str, ...]) -> "Underway":
        """These nodes take no more pods, and only they go: one that could not be tainted stays."""
        return replace(self, tainted=True, command=replace(self.command, nodes=nodes))

    def after_launch(self, names: tuple[str, ...]) -> "Underway":
        """The replacements have been created, under these names."""
        return replace(self, replacements=names)

    def observed(self, claims: Mapping[str, NodeClaim]) -> "Underway":
        """With what the NodeClaims that exist now say."""
        there = [claims[name] for name in self.replacements or () if name in claims]
        initialized = {claim.key for claim in there if is_true(claim.conditions, "Initialized")}
        return replace(self, seen=self.seen.union(claim.key for claim in there), ready=self.ready.union(initialized))

    def missing(self) -> tuple[str, ...]:
        """The replacements that have not been ready yet."""
        return tuple(name for name in self.replacements or () if name not in self.ready)

    def lost(self, claims: Mapping[str, NodeClaim]) -> tuple[str, ...]:
        """Replacements that were there, were never ready, and are gone: their launch has failed."""
        return tuple(name for name in self.missing() if name in self.seen and name not in claims)


def patience(candidates_underway: int) -> float:
    """Seconds that a command may take; more while many nodes are on their way."""
    return max(_LEAST_PATIENCE, min(_MOST_PATIENCE, _SECONDS_A_CANDIDATE * candidates_underway))


def next_step(underway: Underway, claims: Mapping[str, NodeClaim], now: float, candidates_underway: int = 1) -> Step:
    """What comes next. `claims` are all NodeClaims by name, `candidates_underway` the nodes of all commands."""
    if not underway.tainted:
        return Step.TAINT
    if underway.replacements is None and underway.command.replacements:
        return Step.LAUNCH
    if underway.lost(claims):
        return Step.ROLL_BACK
    # Karpenter looks at the clock even where nothing is missing any more.
    if now - underway.began > patience(candidates_underway):
        return Step.ROLL_BACK
    return Step.WAIT if underway.missing() else Step.DELETE
