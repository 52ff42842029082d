"""What the screens look at: the World as it goes on, or a still of it while the picture is frozen."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Literal, NamedTuple, TypeVar

from karptui.modes.run import Run
from karptui.tui.clock import SHARE
from karptui.tui.subject import Subject
from karptui.views.head import stale_sentence
from karptui.views.log import LogRow, LogTail
from karptui.views.other_side import other_side
from karptui.views.overview import NodeRow, NodeRows
from karptui.views.still import still_of
from karptui.world.world import World

T = TypeVar("T")


class _Made(NamedTuple):
    """A view, the turn it was made in, and when it may be made again."""

    value: Any
    turn: int
    not_before: float


class Picture:
    """The world and the time that are shown. Views that several widgets need are made once in a turn of the clock."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._still: World | None = None
        self._frozen_at = 0.0
        self._made: dict[str, _Made] = {}
        self._turn = 0
        self._log = LogTail()
        self._nodes = NodeRows()

    @property
    def world(self) -> World:
        """What is shown."""
        return self._still or self._run.world

    @property
    def frozen(self) -> bool:
        """Whether time stands still here."""
        return self._still is not None

    def now(self) -> float:
        """The time of what is shown, epoch seconds."""
        return self._frozen_at if self._still is not None else self._run.now()

    def behind(self) -> float:
        """Seconds that the world has gone on since the picture was frozen."""
        return self._run.now() - self._frozen_at if self._still is not None else 0.0

    def stale(self) -> str:
        """Which stream is lost, why and since when, as one sentence; "" when none is."""
        return stale_sentence(self.world, self.now())

    def other_side(self, subject: Subject, wanted: Literal["timeline", "other"]) -> tuple[str, str] | None:
        """(kind, key) of what stands beside something, or None."""
        return other_side(self.world, *subject, wanted, self.now())

    def freeze(self) -> None:
        """Keep what is shown now."""
        self._frozen_at = self._run.now()
        self._still = still_of(self._run.world)
        self._made.clear()

    def thaw(self) -> None:
        """Show what goes on."""
        self._still = None
        self._made.clear()
        self._nodes.forget_all()

    def changed(self, keys: Iterable[tuple[str, str]]) -> None:
        """What of the world changed since the last turn: (resource, key)."""
        for resource, key in keys:
            if resource == "nodes":
                self._nodes.forget(key)
            elif resource == "nodeclaims" and (claim := self.world.of("nodeclaims").get(key)) is not None:
                self._nodes.forget(claim.node_name)  # an interruption is noted on the node
            elif resource == "catalogue":
                self._nodes.forget_all()

    def log(self) -> list[LogRow]:
        """The log, oldest line first."""
        return self._log.read(self.world)

    def nodes(self) -> list[NodeRow]:
        """Every node, dearest unused capacity first."""
        return self._nodes.read(self.world)

    @property
    def behind_on(self) -> frozenset[str]:
        """Topics of which something is still to be looked at, though nothing more changed."""
        return frozenset({"nodes"}) if self._nodes.behind else frozenset()

    def turn(self) -> None:
        """Another turn of the clock begins: shared views are made anew when somebody asks, costly ones less often."""
        self._turn += 1

    def shared(self, make: Callable[[World, float], T]) -> T:
        """A view, made once in a turn. `make` is a function of a module: its name is what it is kept by."""
        name, begun = make.__qualname__, monotonic()
        kept = self._made.get(name)
        if kept is None or (kept.turn != self._turn and begun >= kept.not_before):
            value = make(self.world, self.now())
            ended = monotonic()
            kept = self._made[name] = _Made(value, self._turn, ended + (ended - begun) / SHARE)
        return kept.value
