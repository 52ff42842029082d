"""Asks the engine why every node is still there, whenever the World has changed, in a thread and not too often."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import thread_time

from karptui.engine.disruption.kept import Kept
from karptui.engine.disruption.survey import blocked_savings
from karptui.model.disruption import Survey
from karptui.model.snapshot import Snapshot
from karptui.world import events
from karptui.world.world import World

LOOK_INTERVAL = 0.5  # real seconds between two looks at whether anything has changed
LEAST_INTERVAL = 3.0  # real seconds between two surveys at most: what a person can follow
SHARE = 40.0  # surveys may take a fortieth of a core: what they cost is waited this many times over


class Surveyor:
    """Turns Snapshots of a World into `Surveyed` events. `now` is the clock of the cluster (epoch seconds)."""

    def __init__(self, world: World, sink: Callable[[events.Event], None], now: Callable[[], float]) -> None:
        self._world = world
        self._sink = sink
        self._now = now
        self._kept = Kept()
        self._engine = ThreadPoolExecutor(1, thread_name_prefix="survey")
        self._told: Survey | None = None
        self._number = -1
        self._not_before = 0.0
        self._cost = 0.0  # seconds of CPU that the latest survey took
        self._fault = ""

    async def run(self) -> None:
        """Survey until cancelled."""
        try:
            while True:
                await self.step()
                await asyncio.sleep(LOOK_INTERVAL)
        finally:
            self._engine.shutdown(wait=False, cancel_futures=True)

    async def step(self) -> bool:
        """Look once; whether the engine was asked."""
        loop = asyncio.get_running_loop()
        if not self._world.synced() or not self._world.of("nodes") or loop.time() < self._not_before:
            return False
        snapshot = self._world.snapshot(self._now())
        if self._number == self._world.number and self._kept.still_holds(snapshot):
            return False
        await self.ask(snapshot)
        return True

    async def ask(self, snapshot: Snapshot | None = None) -> None:
        """Survey now: for commands that look once."""
        loop = asyncio.get_running_loop()
        asked = snapshot if snapshot is not None else self._world.snapshot(self._now())
        began = loop.time()
        try:
            found, owed = await loop.run_in_executor(self._engine, self._survey, asked)
        except Exception as error:  # a fault of the engine must not end the watching
            fault = f"the survey of nodes failed ({type(error).__name__}: {error}): their notes are those of before"
            if fault != self._fault:
                self._fault = fault
                self._sink(events.Problem(asked.now, "engine", fault))
            return
        finally:
            seconds = loop.time() - began
            self._number = asked.number
            self._not_before = loop.time() + max(LEAST_INTERVAL, SHARE * self._cost)
        if found is not self._told:
            self._told = found
            self._sink(events.Surveyed(asked.now, found, owed, asked.number, seconds))

    def _survey(self, snapshot: Snapshot) -> tuple[Survey, dict[str, float]]:
        began = thread_time()  # on a busy machine it may take much longer than it costs
        try:
            found = self._kept.survey(snapshot)
            return found, blocked_savings(snapshot, found)
        finally:
            self._cost = thread_time() - began
