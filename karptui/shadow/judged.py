"""What the journal keeps of a judged decision, and everything that a score is made of."""

from collections.abc import Sequence

from msgspec import Struct

from karptui.shadow.disruptions import Move
from karptui.shadow.features import features_of
from karptui.shadow.provisioning import Pair, price_of
from karptui.shadow.verdict import Cause, Verdict

PROVISION = "provision"


class Judged(Struct, frozen=True, gc=False, omit_defaults=True):
    """One decision with its verdict. `ahead` is how many seconds the prediction stood before the fact was seen.

    `kind` is provision, delete or replace; `what` names the NodeClaim or node; `gap` is USD an hour, theirs less ours.
    """

    at: float
    kind: str
    what: str
    pools: tuple[str, ...]
    verdict: Verdict
    reason: str = ""
    differs: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    cause: str = ""
    ahead: float | None = None
    gap: float = 0.0
    not_modelled: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    overtaken: bool = False
    """Worked out only when the fact was seen, from what was known before it: an answer and no prediction."""
    provisional: bool = False
    """One of the answers that stood before the fact, and not that of our own window's end."""
    alternatives: int = 1
    """How many answers stood for this decision before the fact."""
    made: tuple[str, ...] = ()
    """The NodeClaims whose making this is about, by which a later run knows it."""
    taken: tuple[str, ...] = ()
    """The nodes whose going this is about, and their NodeClaims."""

    @property
    def watched(self) -> bool:
        """Whether karptui was there when it was decided."""
        return Cause.NOT_WATCHED not in self.causes

    @property
    def never(self) -> bool:
        """Whether it was foreseen and not carried out."""
        return self.verdict is Verdict.NEVER

    @property
    def unexplained(self) -> bool:
        """Whether no swapped input made the engine agree."""
        return Cause.UNEXPLAINED in self.causes


def judgements(pairs: Sequence[Pair], moves: Sequence[Move]) -> list[Judged]:
    """Both kinds, in order of time."""
    found = [*map(of_pair, pairs), *map(of_move, moves)]
    return sorted(found, key=lambda entry: (entry.at, entry.what))


def of_pair(pair: Pair) -> Judged:
    """A NodeClaim."""
    if pair.actual is not None:
        made = pair.actual
        what = f"{made.name}: {made.instance_type or 'not launched'} {made.capacity_type} {made.zone}".rstrip()
    else:
        assert pair.predicted is not None, "a pair has one of both"
        what = f"{pair.predicted.node_pool}: {len(pair.predicted.pods)} pods, which got no NodeClaim"
    return Judged(
        pair.at,
        PROVISION,
        what,
        (pair.pool,),
        pair.verdict,
        "Provisioned",
        pair.differs,
        pair.cause.causes,
        pair.cause.text,
        lead_of(pair),
        price_gap(pair),
        pair.round.plan.not_modelled if pair.round is not None else (),
        pair.features or features_of(pair),
        pair.round is not None and pair.round.overtaken,
        pair.round is not None and pair.round.provisional,
        pair.round.alternatives if pair.round is not None else 1,
        (pair.actual.name,) if pair.actual is not None else (),
    )


def of_move(move: Move) -> Judged:
    """A command."""
    done = move.actual if move.actual is not None else move.predicted
    assert done is not None, "a move has one of both"
    first, *others = done.nodes
    more = f" and {len(others)} more" if others else ""
    return Judged(
        move.at,
        done.decision,
        f"{first}{more}",
        move.pools,
        move.verdict,
        done.reason,
        move.differs,
        move.cause.causes,
        move.cause.text,
        lead_of(move),
        features=move.features or features_of(move),
        overtaken=move.overtaken,
        alternatives=move.alternatives,
        made=tuple(made.name for made in move.actual.replacements) if move.actual is not None else (),
        taken=_taken(move),
    )


def _taken(move: Move) -> tuple[str, ...]:
    if move.actual is None:
        return move.predicted.nodes if move.predicted is not None else ()
    claims = (entry.claim for entry in move.actual.taken if entry.claim)
    return tuple(dict.fromkeys((*move.actual.nodes, *claims)))


def lead_of(entry: Pair | Move) -> float | None:
    """Seconds that the prediction stood before the fact was seen; None without both, and where the fact came first."""
    if entry.actual is None or entry.predicted is None:
        return None
    if isinstance(entry, Move):
        if entry.overtaken:
            return None
        return max(entry.actual.at - entry.foreseen, 0.0)
    if entry.round is None or entry.round.overtaken:
        return None
    return max(entry.actual.at - entry.round.stamped, 0.0)


def price_gap(pair: Pair) -> float:
    """What was launched less what we expected, USD an hour; 0 where one of both is not known."""
    if pair.actual is None or pair.predicted is None or pair.round is None:
        return 0.0
    made = pair.actual
    price = price_of(pair.round.snapshot.catalogue, made.instance_type, made.zone, made.capacity_type)
    return price - pair.predicted.price if price is not None else 0.0
