"""Which nodes could go and what holds the others: what the World was told of that; where nobody tells it, as over a
recording, the engine is asked beside the screen while somebody looks."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from karptui.engine.disruption import Survey
    from karptui.model.disruption import Command, Held
    from karptui.model.snapshot import Snapshot
    from karptui.tui.subject import Subject
    from karptui.world.world import World

LEAST_PAUSE = 5.0
"""Seconds between two surveys at least."""
PAUSE_SHARE = 15.0
"""What a survey costs is waited this many times over."""


class Surveying:
    """`latest` with the time it is of, and `snapshot`, in which its objects are; all None before the first."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.latest: Survey | None = None
        self.at = 0.0
        self.snapshot: Snapshot | None = None
        self.fault = ""
        self._told = told
        self._not_before = 0.0
        self._running = False
        self._asked_for = 0

    def forget(self) -> None:
        """Another World is shown: what was found out is not about it."""
        self.latest, self.snapshot, self.fault = None, None, ""
        self._not_before = 0.0
        self._asked_for += 1

    def outcome(self, world: "World", subject: "Subject") -> "Command | Held | None":
        """What the latest survey says of a node; None for anything else."""
        from karptui.views.lists.open_savings import holding

        return holding(world, subject.key, self.latest) if subject.kind == "node" else None

    def ask(self, world: "World", now: float) -> None:
        """Take what the World knows; else survey it, if it changed since the last time and that is long enough ago."""
        if (known := world.surveyed) is not None:
            if known.survey is not self.latest:
                self.latest, self.at, self.snapshot = known.survey, known.at, world.snapshot(known.at)
            return
        stale = self.snapshot is None or self.snapshot.number != world.number or now - self.at > 30.0
        if self._running or not stale or monotonic() < self._not_before or not world.synced():
            return
        self._running = True
        asyncio.get_running_loop().create_task(self._survey(world.snapshot(now)))

    async def _survey(self, snapshot: "Snapshot") -> None:
        from karptui.engine.disruption import survey

        begun, asked_for = monotonic(), self._asked_for
        try:
            found = await asyncio.to_thread(survey, snapshot)
            self.fault = ""
            if asked_for != self._asked_for:
                return
            if not found.deferred or self.latest is None:
                self.latest, self.at, self.snapshot = found, snapshot.now, snapshot
        except Exception as error:  # a fault of the engine must not end the screen
            self.fault = f"the survey failed ({type(error).__name__}: {error})"
        finally:
            took = monotonic() - begun
            if asked_for == self._asked_for:
                self._not_before = monotonic() + max(LEAST_PAUSE, PAUSE_SHARE * took)
            self._running = False
            self._told()
