"""Many points on several clusters at once: a cluster waits most of the time, so two cores keep four of them busy."""

import asyncio
import os
import random
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from tests.chaos.death import Point
from tests.chaos.story import ACTS, Outcome

SPEED = 20.0
SECOND_SPEED = 6.0
"""For a point that was not brought to an end: on a busy machine a fast clock runs past what a slow process can do."""
FRESH = 40
"""Acts on one cluster: moto remembers every instance that ever was, and looks through all of them at each question."""
ANSWER_SECONDS = 1500.0  # real ones, after which a worker counts as lost


class Played(msgspec.Struct):
    """A point and what became of it. `first` is why it was played twice, "" if it was not."""

    outcome: Outcome
    seconds: float
    first: str = ""


class Worker:
    """A process with a cluster of its own, started when first asked and again after a fault."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._speed = 0.0
        self._played = 0

    async def play(self, act: str, point: Point | None, speed: float = SPEED) -> Outcome:
        """One act; never raises for what goes wrong in it."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(act, point, speed)
        except (TimeoutError, OSError, msgspec.DecodeError) as error:
            await self.stop()
            words = f"at {point or 'no death'}: the worker gave no answer ({type(error).__name__})"
            return Outcome(act, point, died=False, calls=0, where="", evictions=0, faults=[words])

    async def stop(self) -> None:
        """End the process and its cluster."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _ask(self, act: str, point: Point | None, speed: float) -> Outcome:
        if self._process is None or self._speed != speed or self._played >= FRESH:
            await self.stop()
            self._speed, self._played = speed, 0
            command = (sys.executable, "-m", "tests.chaos.worker", str(speed))
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        self._played += 1
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode([act, point]) + b"\n")
        await self._process.stdin.drain()
        outcome = msgspec.json.decode(await self._process.stdout.readline(), type=Outcome)
        if outcome.faults:
            await self.stop()
        return outcome


def points_of(calls: Mapping[str, int], most: int | None) -> list[Point]:
    """Before and after each call of each act, or `most` of them spread evenly; in an order in which every part of
    every act is all over."""
    every = [
        Point(act, moment, number)
        for act, count in calls.items()
        for number in range(1, count + 1)
        for moment in ("before", "after")
    ]
    if most is not None and most < len(every):
        every = [every[index * len(every) // most] for index in range(most)]
    random.Random(6).shuffle(every)
    return every


async def campaign(points: Sequence[Point], workers: int, tell: Callable[[Played], None]) -> list[Played]:
    """Play every point; `tell` hears of each as it ends. A worker goes through the acts in their order, as each begins
    where the one before it ends."""
    todo: dict[str, list[Point]] = {act: [] for act in ACTS}
    for point in points:
        todo[point.act].append(point)
    played: list[Played] = []

    async def work() -> None:
        worker = Worker()
        try:
            while any(todo.values()):
                for left in todo.values():
                    if left:
                        found = await _played(worker, left.pop())
                        played.append(found)
                        tell(found)
        finally:
            await worker.stop()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(work())
    return played


async def _played(worker: Worker, point: Point) -> Played:
    began = time.monotonic()
    outcome, first = await worker.play(point.act, point), ""
    if outcome.faults and not harm(outcome):
        first = "; ".join(outcome.faults)
        again = await worker.play(point.act, point, SECOND_SPEED)
        outcome = replace(again, evictions=again.evictions + outcome.evictions)
    return Played(outcome, time.monotonic() - began, first)


def harm(outcome: Outcome) -> list[str]:
    """Faults that no slowness excuses: something leaked, was launched twice or went past a budget."""
    return [fault for fault in outcome.faults if leak(fault) or double(fault) or breach(fault)]


def leak(fault: str) -> bool:
    """An instance without a claim, or the other way round."""
    return "without a" in fault


def double(fault: str) -> bool:
    """More than one instance for a claim."""
    return "instances for the NodeClaim" in fault


def breach(fault: str) -> bool:
    """A pod that went past its PodDisruptionBudget."""
    return "past its budget" in fault


def polite() -> None:
    """Leave the machine to others: an hour of this is no hurry."""
    os.nice(10)
