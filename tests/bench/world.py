"""How many events the World takes in a second, and what it and its views cost with 20,000 pods in it."""

import resource
import time
from collections.abc import Callable

from karptui.kube.decode import decode_object
from karptui.views.head import head
from karptui.views.lists.overview import overview
from karptui.world import events
from karptui.world.world import World
from tests.bench.pods import encoded
from tests.world.recorded import node, recorded_events

PODS = 20_000
CHANGES = 20_000


def main() -> None:
    """Prints one line a figure."""
    recorded = list(recorded_events())
    print(f"the shipped recording, {len(recorded)} events: {_rate(_replayed(recorded), len(recorded), 20)}")
    print(f"decoding it as well:                {_rate(lambda: list(recorded_events()), len(recorded), 5)}")
    pods = [decode_object("pods", raw) for raw in encoded(PODS)]
    again = [decode_object("pods", raw) for raw in encoded(CHANGES)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    world = World()
    for name in {pod.node_name for pod in pods}:
        world.apply(events.ObjectSeen(0.0, "nodes", events.Change.ADDED, node(name)))
    begun = time.perf_counter()
    for pod in pods:
        world.apply(events.ObjectSeen(0.0, "pods", events.Change.ADDED, pod))
    added = time.perf_counter() - begun
    begun = time.perf_counter()
    for number, pod in enumerate(again):
        world.apply(events.ObjectSeen(float(number), "pods", events.Change.MODIFIED, pod))
    changed = time.perf_counter() - begun
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{PODS:,} pods added:    {_per(added, PODS)}")
    print(f"{CHANGES:,} pods changed:  {_per(changed, CHANGES)}")
    print(f"the World's own memory for them: {grown:.0f} MiB")
    print(f"with {len(world.of('nodes')):,} nodes, snapshot: {_milliseconds(lambda: world.snapshot(1.0)):.2f} ms")
    print(f"head: {_milliseconds(lambda: head(world, 'BENCH', 1.0)):.2f} ms")
    print(f"overview: {_milliseconds(lambda: overview(world, 1.0)):.2f} ms")
    unbound = World()
    for number, raw in enumerate(encoded(PODS // 4)):
        waiting = raw.replace(b'"nodeName"', b'"ignored"').replace(b'"Running"', b'"Pending"')
        unbound.apply(events.ObjectSeen(float(number), "pods", events.Change.ADDED, decode_object("pods", waiting)))
    print(
        f"overview with {len(unbound.pending):,} pending pods: {_milliseconds(lambda: overview(unbound, 1.0)):.2f} ms"
    )


def _replayed(recorded: list[events.Event]) -> Callable[[], None]:
    def run() -> None:
        world = World()
        for event in recorded:
            world.apply(event)

    return run


def _rate(run: Callable[[], object], count: int, rounds: int) -> str:
    best = min(_seconds(run) for _ in range(rounds))
    return _per(best, count)


def _per(seconds: float, count: int) -> str:
    return f"{count / seconds:>9,.0f} events/s, {seconds / count * 1e6:.1f} µs each"


def _milliseconds(run: Callable[[], object]) -> float:
    return min(_seconds(run) for _ in range(5)) * 1e3


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
