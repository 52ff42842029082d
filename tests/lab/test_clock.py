"""Lab time."""

import asyncio

import pytest

from karptui.lab.clock import Clock


async def test_a_fast_clock_sleeps_shortly() -> None:
    clock = Clock(start=100.0, speed=10_000.0)
    before = clock.now()
    await asyncio.wait_for(clock.sleep(1_000), 30)
    assert clock.now() - before >= 1_000


async def test_a_paused_clock_stands_still_and_its_sleepers_wait() -> None:
    clock = Clock(start=100.0, speed=1_000.0)
    clock.pause()
    stood = clock.now()
    sleeper = asyncio.create_task(clock.sleep(1))
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert not sleeper.done() and clock.now() == stood
    clock.resume()
    await asyncio.wait_for(sleeper, 30)


async def test_a_change_of_speed_reaches_sleepers() -> None:
    clock = Clock(speed=0.001)
    sleeper = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    clock.set_speed(1_000_000.0)
    await asyncio.wait_for(sleeper, 30)


async def test_another_clock_can_keep_the_same_time() -> None:
    clock, other = Clock(start=0.0), Clock()
    clock.pause()
    other.adopt(clock.state())
    assert other.now() == clock.now() and other.paused


def test_a_clock_cannot_run_backwards() -> None:
    for speed in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="above zero"):
            Clock(speed=speed)
