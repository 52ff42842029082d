"""Every verdict of a shadow, in order: what a screen lists, and what a bundle can still be made of."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from karptui.shadow.disruptions import Move
from karptui.shadow.judged import Judged, of_move, of_pair
from karptui.shadow.provisioning import Pair

ANSWERS_KEPT = 2_000
"""Latest cases of which both answers are kept; of older ones the verdict is."""


class Case(Struct, gc=False, eq=False):
    """One verdict. `entry` holds both answers, None where they are kept no longer or an earlier run judged it.

    `decision` is the id under which the World knows what was foreseen.
    """

    key: str
    judged: Judged
    entry: Pair | Move | None = None
    decision: str = ""


class Cases:
    """The cases of this run after those of earlier ones, oldest first."""

    def __init__(self, earlier: Iterable[Judged] = ()) -> None:
        self.all: list[Case] = []
        for entry in earlier:
            self._add(entry, None)
        self._judged: list[Judged] = []

    def take(self, entries: Sequence[Pair | Move]) -> list[Case]:
        """Verdicts that have just fallen."""
        fresh = [self._add(of_move(entry) if isinstance(entry, Move) else of_pair(entry), entry) for entry in entries]
        for case in self.all[max(len(self.all) - ANSWERS_KEPT - len(fresh), 0) : max(len(self.all) - ANSWERS_KEPT, 0)]:
            case.entry = None
        return fresh

    @property
    def judged(self) -> list[Judged]:
        """The verdicts alone."""
        self._judged += [case.judged for case in self.all[len(self._judged) :]]
        return self._judged

    def of(self, key: str) -> Case | None:
        """The case of a key."""
        number = int(key.removeprefix("S-")) if key.removeprefix("S-").isdigit() else 0
        return self.all[number - 1] if 0 < number <= len(self.all) else None

    def _add(self, judged: Judged, entry: Pair | Move | None) -> Case:
        case = Case(f"S-{len(self.all) + 1:05d}", judged, entry)
        self.all.append(case)
        return case
