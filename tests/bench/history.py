"""What it costs to look back at any second of an hour of a large cluster: memory, CPU, and the way there.

Nothing is shown and nothing planned here: the World is fed, decoded from what an API server sends, with its history
and, in a process of its own, without. One change in five is a Kubernetes Event, one in twenty a pod that makes place
for another, the others are pods that report. Something is decided every minute.
"""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from karptui.kube.decode import RESOURCES, decoded
from karptui.kube.garbage import quiet_collection, set_aside
from karptui.model.decision import Decision, DecisionKind
from karptui.model.metadata import Metadata
from karptui.model.workload import KubeEvent
from karptui.modes.run import Run
from karptui.world import events
from tests.bench.fleet import PODS_A_NODE, bound_pod, compact, node, node_claim, node_pools

PODS = int(os.environ.get("BENCH_PODS", "20000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3600"))
RATE = int(os.environ.get("BENCH_RATE", "50"))
"""Changes a second: nine for each pod in the hour."""
TARGET_MIB = 300
LOOKS = (0.02, 0.25, 0.5, 0.75, 0.98)
"""Shares of the time at which it is looked back."""
STARTED = 1_795_264_142.0
WITHOUT = "without"
MESSAGE = "Successfully assigned a pod to a node of this cluster, or failed to, for reasons as long as this one"


class Told(Run):
    """A large cluster whose clock is told."""

    chooses_catalogue = True

    def __init__(self, looks_back: bool) -> None:
        super().__init__()
        self.at = STARTED
        self.names: dict[int, str] = {}
        if looks_back:
            self.keep_history()
        nodes = PODS // PODS_A_NODE
        for resource, objects in {
            "nodepools": node_pools(),
            "nodeclaims": map(node_claim, range(nodes)),
            "nodes": map(node, range(nodes)),
            "pods": map(bound_pod, range(PODS)),
        }.items():
            for raw in objects:
                self.seen(resource, events.Change.ADDED, raw)
            self.sink(events.StreamChanged(self.at, resource, events.StreamState.LIVE))
            set_aside()

    def now(self) -> float:
        """As told."""
        return self.at

    def seen(self, resource: str, change: events.Change, raw: dict[str, Any]) -> Any:
        """A watch brings an object."""
        kind = RESOURCES[resource]
        found = decoded(kind, memoryview(compact(raw)), kind.versions[0])
        self.sink(events.ObjectSeen(self.at, resource, change, found))
        return found

    def changes(self) -> Iterator[None]:
        """One after the other, for ever."""
        for number in count():
            place = number * 7919 % PODS  # any order
            raw = bound_pod(place)
            metadata = raw["metadata"]
            metadata["name"] = self.names.get(place, metadata["name"])
            metadata["resourceVersion"] = str(1_000_000 + number)
            if number % 5 == 1:
                self.sink(events.ObjectSeen(self.at, "events", events.Change.ADDED, said(number, metadata, self.at)))
            elif number % 20 == 0:
                self._replace(number, place, raw)
            else:
                self.seen("pods", events.Change.MODIFIED, raw)
            yield

    def _replace(self, number: int, place: int, raw: dict[str, Any]) -> None:
        self.seen("pods", events.Change.DELETED, raw)
        metadata, running = raw["metadata"], raw["status"]
        metadata["name"] = self.names[place] = f"{metadata['name'].rpartition('-')[0]}-{number:05x}"
        metadata["uid"] = f"uid-{number}"
        node_name, raw["status"] = raw["spec"].pop("nodeName"), {"phase": "Pending", "conditions": []}
        key = self.seen("pods", events.Change.ADDED, raw).key
        if number % (60 * RATE) == 0:
            named = self.world.next_decision_id()
            self.sink(
                events.DecisionMade(self.at, Decision(named, self.at, DecisionKind.NOMINATE, (key,), (node_name,)))
            )
        raw["spec"]["nodeName"], raw["status"] = node_name, running
        self.seen("pods", events.Change.MODIFIED, raw)


def said(number: int, metadata: dict[str, Any], at: float) -> KubeEvent:
    """An Event about a pod."""
    about = metadata["name"]
    named = Metadata(f"{about}.{number:x}", metadata["namespace"], f"event-{number}", created=at)
    return KubeEvent(named, "Scheduled", f"{MESSAGE} {number}", "Normal", "default-scheduler", "Pod", about, at)


def resident() -> float:
    """MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(looks_back: bool) -> None:
    """Memory as the time goes, CPU of a change, and the ways back."""
    quiet_collection()
    run = Told(looks_back)
    changes = run.changes()
    print(f"{'with' if looks_back else WITHOUT} history: {PODS:,} pods, {RATE} changes/s, {SECONDS:,} s")
    print(f"  at the beginning RSS {resident():.0f} MiB", flush=True)
    for second in range(1, SECONDS + 1):
        run.at += 1.0
        for _ in range(RATE):
            next(changes)
        run.world.dirty.clear()
        if second % max(SECONDS // 6, 1) == 0:
            kept = f", {run.history.bytes / 2**20:.0f} MiB in files" if run.history is not None else ""
            print(f"  after {second:>5,} s RSS {resident():.0f} MiB{kept}", flush=True)
    if run.history is not None:
        assert not run.history.fault, run.history.fault
        _look_back(run)


def _look_back(run: Told) -> None:
    assert run.history is not None
    print(f"  kept from {run.history.begins - STARTED:.0f} s on")
    for share in LOOKS:
        begun = time.process_time()
        world = run.history.recall(STARTED + share * SECONDS)()
        took = time.process_time() - begun
        print(f"  {share:>4.0%} of it: {took:.2f} s of CPU, {len(world.of('pods')):,} pods", flush=True)
        del world
        gc.collect()
    print(f"  RSS {resident():.0f} MiB after all of these   (target {TARGET_MIB})")


def main() -> None:
    """Both, the one without in a process of its own."""
    code = "from tests.bench.history import measure; measure(False)"
    subprocess.run([sys.executable, "-c", code], check=True)
    measure(True)


if __name__ == "__main__":
    main()
