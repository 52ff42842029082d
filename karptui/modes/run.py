"""What every way of using karptui has in common: a World, one sink for events, a clock, and tasks that feed it."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from karptui.failure import Failure
from karptui.model.snapshot import Options
from karptui.world import events
from karptui.world.planning import Planner
from karptui.world.recording import Header, RecordingWriter
from karptui.world.world import World

FLUSH_SECONDS = 1.0  # what a crash may cost a recording


class Run:
    """A World that is being fed. `mode` is what the first cell of every screen says.

    Subclasses override `feed`, which brings events until it is cancelled or the source ends. `on_event` lets a front
    end hear of each event (plain lines); screens read `world.dirty` instead.
    """

    mode = "OBSERVE"

    def __init__(self, options: Options | None = None, record: Path | None = None) -> None:
        self.world = World(options)
        self.on_event: Callable[[events.Event], None] | None = None
        self.ended = asyncio.Event()
        self.failure: str = ""
        self._record = record
        self._writer: RecordingWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

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
        self.world.apply(event)
        if self.on_event is not None:
            self.on_event(event)

    def planner(self) -> Planner:
        """The planner of this run; a mode that acts overrides this to carry decisions out."""
        return Planner(self.world, self.sink, self.now)

    async def feed(self) -> None:
        """Bring events."""
        raise Failure(f"{type(self).__name__} has no source of events")

    def advance(self) -> None:
        """The one key that steps a story; modes without a story ignore it."""

    async def start(self) -> None:
        """Begin to feed the World and to plan; returns at once."""
        gc.set_threshold(50_000, 20, 100)  # full collections over a large cluster stall the screen
        self.spawn(self._feed_to_the_end())
        self.spawn(self.planner().run())
        if self._record is not None:
            self.spawn(self._flush())

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

    async def _feed_to_the_end(self) -> None:
        await self.feed()
        self.ended.set()

    def _write(self, event: events.Event) -> None:
        if self._writer is None:
            if not isinstance(event, events.Connected) or self._record is None:
                return
            header = Header(
                cluster=event.cluster,
                kubernetes=event.kubernetes_version,
                karpenter=event.karpenter_version,
                started=event.at,
            )
            self._writer = RecordingWriter(self._record, header)
        self._writer.write(event)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._writer is not None:
                self._writer.flush()
