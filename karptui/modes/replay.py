"""Replay: the same World, fed from a recording, by a clock that a person can speed up."""

import asyncio
import time
from pathlib import Path

from karptui.cloud.catalogue import shipped
from karptui.kube.decode import decode_object
from karptui.model.snapshot import Options
from karptui.modes.run import Run
from karptui.world import events
from karptui.world.recording import Recording

BURST = 500  # events taken in before the screen gets a turn


class Replay(Run):
    """Plays `path` at `speed` times its own pace, from `start` seconds after its beginning."""

    mode = "REPLAY"

    def __init__(self, path: Path, speed: float = 1.0, start: float = 0.0, options: Options | None = None) -> None:
        super().__init__(options)
        self._recording = Recording(path, lambda resource, raw: decode_object(resource, raw))
        self._speed = speed
        self._skip = start
        self._at = self._recording.header.started
        self._anchor: tuple[float, float] | None = None

    def now(self) -> float:
        """The time in the recording: that of the last event, carried on at the chosen speed."""
        if self._anchor is None:
            return self._at
        recorded, real = self._anchor
        return recorded + (time.monotonic() - real) * self._speed

    async def feed(self) -> None:
        """Play to the end. What lies before `start` is taken in at once."""
        first: float | None = None
        taken = 0
        self.sink(events.CatalogueSeen(self._recording.header.started, shipped()))
        for event in self._recording.events():
            if isinstance(event, events.Connected):
                self.sink(event)
                continue
            if first is None:
                first = event.at
                for resource in ("pods", "nodes", "nodeclaims", "nodepools"):
                    self.sink(events.StreamChanged(event.at, resource, events.StreamState.LIVE))
            if event.at >= first + self._skip:
                await self._wait_for(event.at)
            self._at = max(self._at, event.at)
            self.sink(event)
            taken += 1
            if taken % BURST == 0:
                await asyncio.sleep(0)
        if self._recording.problem:
            self.sink(events.Problem(self.now(), str(self._recording.path), self._recording.problem))

    async def _wait_for(self, at: float) -> None:
        if self._anchor is None:
            self._anchor = (at, time.monotonic())
        delay = (at - self.now()) / self._speed
        if delay > 0:
            await asyncio.sleep(delay)
