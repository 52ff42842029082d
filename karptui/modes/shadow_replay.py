"""Shadow mode over a recording, for a screen: judged as it would have been live, as fast as that goes or at a pace."""

import asyncio
import time
from pathlib import Path

from karptui.cloud.catalogue import DEFAULT_REGION
from karptui.modes.run import Run
from karptui.modes.shadow import Chosen, judging
from karptui.shadow.inputs import AVAILABILITY, SETTINGS, VERSION, settings_text
from karptui.shadow.metrics import told_by, with_told
from karptui.shadow.recorded import Scraped, recorded_events
from karptui.shadow.watch import Watch
from karptui.world import events
from karptui.world.planning import Planner

TURN_SECONDS = 0.02
"""Seconds of work after which the screen gets a turn."""
_DECIDED = (events.DecisionMade, events.DecisionCarriedOut, events.PredictionJudged)


class ShadowReplay(Run):
    """Reads our own recordings and raw watch lines. Without a `speed` it is as fast as it can be judged."""

    mode = "SHADOW"

    def __init__(self, path: Path, speed: float | None = None, region: str = DEFAULT_REGION) -> None:
        super().__init__(region=region)
        self.watch = self._watch = Watch(self.world, super().sink)
        self._path, self._speed = path, speed
        self._chosen = Chosen(region)
        self._at = 0.0
        self._began: tuple[float, float] | None = None
        self._turn = 0.0

    def now(self) -> float:
        """The time in the recording."""
        return self._at

    def planner(self) -> Planner:
        """Only previews: what is decided is Karpenter's."""
        return Planner(self.world, self.sink, self.now, decides=False)

    async def start(self) -> None:
        """Begin; returns at once."""
        await super().start()
        self.spawn(judging(self._watch.observer))

    async def feed(self) -> None:
        """Every event in order, each foreseen before it is taken in; then what is still open."""
        for entry in recorded_events(self._path):
            await self._pace(entry.at)
            self._at = max(self._at, entry.at)
            if isinstance(entry, Scraped):
                self._scraped(entry)
            elif not isinstance(entry, _DECIDED):  # what an earlier shadow said is not said again
                self._take(entry)
        self._watch.observer.finish()
        while self._watch.observer.judge.waiting:
            await asyncio.sleep(TURN_SECONDS)
        self._catch_up()

    def _take(self, event: events.Event) -> None:
        observer = self._watch.observer
        observer.before(event)
        self.sink(event)
        observer.after(event)
        self._chosen.prepare(event, self.world, self.take_in)
        if isinstance(event, events.SettingsSeen):
            self._watch.inputs.tell(VERSION, event.options.karpenter_version, "the recording", event.at)
            self._watch.inputs.tell(SETTINGS, settings_text(event.options), "the recording", event.at)
        self._catch_up()

    def _catch_up(self) -> None:
        _, cases = self._watch.catch_up()
        if cases and self.bundles is not None:
            self.bundles.take([case.entry for case in cases if case.entry is not None], self._watch.observer.pairs)

    def _scraped(self, entry: Scraped) -> None:
        told = told_by(entry.text)
        self._watch.observer.karpenters = with_told(self.world.catalogue, told, entry.at)
        if told.available:
            gone = sum(not available for available in told.available.values())
            text = f"{len(told.available):,} offerings, {gone:,} not available"
            self._watch.inputs.tell(AVAILABILITY, text, "Karpenter's metrics", entry.at)

    async def _pace(self, at: float) -> None:
        """Wait until it is time, and let the screen have its turn."""
        if self._speed is not None:
            if self._began is None:
                self._began = (at, time.monotonic())
            delay = (at - self._began[0]) / self._speed - (time.monotonic() - self._began[1])
            if delay > 0:
                await asyncio.sleep(delay)
        if time.monotonic() - self._turn >= TURN_SECONDS:
            await asyncio.sleep(0)
            self._turn = time.monotonic()
