"""The verdicts of a shadow as rows and figures, made once for each verdict."""

from collections.abc import Mapping

from msgspec import Struct

from karptui.engine.disruption.budgets import Fleet
from karptui.shadow.inputs import Input
from karptui.shadow.judged import Judged
from karptui.shadow.score import Score, score_of
from karptui.shadow.watch import Watch
from karptui.views.foreseen.shadow import CaseRow, case_row
from karptui.views.foreseen.shadow_next import ActRow, next_acts
from karptui.world.world import World


class Shadowed(Struct, frozen=True):
    """Everything that a screen shows of a shadow; `rows` are newest first."""

    rows: list[CaseRow]
    judged: list[Judged]
    score: Score
    acts: list[ActRow]
    inputs: list[Input]
    banners: list[str]


class KeptShadow:
    """`read` brings it up to date; while the picture is frozen it is not read."""

    def __init__(self) -> None:
        self._rows: list[CaseRow] = []
        self._score = score_of(())
        self._latest: Shadowed | None = None

    def read(self, watch: Watch, world: World, fleets: Mapping[str, Fleet], now: float) -> Shadowed:
        """What there is to show now."""
        fresh = watch.cases.all[len(self._rows) :]
        if fresh:
            self._rows += map(case_row, fresh)
            self._score = score_of(watch.cases.judged)
        self._latest = Shadowed(
            self._rows[::-1] if fresh or self._latest is None else self._latest.rows,
            list(watch.cases.judged) if fresh or self._latest is None else self._latest.judged,
            self._score,
            next_acts(watch, world, fleets, now),
            watch.inputs.all(world),
            watch.inputs.banners(world),
        )
        return self._latest

    @property
    def latest(self) -> Shadowed | None:
        """What was read last."""
        return self._latest
