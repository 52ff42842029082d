"""What the screen costs beside a large cluster, at 120x36, with everything it writes made but not sent anywhere.

CPU is that of a second told by the bench itself: ten ticks with a tenth of the changes before each, the least of three.
It does not depend on what else the machine does. How late the event loop comes back is measured in a run of its own,
by the clock on the wall, as the sleeper that measures it costs CPU too.
"""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Iterator
from itertools import cycle

from msgspec.structs import replace
from textual.drivers.headless_driver import HeadlessDriver

from karptui.kube.decode import RESOURCES, decoded
from karptui.kube.garbage import THRESHOLDS
from karptui.model.pod import Pod
from karptui.modes.run import Run
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world import events
from tests.bench.fleet import fleet

PODS = 20_000
SECONDS = 4
"""Told in each of three rounds; the run that measures the lag takes as many on the wall."""

SCREENS = {"1": "Overview", "2": "Pods", "4": "Decisions", "8": "Log"}
RATES = (0, 200, 1_000)
TARGETS = {0: 0.03, 200: 0.10, 1_000: 0.25}
STARTED = 1_795_264_142.0
LEAVES = 20
"""Every so many changes a pod goes back to waiting; it is bound again two such changes later."""


class Silent(HeadlessDriver):
    """Takes what would go to a terminal, and counts it."""

    written = 0

    @property
    def is_headless(self) -> bool:
        """Textual makes nothing for a headless one."""
        return False

    def write(self, data: str) -> None:
        """Count."""
        Silent.written += len(data.encode())


class Fed(Run):
    """A cluster that is there at once; its clock and its changes are told."""

    mode = "OBSERVE"
    chooses_catalogue = True

    def __init__(self) -> None:
        super().__init__()
        self.at = STARTED
        pods: list[Pod] = []
        for name, held in fleet(PODS).items():
            kind = RESOURCES[name]
            for raw in held:
                found = decoded(kind, memoryview(raw), kind.versions[0])
                self.sink(events.ObjectSeen(self.at, name, events.Change.ADDED, found))
                if name == "pods" and found.node_name:
                    pods.append(found)
            self.sink(events.StreamChanged(self.at, name, events.StreamState.LIVE))
        self.changes = self._changes(pods)

    def now(self) -> float:
        """As told."""
        return self.at

    async def start(self) -> None:
        """No planner: what the engine costs is measured elsewhere."""

    def _changes(self, pods: list[Pod]) -> Iterator[None]:
        waiting: list[Pod] = []
        for number, pod in enumerate(cycle(pods)):
            changed = replace(pod)
            if number % LEAVES == 0:
                waiting.append(pod)
                changed = replace(pod, phase="Pending", node_name="", conditions=())
            elif number % LEAVES == 1 and len(waiting) > 2:
                changed = replace(waiting.pop(0))
            self.sink(events.ObjectSeen(self.at, "pods", events.Change.MODIFIED, changed))
            yield


class Told:
    """The application with a clock that goes on when it is told to."""

    def __init__(self, run: Fed, app: Live) -> None:
        self.run, self.app, self.time = run, app, 1000.0
        app.clock._now = lambda: self.time  # pyright: ignore[reportPrivateUsage]
        app.clock.start = lambda: None  # type: ignore[method-assign]

    async def tick(self, rate: int) -> float:
        """A tenth of a second with its changes; seconds that the event loop was held up by drawing."""
        for _ in range(rate // 10):
            next(self.run.changes)
        self.time += 0.1
        self.run.at += 0.1
        begun = time.process_time()
        self.app.clock.tick()
        await asyncio.sleep(0)
        held = time.process_time() - begun
        await asyncio.sleep(0.01)
        return held

    async def cpu(self, rate: int) -> tuple[float, float, float]:
        """Share of a core, longest piece of work (CPU seconds) and bytes written a second."""
        best, longest, written = 1e9, 0.0, Silent.written
        for _ in range(3):
            begun = time.process_time()
            for _ in range(SECONDS * 10):
                longest = max(longest, await self.tick(rate))
            best = min(best, (time.process_time() - begun) / SECONDS)
        return best, longest, (Silent.written - written) / SECONDS / 3

    async def lag(self, rate: int) -> list[float]:
        """How late the event loop comes back to somebody who wanted to sleep 2 ms, sorted, by the wall."""
        seen: list[float] = []

        async def watch() -> None:
            while True:
                begun = time.perf_counter()
                await asyncio.sleep(0.002)
                seen.append(time.perf_counter() - begun - 0.002)

        watching = asyncio.create_task(watch())
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            await self.tick(rate)
            await asyncio.sleep(0.085)
        watching.cancel()
        return sorted(seen)


async def measure() -> None:
    """One line for each screen and rate; then sorting and filtering."""
    run = Fed()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    app = Live(run, load_themes([shipped_folder()]))
    told = Told(run, app)
    _say(f"{PODS:,} pods, {len(run.world.of('nodes'))} nodes, {len(run.world.pending)} pending")
    _say("screen    changes/s   CPU  target   longest tick ms  KiB/s   lag ms p50, p99, worst   RSS MiB")
    async with app.run_test(size=(120, 36)) as pilot:
        assert app._driver is not None  # pyright: ignore[reportPrivateUsage]
        app._driver.__class__ = Silent  # pyright: ignore[reportPrivateUsage]
        for key, name in SCREENS.items():
            await pilot.press(key)
            await told.tick(0)
            for rate in RATES:
                share, longest, written = await told.cpu(rate)
                lag = await told.lag(rate)
                late = " ".join(f"{lag[min(int(len(lag) * q), len(lag) - 1)] * 1e3:6.1f}" for q in (0.5, 0.99, 1.0))
                _say(
                    f"{name:<10}{rate:>9,}{share:>6.1%}{TARGETS[rate]:>8.0%}{longest * 1e3:>18.1f}"
                    f"{written / 1024:>7.1f}   {late:>23}{_peak():>10.0f}"
                )
        await pilot.press("2")
        for what, keys in {"sort by the next column": ["s"], "filter": ["/", *"service-17", "enter"]}.items():
            longest = 0.0
            for pressed in keys:
                await pilot.press(pressed)
                for _ in range(20):
                    longest = max(longest, await told.tick(200))
            _say(f"{what} of {PODS:,} pods: longest tick {longest * 1e3:.1f} ms   (target 25)")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _say(line: str) -> None:
    # The application takes sys.stdout for itself.
    print(line, file=sys.__stdout__, flush=True)


def main() -> None:
    """Prints a table."""
    asyncio.run(measure())


if __name__ == "__main__":
    main()
