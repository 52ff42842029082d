"""Replay: the same World, fed from a recording, by a clock that a person can speed up."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.failure import Failure
from karptui.kube.decode_recorded import decode_recorded
from karptui.model.snapshot import Options
from karptui.modes.run import Run
from karptui.world import events
from karptui.world.outline import Outline
from karptui.world.planning import Planner
from karptui.world.recording import Recording

BURST = 500  # events taken in before the screen gets a turn
LOOK_SECONDS = 0.02
"""Of the recording's time, between two looks at what waits while it is taken in at once."""
MOST_ENGINE_SECONDS = 20.0
"""What the engine may take to decide what was due in a part that is taken in at once."""


class Replay(Run):
    """Plays `path` at `speed` times its own pace, from `start` seconds after its beginning."""

    mode = "REPLAY"
    chooses_catalogue = True

    def __init__(
        self,
        path: Path,
        speed: float = 1.0,
        start: float = 0.0,
        options: Options | None = None,
        region: str = DEFAULT_REGION,
    ) -> None:
        super().__init__(options, region=region)
        self._recording = Recording(path, decode_recorded)
        self._speed = speed
        self._skip = start
        self._at = self._recording.header.started
        self._anchor: tuple[float, float] | None = None
        self._over = False
        self._sought = 0.0
        self._woken = asyncio.Event()
        self._outline: Outline | None = None
        self._planner: Planner | None = None
        self._engine_seconds = 0.0
        self._looked = 0.0

    @property
    def started(self) -> float:
        """When the recording begins, epoch seconds."""
        return self._recording.header.started

    async def look(self, until: float | None = None) -> None:
        """Take in everything up to a moment (epoch seconds; None: to the end) at once, for commands that answer and
        end. Decides what that moment asks for, unless karptui decided then. Raises Failure for a moment not in it.
        """
        begun = reached = False
        for event in self._recording.read():
            if until is not None and event.at > until:
                reached = True
                break
            if not begun and not isinstance(event, events.Connected):
                begun = True
                self._assume_live(event)
            self._at = max(self._at, event.at)
            self.sink(event)
        if until is not None:
            if until < self.started or not reached:
                began, ended = (datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S") for at in (self.started, self._at))
                raise Failure(f"that moment is not in the recording, which goes from {began} to {ended} UTC")
            self._at = until
        if self._recording.problem:
            self.sink(events.Problem(self.now(), "recording", self._recording.problem))
        if not self._recording.header.decisions:
            await self.planner().decide()
        await self.surveyor().ask()

    @property
    def catching_up(self) -> bool:
        """Until the place is reached from which on it plays."""
        return self._skip > 0 and self._anchor is None and not self._over

    def now(self) -> float:
        """The time in the recording: that of the last event, carried on at the chosen speed until the end."""
        if self._anchor is None:
            return self._at
        recorded, real = self._anchor
        return recorded + (time.monotonic() - real) * self._speed

    def planner(self) -> Planner:
        """Decides as if it were then, unless karptui decided then."""
        if self._planner is None:
            decides = not self._recording.header.decisions
            self._planner = Planner(self.world, self.sink, self.now, decides=decides)
        return self._planner

    @property
    def outline(self) -> Outline | None:
        """Of the whole recording, as soon as it is read through."""
        return self._outline

    def seek(self, at: float) -> None:
        """Take in at once what lies before this time, and play on from there."""
        if at > self.now() and not self._over:
            self._sought, self._at, self._anchor = at, max(self._at, self.now()), None
            self._woken.set()

    async def start(self) -> None:
        """Begin, and find out how far it reaches."""
        await super().start()
        self.spawn(self._look_through())

    async def _look_through(self) -> None:
        self._outline = await asyncio.to_thread(self._recording.outline)

    async def feed(self) -> None:
        """Play to the end. What lies before `start` is taken in at once."""
        begun: float | None = None
        taken = 0
        for event in self._recording.read():
            if isinstance(event, events.Connected):
                self.sink(event)
                continue
            if begun is None:
                begun = event.at
                self._assume_live(event)
            if event.at >= max(begun + self._skip, self._sought):
                self._engine_seconds = 0.0
                self.planner().led = False
                await self._wait_for(event.at)
            else:
                await self._decide_before(event)
            self._at = max(self._at, event.at)
            self.sink(event)
            taken += 1
            if taken % BURST == 0:
                await asyncio.sleep(0)
        self._anchor, self._over = None, True
        self.planner().led = False
        if self._recording.problem:
            self.sink(events.Problem(self.now(), "recording", self._recording.problem))

    async def _decide_before(self, event: events.Event) -> None:
        """What was due before an event that is taken in at once: who looks back finds what was decided then."""
        planner = self.planner()
        if not planner.decides or self._engine_seconds >= MOST_ENGINE_SECONDS:
            return
        planner.led = True
        overtaken = (
            isinstance(event, events.ObjectSeen)
            and event.resource == "nodeclaims"
            and event.object.key not in self.world.of("nodeclaims")
        )
        if event.at - self._looked < LOOK_SECONDS and not overtaken:
            return
        self._looked = event.at
        began = time.monotonic()
        if await planner.pass_time(event.at, overtaken):
            self._engine_seconds += time.monotonic() - began
            if self._engine_seconds >= MOST_ENGINE_SECONDS:
                after = datetime.fromtimestamp(self._at, UTC).strftime("%H:%M:%S")
                words = (
                    f"deciding what was due before took too long: nothing is decided from {after} UTC to where it plays"
                )
                self.sink(events.Problem(self._at, "replay", words))

    def _assume_live(self, first: events.Event) -> None:
        """A recording that does not say how its streams stand is taken for whole."""
        if not isinstance(first, events.StreamChanged):
            for resource in ("pods", "nodes", "nodeclaims", "nodepools"):
                self.sink(events.StreamChanged(first.at, resource, events.StreamState.LIVE))

    async def _wait_for(self, at: float) -> None:
        if self._anchor is None:
            self._anchor = (at, time.monotonic())
        self._woken.clear()
        while (delay := (at - self.now()) / self._speed) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), delay)
            if self._anchor is not None:
                continue
            if at < self._sought:
                return
            self._woken.clear()
            self._anchor = (self._sought, time.monotonic())
