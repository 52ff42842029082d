"""Calls that are due at a lab time, kept in one heap so that a thousand of them cost one sleeping task."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from karptui.lab.clock import Clock


class Timers:
    """Runs callbacks when the lab clock reaches their time; `run` must be running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._earlier = asyncio.Event()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` in so many lab seconds."""
        due = self._clock.now() + seconds
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, call))
        if self._heap[0][0] == due:
            self._earlier.set()

    async def run(self) -> None:
        """Make the calls when they are due, for ever."""
        while True:
            self._earlier.clear()
            if not self._heap:
                await self._earlier.wait()
                continue
            left = self._heap[0][0] - self._clock.now()
            if left > 0:
                await self._wait(left)
                continue
            heapq.heappop(self._heap)[2]()

    async def _wait(self, seconds: float) -> None:
        """Until that long has passed or something earlier was added."""
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        earlier = asyncio.ensure_future(self._earlier.wait())
        try:
            await asyncio.wait((sleeping, earlier), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            earlier.cancel()
