"""How well the predictions did: agreement by kind, by NodePool and by cause, and whether that is enough."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from karptui.shadow.disruptions import Move
from karptui.shadow.provisioning import Pair, price_of
from karptui.shadow.verdict import Cause, Found, Verdict

PROVISIONING_BAR, DISRUPTION_BAR, UNEXPLAINED_BAR = 0.97, 0.90, 0.01
"""What has to be reached before karptui may take over: agreement of both kinds, and the share without a cause."""

LEAST = 5
"""With fewer decisions about a NodePool nothing is said about it."""


class Tally(Struct, frozen=True, gc=False):
    """Counts of one kind of decision. `not_watched` ones are not judged."""

    verdicts: dict[str, int] = {}
    not_watched: int = 0

    @property
    def judged(self) -> int:
        """How many have a verdict."""
        return sum(self.verdicts.values())

    @property
    def agreed(self) -> int:
        """How many agree."""
        return sum(number for verdict, number in self.verdicts.items() if Verdict(verdict).agrees)

    @property
    def agreement(self) -> float | None:
        """Share that agrees, 0 to 1; None where nothing was judged."""
        return self.agreed / self.judged if self.judged else None


class Score(Struct, frozen=True, gc=False):
    """Everything that is said about a span of time. Money is USD an hour, theirs less ours."""

    provisioning: Tally
    disruption: Tally
    by_reason: dict[str, Tally]
    by_pool: dict[str, Tally]
    causes: dict[str, int]
    unexplained: int
    price_gap: float
    lead: float | None
    """Median seconds that a prediction was made before the fact."""

    @property
    def ready(self) -> bool:
        """Whether every bar is reached."""
        return not self.obstacles()

    def obstacles(self) -> list[str]:
        """Why karptui should not take over, a sentence each; empty: it may."""
        found: list[str] = []
        for name, tally, bar in (
            ("provisioning", self.provisioning, PROVISIONING_BAR),
            ("disruption", self.disruption, DISRUPTION_BAR),
        ):
            share = tally.agreement
            if share is None:
                found.append(f"no {name} decision has been seen yet")
            elif share < bar:
                found.append(f"{name} agrees in {share:.1%} of {tally.judged}, and {bar:.0%} is asked for")
        judged = self.provisioning.judged + self.disruption.judged
        if judged and self.unexplained / judged > UNEXPLAINED_BAR:
            found.append(f"{self.unexplained} of {judged} decisions are unexplained, and {UNEXPLAINED_BAR:.0%} may be")
        return found

    def pools_not_ready(self) -> dict[str, str]:
        """NodePools with enough decisions of which too many differ, and why."""
        found: dict[str, str] = {}
        for pool, tally in sorted(self.by_pool.items()):
            share = tally.agreement
            if share is not None and tally.judged >= LEAST and share < DISRUPTION_BAR:
                found[pool] = f"{tally.judged - tally.agreed} of {tally.judged} decisions differ"
        return found


def score_of(pairs: Sequence[Pair], moves: Sequence[Move]) -> Score:
    """The score of what was judged."""
    by_pool: dict[str, list[Pair | Move]] = {}
    by_reason: dict[str, list[Pair | Move]] = {}
    for pair in pairs:
        by_pool.setdefault(pair.pool, []).append(pair)
    for move in moves:
        by_reason.setdefault(reason_of(move), []).append(move)
        for pool in move.pools:
            by_pool.setdefault(pool, []).append(move)
    both: list[Pair | Move] = [*pairs, *moves]
    causes = Counter(cause.value for entry in both if not_same(entry) for cause in entry.cause.causes)
    leads = sorted(ahead for entry in both if (ahead := lead_of(entry)) is not None)
    return Score(
        provisioning=_tally(pairs),
        disruption=_tally(moves),
        by_reason={reason: _tally(entries) for reason, entries in sorted(by_reason.items())},
        by_pool={pool: _tally(entries) for pool, entries in sorted(by_pool.items())},
        causes=dict(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        unexplained=sum(is_unexplained(entry.cause) for entry in both),
        price_gap=sum(price_gap(pair) for pair in pairs),
        lead=leads[len(leads) // 2] if leads else None,
    )


def not_same(entry: Pair | Move) -> bool:
    """Whether something is to be explained."""
    return entry.verdict is not Verdict.SAME


def is_unexplained(cause: Found) -> bool:
    """Whether no swapped input made the engine agree."""
    return Cause.UNEXPLAINED in cause.causes


def reason_of(move: Move) -> str:
    """Karpenter's word for the kind of command."""
    if move.actual is not None and move.actual.reason:
        return move.actual.reason
    return move.predicted.reason if move.predicted is not None else ""


def lead_of(entry: Pair | Move) -> float | None:
    """Seconds that the prediction stood before the fact was seen; None without both."""
    if entry.actual is None or entry.predicted is None:
        return None
    if isinstance(entry, Move):
        return max(entry.actual.at - entry.foreseen, 0.0)
    return max(entry.actual.at - entry.round.at, 0.0) if entry.round is not None else None


def price_gap(pair: Pair) -> float:
    """What was launched less what we expected, USD an hour; 0 where one of both is not known."""
    if pair.actual is None or pair.predicted is None or pair.round is None:
        return 0.0
    made = pair.actual
    price = price_of(pair.round.snapshot.catalogue, made.instance_type, made.zone, made.capacity_type)
    return price - pair.predicted.price if price is not None else 0.0


def _tally(entries: Iterable[Pair | Move]) -> Tally:
    verdicts: Counter[str] = Counter()
    not_watched = 0
    for entry in entries:
        if Cause.NOT_WATCHED in entry.cause.causes:
            not_watched += 1
        else:
            verdicts[entry.verdict.value] += 1
    return Tally(dict(sorted(verdicts.items())), not_watched)
