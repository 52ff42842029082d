"""What the screen costs beside a large cluster: CPU, how long the event loop is held up, memory; headless, 120x36."""

import asyncio
import gc
import resource
import time
from itertools import cycle

from msgspec.structs import replace

from karptui.kube.decode import decode_object
from karptui.model.pod import Pod
from karptui.modes.run import Run
from karptui.tui.live import Live
from karptui.tui.theme import load_themes, shipped_folder
from karptui.world import events
from tests.bench.pods import encoded
from tests.world.recorded import node

PODS, NODES = 20_000, 800
SECONDS = 8.0
PENDING = 400
SCREENS = ("1", "2", "8")
NAMES = {"1": "Overview", "2": "Pods", "8": "Log"}


class Fed(Run):
    """A cluster that is there at once, and whose pods change `rate` times a second."""

    mode = "OBSERVE"

    def __init__(self, pods: list[Pod]) -> None:
        super().__init__()
        self.rate = 0
        self.applied = 0.0
        self._pods = pods
        for name in {pod.node_name for pod in pods if pod.node_name}:
            self.sink(events.ObjectSeen(self.now(), "nodes", events.Change.ADDED, node(name)))
        for pod in pods:
            self.sink(events.ObjectSeen(self.now(), "pods", events.Change.ADDED, pod))
        for resource_name in ("pods", "nodes"):
            self.sink(events.StreamChanged(self.now(), resource_name, events.StreamState.LIVE))

    async def start(self) -> None:
        """No planner: what the engine costs is measured elsewhere."""
        self.spawn(self.feed())

    async def feed(self) -> None:
        """Change pods at the rate; every twentieth change binds a pod or makes it pending."""
        owed, last = 0.0, time.perf_counter()
        for number, pod in enumerate(cycle(self._pods)):
            while owed < 1.0:
                await asyncio.sleep(0.01)
                now = time.perf_counter()
                owed, last = min(owed + (now - last) * self.rate, 100.0), now
            owed -= 1.0
            begun = time.perf_counter()
            changed = replace(pod) if number % 20 else replace(pod, phase="Pending", node_name="", conditions=())
            self.sink(events.ObjectSeen(self.now(), "pods", events.Change.MODIFIED, changed))
            self.applied += time.perf_counter() - begun


class Lag:
    """How late the event loop comes back to somebody who wanted to sleep 2 ms."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.002)
            self.seen.append(time.perf_counter() - begun - 0.002)

    def line(self) -> str:
        """p50, p99 and the worst in milliseconds."""
        seen = sorted(self.seen)
        return " ".join(f"{seen[min(int(len(seen) * q), len(seen) - 1)] * 1e3:6.1f}" for q in (0.5, 0.99, 1.0))


def cluster() -> list[Pod]:
    """The pods, spread over the nodes; a few of them pending."""
    made = []
    for number, raw in enumerate(encoded(PODS)):
        pod = decode_object("pods", raw)
        name = "" if number % (PODS // PENDING) == 0 else f"ip-10-0-{number % NODES // 250}-{number % NODES % 250}"
        made.append(
            replace(pod, node_name=name) if name else replace(pod, node_name="", phase="Pending", conditions=())
        )
    return made


async def measure() -> None:
    """One line for each screen and rate."""
    run = Fed(cluster())
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    app = Live(run, load_themes([shipped_folder()]))
    print(f"{PODS:,} pods, {NODES} nodes, {len(run.world.pending)} pending; {SECONDS:.0f} s each")
    print(f"{'screen':<10}{'changes/s':>10}{'CPU %':>8}{'of it World %':>15}   lag ms p50, p99, worst   RSS MiB")
    async with app.run_test(size=(120, 36)) as pilot:
        for key in SCREENS:
            await pilot.press(key)
            for rate in (0, 200, 1_000):
                run.rate = rate
                await asyncio.sleep(1.0)
                lag = Lag()
                task = asyncio.create_task(lag.watch())
                cpu, wall, run.applied = time.process_time(), time.perf_counter(), 0.0
                await asyncio.sleep(SECONDS)
                wall = time.perf_counter() - wall
                share, world = (time.process_time() - cpu) / wall, run.applied / wall
                task.cancel()
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(
                    f"{NAMES[key]:<10}{rate:>10,}{share:>8.1%}{world:>15.1%}   {lag.line():>24}{peak:>10.0f}",
                    flush=True,
                )
    await run.stop()


def main() -> None:
    """Prints a table. The 2 ms sleeper that measures the lag costs about 3 % itself."""
    asyncio.run(measure())


if __name__ == "__main__":
    main()
