"""What the screens look at: the World as it goes on, or a still of it while the picture is frozen."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from karptui.model.disruption import Command, Held, Survey
from karptui.modes.run import Run
from karptui.tui.kept import Kept
from karptui.tui.subject import Subject
from karptui.views.answers.other_side import other_side
from karptui.views.answers.why import SHOWN_PODS, Why, why
from karptui.views.head import Head, head, stale_sentence
from karptui.views.lists.decisions import DecisionRow, DecisionView
from karptui.views.lists.log import LogRow
from karptui.views.lists.overview import ClaimRow, NodeRow, PoolRow, in_flight
from karptui.views.lists.pods import PodRows
from karptui.views.spending.cost import NodeCost
from karptui.views.timelines.progress import Waiting
from karptui.world.still import still_of
from karptui.world.world import World

if TYPE_CHECKING:
    from karptui.views.kept.shadow import KeptShadow, Shadowed

T = TypeVar("T")
_RESOURCES = {"node": "nodes", "claim": "nodeclaims", "pool": "nodepools"}


class Picture:
    """The world and the time that are shown. Views that several widgets need are made once in a turn of the clock."""

    def __init__(self, run: Run) -> None:
        self.look_at(run)

    def look_at(self, run: Run) -> None:
        """Show another run: nothing of the one before is kept."""
        self._run = run
        self._still: World | None = None
        self._frozen_at = 0.0
        self._made: dict[str, Any] = {}
        self._missed: set[tuple[str, str]] = set()
        self._live_kept = self._kept = Kept()
        self._past = False
        self._shadow: KeptShadow | None = None

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

    @property
    def past(self) -> float | None:
        """The recalled second that is shown, epoch seconds; None for what goes on, or stands frozen."""
        return self._frozen_at if self._past else None

    def freeze(self) -> None:
        """Keep what is shown now."""
        self._frozen_at = self._run.now()
        self.changed(self._run.world.dirty)
        self._still = still_of(self._run.world)
        self._made.clear()

    def look_back(self, world: World, at: float) -> None:
        """Show a World of the past; it is the caller's to give away."""
        self._still, self._frozen_at, self._past = world, at, True
        self._kept = Kept()
        self._made.clear()

    def thaw(self) -> None:
        """Show what goes on."""
        self._still, self._past, self._kept = None, False, self._live_kept
        self._made.clear()
        missed, self._missed = self._missed, set()
        self.changed(missed)

    def changed(self, keys: Collection[tuple[str, str]]) -> None:
        """What of the world changed since the last turn: (resource, key). A frozen picture learns of it when it goes
        on."""
        if self._still is not None:
            self._missed.update(keys)
        else:
            self._live_kept.changed(self._run.world, keys)

    def stamp(self, subject: Subject) -> tuple[object, ...]:
        """Differs when the object itself, or what most is said about it, is another now."""
        world, (kind, key) = self.world, subject
        if kind == "waiting":
            row = next((row for row in self.waiting() if row.key == key), None)
            return (
                () if row is None else (row.text, len(row.pods), row.pods[0], id(world.of("nodeclaims").get(row.claim)))
            )
        asked = world.usage.requested.get(key) if kind == "node" else None
        return id(world.of(_RESOURCES.get(kind, "pods")).get(key)), asked and tuple(asked.items())

    def log(self) -> list[LogRow]:
        """The log, oldest line first."""
        return self._kept.log.read(self.world)

    def nodes(self) -> Sequence[NodeRow]:
        """Every node, dearest unused capacity first."""
        return self._kept.nodes.read(self.world)

    def costs(self) -> Collection[NodeCost]:
        """What every node costs and who asks for it."""
        return self._kept.costs.read(self.world)

    def shadow(self) -> "Shadowed | None":
        """What shadow mode foresees and has judged; None in the other modes."""
        watch = self._run.watch
        if watch is None or self._still is not None:
            return self._shadow.latest if self._shadow is not None else None
        if self._shadow is None:
            from karptui.views.kept.shadow import KeptShadow

            self._shadow = KeptShadow()
        return self._shadow.read(watch, self.world, self._kept.pools.fleets.read(self.world), self.now())

    def pools(self) -> list[PoolRow]:
        """Every NodePool."""
        return self.shared(self._read_pools)

    def waiting(self) -> list[Waiting]:
        """Every pending pod, grouped by what it waits for."""
        return self.shared(self._read_waiting)

    def in_flight(self) -> list[ClaimRow]:
        """NodeClaims that are on their way."""
        return in_flight(self.world, self.waiting(), self.now(), self._kept.claims.read(self.world))

    def pods(self) -> PodRows:
        """Every pod that is not done."""
        return self._kept.pods.read(self.world, self.now(), self.waiting())

    def decisions(self, most: int) -> Sequence[DecisionRow]:
        """The latest decisions, newest first."""
        return self._kept.decisions.read(self.world, most)

    def decision_view(self, key: str) -> DecisionView | None:
        """One decision in full."""
        return self._kept.decision_views.read(self.world, key, self.now())

    def why(
        self,
        subject: Subject,
        most: int = SHOWN_PODS,
        outcome: Command | Held | None = None,
        survey: Survey | None = None,
    ) -> Why:
        """Everything about one thing; `outcome` is what the disruption engine says of a node, `survey` of all."""
        view = self.decision_view(subject.key) if subject.kind == "decision" else None
        return why(self.world, *subject, self.now(), most, self.waiting(), outcome, view, survey)

    def head(self, mode: str) -> Head:
        """Mode, cluster, freshness, and the figures that matter."""
        return head(self.world, mode, self.now(), self._kept.claims.read(self.world))

    def _read_pools(self, world: World, now: float) -> list[PoolRow]:
        return self._kept.pools.read(world)

    def _read_waiting(self, world: World, now: float) -> list[Waiting]:
        return self._kept.waiting.read(world, now, self._kept.claims.read(world))

    def turn(self) -> None:
        """Another turn of the clock begins: shared views are made anew when somebody asks."""
        self._made.clear()

    def shared(self, make: Callable[[World, float], T]) -> T:
        """A view, made once in a turn. What it is kept by is the name of `make`."""
        name = make.__qualname__
        if name not in self._made:
            self._made[name] = make(self.world, self.now())
        return self._made[name]
