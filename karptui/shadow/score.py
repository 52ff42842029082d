"""How well the predictions did: agreement by kind, by NodePool and by cause, and whether that is enough."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from karptui.shadow.judged import PROVISION, Judged
from karptui.shadow.verdict import Verdict

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
    by_feature: dict[str, Tally]
    causes: dict[str, int]
    unexplained: int
    price_gap: float
    lead: float | None
    """Median seconds that a prediction was made before the fact."""
    not_modelled: tuple[str, ...] = ()
    overtaken: int = 0
    """Decisions that agree with an answer which was worked out only when they were seen."""
    provisional: int = 0
    """NodeClaims that agree with one of several answers that stood before them, and not that of our window's end."""
    alternatives: int = 0
    """The most answers that stood for one of those."""

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


def score_of(judged: Sequence[Judged]) -> Score:
    """The score of what was judged."""
    by_pool: dict[str, list[Judged]] = {}
    by_reason: dict[str, list[Judged]] = {}
    provisioning = [entry for entry in judged if entry.kind == PROVISION]
    disruption = [entry for entry in judged if entry.kind != PROVISION]
    for entry in disruption:
        by_reason.setdefault(entry.reason, []).append(entry)
    by_feature: dict[str, list[Judged]] = {}
    for entry in judged:
        for pool in entry.pools:
            by_pool.setdefault(pool, []).append(entry)
        for feature in entry.features:
            by_feature.setdefault(feature, []).append(entry)
    causes = Counter(cause.value for entry in judged for cause in entry.causes)
    agreed = [entry for entry in judged if entry.watched and entry.verdict.agrees]
    leads = sorted(entry.ahead for entry in judged if entry.ahead is not None)
    return Score(
        provisioning=_tally(provisioning),
        disruption=_tally(disruption),
        by_reason={reason: _tally(entries) for reason, entries in sorted(by_reason.items())},
        by_pool={pool: _tally(entries) for pool, entries in sorted(by_pool.items())},
        by_feature={name: _tally(entries) for name, entries in sorted(by_feature.items())},
        causes=dict(sorted(causes.items(), key=lambda item: (-item[1], item[0]))),
        unexplained=sum(entry.unexplained for entry in judged),
        price_gap=sum(entry.gap for entry in judged),
        lead=leads[len(leads) // 2] if leads else None,
        not_modelled=tuple(sorted({name for entry in judged for name in entry.not_modelled})),
        overtaken=sum(entry.overtaken for entry in agreed),
        provisional=sum(entry.provisional for entry in agreed),
        alternatives=max((entry.alternatives for entry in agreed if entry.provisional), default=0),
    )


def _tally(entries: Iterable[Judged]) -> Tally:
    verdicts: Counter[str] = Counter()
    not_watched = 0
    for entry in entries:
        if entry.watched:
            verdicts[entry.verdict.value] += 1
        else:
            not_watched += 1
    return Tally(dict(sorted(verdicts.items())), not_watched)
