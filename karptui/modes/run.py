"""What every way of using karptui has in common: a World, one sink for events, a clock, and tasks that feed it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.cloud.choose import catalogue_for
from karptui.failure import Failure
from karptui.kube.garbage import give_back, keep_large_blocks_apart, quiet_collection, set_aside
from karptui.model.snapshot import Options
from karptui.modes.bill_file import KeptBill
from karptui.world import events
from karptui.world.history import History
from karptui.world.outline import Outline
from karptui.world.planning import Planner
from karptui.world.recording import Header, RecordingWriter, check_writable
from karptui.world.surveying import Surveyor
from karptui.world.world import World

if TYPE_CHECKING:
    from karptui.control.by_hand import ByHand
    from karptui.kube.connect import Connection
    from karptui.shadow.disruptions import Move
    from karptui.shadow.provisioning import Pair
    from karptui.shadow.watch import Watch

GIVE_BACK_SECONDS = 30.0  # real ones: between two times that memory which is free goes back to the system
FLUSH_SECONDS = 1.0  # what a crash may cost a recording


class Bundles(Protocol):
    """Keeps evidence as files (report/bundle.py). Raises Failure where it cannot."""

    def take(self, entries: "Iterable[Pair | Move]", pairs: "Sequence[Pair]") -> None:
        """Keep what has just been judged, where it is to be kept."""
        ...

    def keep(self, entry: "Pair | Move", pairs: "Sequence[Pair]", name: str = "") -> Path | None:
        """Keep one case; its file, or None where the cluster of then is not kept any more."""
        ...


class Run:
    """A World that is being fed. `mode` is what the first cell of every screen says.

    Subclasses override `feed`, which brings events until it is cancelled or the source ends. `on_event` lets a front
    end hear of each event (plain lines); screens read `world.dirty` instead.
    """

    mode = "OBSERVE"
    by_hand: "ByHand | None" = None
    """What a person can do to controllers that run, in active mode."""
    chooses_catalogue = False
    """Whether prices are those of the shipped catalogue that suits the cluster, as no cloud is asked."""

    def __init__(
        self, options: Options | None = None, record: Path | None = None, region: str = DEFAULT_REGION
    ) -> None:
        self.world = World(options)
        self.on_event: Callable[[events.Event], None] | None = None
        self.ended = asyncio.Event()
        self.failure: str = ""
        self.connection: Connection | None = None
        """For reading single objects while somebody looks at them; None for a recording."""
        self.history: History | None = None
        """What was, for looking back; None until somebody wants it kept."""
        self.watch: Watch | None = None
        """What shadow mode foresees and judges; None in the other modes."""
        self.bundles: Bundles | None = None
        """Where evidence is kept; None for nowhere."""
        self.costs: Path | None = None
        """The folder in which what the cluster costs is kept between runs; None for nowhere."""
        self.region = region
        self._told: set[tuple[str, str, bool]] = set()
        self._record = record
        self._writer: RecordingWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def context(self) -> str:
        """The kubeconfig's context that is watched, "" where there is none or it is not known yet."""
        return ""

    @property
    def namespace(self) -> str:
        """The namespace whose pods alone are read, "" for all."""
        return ""

    @property
    def catching_up(self) -> bool:
        """Whether what comes in now is no news: it lies before the place where a replay begins."""
        return False

    def now(self) -> float:
        """The clock of what is being watched, epoch seconds."""
        return time.time()

    @property
    def recording(self) -> bool:
        """Whether raw objects must be kept for a recording."""
        return self._record is not None

    def sink(self, event: events.Event) -> None:
        """The one way in: into the recording, then into the World, then to whoever listens."""
        if self._record is not None:
            self._write(event)
        self.take_in(event)
        if self.on_event is not None:
            self.on_event(event)
        if self.chooses_catalogue and isinstance(event, events.ObjectSeen) and event.resource != "pods":
            self._choose_catalogue(event)

    def take_in(self, event: events.Event) -> None:
        """Into the World and its history, and no further: what a recording shall not have."""
        self.world.apply(event)
        if self.history is not None:
            self.history.note(event)

    def _choose_catalogue(self, event: events.ObjectSeen) -> None:
        """Prices follow what the cluster shows of itself; a node tells something only by its zone and its type."""
        if event.resource == "nodes":
            node = event.object
            known = (node.zone, node.instance_type, bool(node.node_pool))
            if known in self._told or event.change is events.Change.DELETED:
                return
            self._told.add(known)
        elif event.resource != "nodepools" and not event.resource.endswith("nodeclasses"):
            return
        catalogue = catalogue_for(self.world, self.region)
        if catalogue is not self.world.catalogue:
            self.sink(events.CatalogueSeen(event.at, catalogue))

    def keep_history(self) -> None:
        """Keep what happens from now on, so that one can look back at any second of it."""
        self.history = self.history or History(self.world)

    @property
    def outline(self) -> Outline | None:
        """Beginning and end of what is played, and what is marked there; None where nobody knows what comes."""
        return None

    def seek(self, at: float) -> None:
        """Play on from this time at once, where it lies ahead; what is live cannot be hurried."""

    def planner(self) -> Planner:
        """The planner of this run; a mode that acts overrides this to carry decisions out."""
        return Planner(self.world, self.sink, self.now)

    def surveyor(self) -> Surveyor:
        """Who finds out why every node is still there."""
        return Surveyor(self.world, self.sink, self.now)

    async def feed(self) -> None:
        """Bring events."""
        raise Failure(f"{type(self).__name__} has no source of events")

    def advance(self) -> None:
        """The one key that steps a story; modes without a story ignore it."""

    @property
    def paused(self) -> bool:
        """Whether time itself stands still, in the cluster and not only on the screen."""
        return False

    async def fetch(self, resource: str, key: str) -> dict[str, Any] | None:
        """An object as the API server has it, or None where there is none to ask. Raises Failure."""
        from karptui.kube.decode import RESOURCES
        from karptui.kube.errors import KubeError

        if resource == "nodeclasses":  # kept together here, but each kind is a resource of its own: ec2nodeclasses
            kind, _, key = key.partition("/")
            resource = f"{kind.lower()}es"
        known = RESOURCES.get(resource)
        if self.connection is None or known is None:
            return None
        namespace, _, name = key.rpartition("/")
        try:
            answer = await self.connection.request("GET", f"{known.path(known.versions[0], namespace)}/{name}")
        except KubeError as error:
            raise Failure(str(error)) from error
        return msgspec.json.decode(answer)

    async def pause(self, paused: bool) -> None:
        """Stop or start time; only a cluster of karptui's own can."""

    async def start(self) -> None:
        """Begin to feed the World and to plan; returns at once."""
        quiet_collection()
        keep_large_blocks_apart()
        self.spawn(self._keep_small())
        if self._record is not None:
            check_writable(self._record)
            self.spawn(self._flush())
        self.spawn(self._feed_to_the_end())
        self.spawn(self.planner().run())
        self.spawn(self.surveyor().run())
        if self.costs is not None:
            self.spawn(KeptBill(self, self.costs).run())

    async def stop(self) -> None:
        """Cancel everything, wait for it, finish the recording."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the rest until `stop`; if it fails, the run has failed and says why."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        self.failure = str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
        self.sink(events.Problem(self.now(), "karptui", self.failure))
        self.ended.set()

    async def _keep_small(self) -> None:
        """Take what the first lists brought out of the garbage collector's sight, then give back what is free."""
        while not self.world.synced():
            await asyncio.sleep(0.1)
            set_aside()
        while True:
            await asyncio.sleep(GIVE_BACK_SECONDS)
            give_back()

    async def _feed_to_the_end(self) -> None:
        await self.feed()
        self.ended.set()

    def _write(self, event: events.Event) -> None:
        try:
            self._write_line(event)
        except OSError as error:
            path, self._record, self._writer = self._record, None, None
            words = f"the recording {path} ends here: {error.strerror or error}; make room and start it again"
            self.sink(events.Problem(self.now(), "recording", words))

    def _write_line(self, event: events.Event) -> None:
        if self._writer is None:
            if not isinstance(event, events.Connected) or self._record is None:
                return
            header = Header(
                cluster=event.cluster,
                kubernetes=event.kubernetes_version,
                karpenter=event.karpenter_version,
                started=event.at,
                decisions=True,
            )
            self._writer = RecordingWriter(self._record, header)
        self._writer.write(event)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                if self._writer is not None:
                    self._writer.flush()
            except OSError:
                continue  # the next event says so
