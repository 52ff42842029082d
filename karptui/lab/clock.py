"""Lab time: seconds that may run faster than real ones, and stand still."""

from __future__ import annotations

import asyncio
import time
from typing import TypedDict


class ClockState(TypedDict):
    """What another process needs to keep the same lab time: at wall time `wall` (epoch seconds) it was `lab`."""

    lab: float
    wall: float
    speed: float
    paused: bool


class Clock:
    """Lab time in epoch seconds.

    `start` is the lab time at which the clock begins (default: now). `speed` is lab seconds per real second and must
    be above zero. Changes of speed and pauses reach sleepers at once.
    """

    def __init__(self, *, start: float | None = None, speed: float = 1.0) -> None:
        self._lab = time.time() if start is None else start
        self._since = time.monotonic()
        self._speed = _checked(speed)
        self._paused = False
        self._sleepers: set[asyncio.Future[None]] = set()

    def now(self) -> float:
        """The lab time, epoch seconds."""
        if self._paused:
            return self._lab
        return self._lab + (time.monotonic() - self._since) * self._speed

    @property
    def speed(self) -> float:
        """Lab seconds per real second."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        return self._paused

    def set_speed(self, speed: float) -> None:
        """Run at `speed` lab seconds per real second from now on. Raises ValueError unless it is above zero."""
        checked = _checked(speed)
        self._settle()
        self._speed = checked
        self._wake()

    def pause(self) -> None:
        """Stand still: `sleep` does not end any more."""
        self._settle()
        self._paused = True
        self._wake()

    def resume(self) -> None:
        """Go on from where the clock stood."""
        self._settle()
        self._paused = False
        self._wake()

    def state(self) -> ClockState:
        """What `adopt` needs, in this process or another."""
        return {"lab": self.now(), "wall": time.time(), "speed": self._speed, "paused": self._paused}

    def adopt(self, state: ClockState) -> None:
        """Keep the time of the clock that gave `state`."""
        speed = _checked(state["speed"])
        elapsed = 0.0 if state["paused"] else (time.time() - state["wall"]) * speed
        self._lab, self._since = state["lab"] + elapsed, time.monotonic()
        self._speed, self._paused = speed, bool(state["paused"])
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Sleep for lab seconds; while the clock is paused this does not end."""
        until = self.now() + seconds
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        while (left := until - self.now()) > 0:
            changed: asyncio.Future[None] = loop.create_future()
            self._sleepers.add(changed)
            try:
                await asyncio.wait((changed,), timeout=None if self._paused else left / self._speed)
            finally:
                self._sleepers.discard(changed)

    def _settle(self) -> None:
        """Fix the time reached so far, before something about its flow changes."""
        self._lab, self._since = self.now(), time.monotonic()

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)


def _checked(speed: float) -> float:
    if not speed > 0:
        raise ValueError(f"a clock's speed must be above zero, not {speed}")
    return float(speed)
