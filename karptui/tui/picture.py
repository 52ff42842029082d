"""What the screens look at: the World as it goes on, or a still of it while the picture is frozen."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from karptui.modes.run import Run
from karptui.views.log import LogRow, LogTail
from karptui.views.overview import NodeRow, NodeRows
from karptui.views.still import still_of
from karptui.world.world import World

T = TypeVar("T")


class Picture:
    """The world and the time that are shown. Views that several widgets need are made once in a turn of the clock."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._still: World | None = None
        self._frozen_at = 0.0
        self._made: dict[str, object] = {}
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

    def turn(self) -> None:
        """Another turn of the clock begins: shared views are made anew when somebody asks."""
        self._made.clear()

    def shared(self, make: Callable[[World, float], T]) -> T:
        """A view, made once in a turn. `make` is a function of a module: its name is what it is kept by."""
        name = make.__qualname__
        if name not in self._made:
            self._made[name] = make(self.world, self.now())
        return self._made[name]  # type: ignore[return-value]
