"""Answers that stand before the fact: what a round would make that closed now, worked out as soon as something bears on
it.

When Karpenter closes its batch is not to be seen. So every answer of the last seconds stays on the table with the time
at which it was worked out; a NodeClaim is held against them, and how many there were is told with what was taken.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from karptui.model.decision import Plan, PlannedClaim
from karptui.model.labels import INSTANCE_TYPE
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Snapshot

MADE_WITHIN = 3.0
"""Seconds after its window within which a round's NodeClaims are made."""

MOST_FRESH = 20
"""Answers that wait to be told: over a recording nobody asks for them."""


class Round(Struct, frozen=True, gc=False, eq=False):
    """One round as foreseen at `at`; `heard` is the number of the last event that it knew of.

    `order` are the keys of what waits, by when each was first seen to. `drafted`: since when the answer has been on the
    table. `provisional`: it is not that of our own window's end. `alternatives`: how many were there, with this one.
    `recalled`: an earlier run foresaw it, and what it was worked out from is not known any more.
    """

    at: float
    heard: int
    opened: float
    snapshot: Snapshot
    plan: Plan
    overtaken: bool = False
    order: tuple[tuple[str, float], ...] = ()
    drafted: float | None = None
    provisional: bool = False
    alternatives: int = 1
    recalled: bool = False

    @property
    def stamped(self) -> float:
        """When it was worked out, epoch seconds."""
        return self.at if self.drafted is None else self.drafted


class _Answer(Struct, gc=False, eq=False):
    """A round, and until when it was what would be answered."""

    round: Round
    said: frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]]
    until: float


class Table:
    """The answers of the last MADE_WITHIN seconds, oldest first."""

    def __init__(self) -> None:
        self._answers: list[_Answer] = []
        self._standing = False
        self._fresh: deque[Round] = deque(maxlen=MOST_FRESH)

    def put(self, answer: Round) -> float:
        """An answer that was worked out just now; where the last one says the same, that one stands. Since when."""
        self._clear_up_to(answer.at - MADE_WITHIN)
        said = frozenset((claim.node_pool, claim.pods, claim.instance_types) for claim in answer.plan.claims)
        last = self._answers[-1] if self._answers else None
        if last is not None and self._standing:
            last.until = answer.at
            if last.said == said:
                return last.round.at
        self._standing = True
        self._answers.append(_Answer(answer, said, answer.at))
        if said:
            self._fresh.append(answer)
        return answer.at

    def recall(self, answers: Iterable[Round]) -> None:
        """What an earlier run had put there, oldest first; the last of it still stands."""
        for answer in answers:
            self.put(answer)
        self._fresh.clear()

    def rest(self, at: float) -> None:
        """Nothing is to be answered any more: nothing waits, or Karpenter would throw its batch away."""
        if self._answers and self._standing:
            self._answers[-1].until, self._standing = at, False

    def new(self) -> list[Round]:
        """The answers with NodeClaims that were put there since this was last asked."""
        fresh = list(self._fresh)
        self._fresh.clear()
        return fresh

    def alternatives(self, at: float) -> int:
        """How many different answers with NodeClaims there are at a time."""
        self._clear_up_to(at - MADE_WITHIN)
        return len({answer.said for answer in self._answers if answer.said})

    def fitting(
        self, claims: Sequence[NodeClaim], at: float, heard: int, alike: Callable[[PlannedClaim, NodeClaim], bool]
    ) -> Round | None:
        """The latest answer in which all of some NodeClaims have their place, and that knew of no more than `heard`."""
        self._clear_up_to(at - MADE_WITHIN)
        for answer in reversed(self._answers):
            if answer.round.heard <= heard and holds(answer.round.plan.claims, claims, alike):
                return answer.round
        return None

    def _clear_up_to(self, at: float) -> None:
        standing = self._answers[-1:] if self._standing else []
        gone = self._answers[:-1] if self._standing else self._answers
        self._answers = [entry for entry in gone if entry.until >= at] + standing


def holds(
    planned: Iterable[PlannedClaim], claims: Iterable[NodeClaim], alike: Callable[[PlannedClaim, NodeClaim], bool]
) -> bool:
    """Whether each of some NodeClaims has a planned one of its own that is alike."""
    left = list(planned)
    for claim in claims:
        place = next((place for place, entry in enumerate(left) if alike(entry, claim)), None)
        if place is None:
            return False
        del left[place]
    return True


def asks_the_same(planned: PlannedClaim, claim: NodeClaim) -> bool:
    """Whether a NodeClaim is of the NodePool, and for the resources, that were planned."""
    return planned.node_pool == claim.node_pool and planned.requests == claim.requests


def is_the_same(planned: PlannedClaim, claim: NodeClaim) -> bool:
    """Whether it lists the same instance types as well."""
    listed = (entry.values for entry in claim.requirements if entry.key == INSTANCE_TYPE and entry.operator == "In")
    return asks_the_same(planned, claim) and set(planned.instance_types) == set(next(listed, ()))
