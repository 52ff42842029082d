"""What would give a place to pods that fit nowhere: worked out when asked for, or beside a screen that cannot wait."""

from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from msgspec import Struct

from karptui.engine.explain import Remedy, remedies
from karptui.model.decision import Reason
from karptui.model.instance_type import Catalogue
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot
from karptui.world.world import World

SHOWN_REMEDIES = 3
KEPT_ANSWERS = 64

HOLD_SECONDS = 5.0  # nodes fill up and pools grow: what helped may not help any more

_Key: TypeAlias = tuple[bytes, tuple[Reason, ...]]


class _Answer(Struct, frozen=True, gc=False):
    catalogue: Catalogue
    at: float
    found: tuple[Remedy, ...]


class Question(Struct, frozen=True, gc=False):
    """What `answered` may work out in any thread."""

    key: _Key
    snapshot: Snapshot
    pod: str

    def answered(self) -> tuple[Remedy, ...]:
        """Changes that would place the pod, cheapest first. Takes tens of milliseconds."""
        return remedies(self.snapshot, self.pod, SHOWN_REMEDIES, crowded=True)


class RemedyBook:
    """Answers of the last seconds. Replicas share their spec, and one failure is like the other.

    With `later`, questions go there instead of being answered at once; who takes one hands the answer to `note`.
    """

    def __init__(self) -> None:
        self.later: Callable[[Question], None] | None = None
        self._kept: dict[_Key, _Answer] = {}

    def of(self, world: World, pod: Pod, reasons: tuple[Reason, ...], now: float) -> tuple[Remedy, ...] | None:
        """What would help; None while that is being worked out. An answer grown old stands until there is another."""
        key = (pod.spec.key, reasons)
        kept = self._kept.get(key)
        known = kept if kept is not None and kept.catalogue is world.catalogue else None
        if known is not None and 0.0 <= now - known.at < HOLD_SECONDS:
            return known.found
        question = Question(key, world.snapshot(now), pod.key)
        if self.later is None:
            found = question.answered()
            self.note(question, found)
            return found
        self.later(question)
        return known.found if known is not None else None

    def note(self, question: Question, found: tuple[Remedy, ...]) -> None:
        """Keep an answer."""
        self._kept.pop(question.key, None)
        self._kept[question.key] = _Answer(question.snapshot.catalogue, question.snapshot.now, found)
        if len(self._kept) > KEPT_ANSWERS:
            del self._kept[next(iter(self._kept))]


_books: WeakKeyDictionary[World, RemedyBook] = WeakKeyDictionary()


def remedy_book(world: World) -> RemedyBook:
    """The answers about one World."""
    return _books.setdefault(world, RemedyBook())
