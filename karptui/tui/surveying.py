"""Asks the engine, beside the screen, which nodes could go and what holds the others, while somebody looks at that."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from karptui.engine.disruption import Survey
    from karptui.model.snapshot import Snapshot
    from karptui.world.world import World

LEAST_PAUSE = 5.0
"""Seconds between two surveys at least."""
PAUSE_SHARE = 15.0
"""What a survey costs is waited this many times over."""


class Surveying:
    """`latest` is of `snapshot`; both None before the first. `ask` starts another one when it is time for it."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.latest: Survey | None = None
        self.snapshot: Snapshot | None = None
        self.fault = ""
        self._told = told
        self._not_before = 0.0
        self._running = False

    def ask(self, world: "World", now: float) -> None:
        """Survey the world if it changed since the last time and that is long enough ago."""
        stale = self.snapshot is None or self.snapshot.number != world.number or now - self.snapshot.now > 30.0
        if self._running or not stale or monotonic() < self._not_before or not world.synced():
            return
        self._running = True
        asyncio.get_running_loop().create_task(self._survey(world.snapshot(now)))

    async def _survey(self, snapshot: "Snapshot") -> None:
        from karptui.engine.disruption import survey

        begun = monotonic()
        try:
            found = await asyncio.to_thread(survey, snapshot)
            self.fault = ""
            if not found.deferred or self.latest is None:
                self.latest, self.snapshot = found, snapshot
        except Exception as error:  # a fault of the engine must not end the screen
            self.fault = f"the survey failed ({type(error).__name__}: {error})"
        finally:
            took = monotonic() - begun
            self._not_before = monotonic() + max(LEAST_PAUSE, PAUSE_SHARE * took)
            self._running = False
            self._told()
