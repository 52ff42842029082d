"""Disruption passes timed, beside Karpenter's own over the same clusters in the same run.

Half empty: something can go. Full: every node is tried and refused. The Go side is built from karpenter_disruption/
where `go` and the module are there; without them only karptui runs. Set KARPTUI_BENCH_NODES (such as "100 500") for
other sizes, KARPTUI_BENCH_GO=0 to leave the Go side out, which takes its full three minutes over 2,000 full nodes.
"""

import asyncio
import gc
import json
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from karptui.engine.disruption import disrupt, survey
from karptui.kube.garbage import quiet_collection
from karptui.model.snapshot import Snapshot
from tests.bench.clusters import PODS_A_NODE, cluster
from tests.bench.engine import benchmark_types
from tests.bench.scheduling import manifest

PROGRAM = Path(__file__).parent / "karpenter_disruption"
SIZES = (100, 500, 2000)
TYPES = 400
ROUNDS = 3


def question(snapshot: Snapshot, full: bool) -> str:
    """The cluster as the Go side reads it: JSON with nodes by the place of their type, and pods."""
    place = {type_.name: number for number, type_ in enumerate(benchmark_types(TYPES).types)}
    nodes = [
        {"name": claim.node_name, "type": place[claim.instance_type], "zone": claim.zone}
        for claim in snapshot.node_claims.values()
    ]
    pods: list[dict[str, Any]] = []
    for pod in snapshot.pods.values():
        written = manifest(pod)
        written["spec"]["nodeName"] = pod.node_name
        written["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        pods.append(written)
    return json.dumps({"types": TYPES, "podsANode": PODS_A_NODE if full else 0, "nodes": nodes, "pods": pods})


def built(folder: Path) -> Path | None:
    """The Go program, or None where it cannot be built."""
    go = shutil.which("go")
    if go is None or os.environ.get("KARPTUI_BENCH_GO") == "0":
        return None
    program = folder / PROGRAM.name
    done = subprocess.run(
        [go, "build", "-o", program, "."], cwd=PROGRAM, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        print(f"the Go side is left out: {done.stderr.strip().splitlines()[-1]}")
        return None
    return program


def karptui(snapshot: Snapshot) -> tuple[float, float, str]:
    """Best seconds by the clock and of the processor of whole passes from nothing, and what was decided."""
    best = least = float("inf")
    answer = None
    for _ in range(ROUNDS):
        gc.collect()
        begin, used = perf_counter(), process_time()
        answer = disrupt(snapshot)
        best, least = min(best, perf_counter() - begin), min(least, process_time() - used)
    assert answer is not None, "there is at least one round"
    command = answer.commands[0] if answer.commands else None
    did = f"{command.method} {command.decision} of {len(command.nodes)}" if command else f"{len(answer.held)} refused"
    return best, least, did


def row(title: str, count: int, full: bool, constrained: bool, program: Path | None) -> None:
    """One line of the table."""
    snapshot = cluster(count, full, constrained)
    seconds, processor, did = karptui(snapshot)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cells = [title, f"{count:,}", did, f"{seconds:.2f}", f"{processor:.2f}", f"{processor / count * 1000:.2f}"]
    cells.append(f"{peak:.0f}")
    if program is None:
        cells += [""] * 6
    else:
        done = subprocess.run([program], input=question(snapshot, full), capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout)
        cells += [
            f"{theirs['decision']} of {theirs['nodes']}" if theirs["nodes"] else f"{theirs['refused']} refused",
            f"{theirs['seconds']:.1f}",
            f"{theirs['cpuSeconds']:.1f}",
            f"{theirs['peakMiB']:.0f}",
            f"{theirs['seconds'] / seconds:,.0f} ×",
            f"{theirs['cpuSeconds'] / processor:,.0f} ×",
        ]
    print(f"| {' | '.join(cells)} |", flush=True)


async def _lag(snapshot: Snapshot) -> list[float]:
    """How late an event loop comes back from short sleeps while a pass runs in a thread, in seconds, ascending."""
    late: list[float] = []
    running = asyncio.ensure_future(asyncio.to_thread(disrupt, snapshot))
    while not running.done():
        begin = perf_counter()
        await asyncio.sleep(0.005)
        late.append(perf_counter() - begin - 0.005)
    await running
    return sorted(late)


def measure_lag(snapshot: Snapshot) -> None:
    """What a screen in the same process feels of a pass."""
    late = asyncio.run(_lag(snapshot))
    print(
        f"event loop while a pass over {len(snapshot.nodes)} full nodes runs in a thread: "
        f"p50 {late[len(late) // 2] * 1000:.1f} ms, p99 {late[len(late) * 99 // 100] * 1000:.1f} ms late"
    )


def measure_survey(snapshot: Snapshot) -> None:
    """What the reasons of all nodes cost."""
    begin = process_time()
    found = survey(snapshot)
    print(f"survey of {len(found.nodes)} full nodes: {process_time() - begin:.2f} s cpu")


def main() -> None:
    """Prints the table of docs/performance.md, and what else a pass costs."""
    quiet_collection()
    sizes = [int(size) for size in os.environ.get("KARPTUI_BENCH_NODES", "").split()] or list(SIZES)
    columns = ["cluster", "nodes", "karptui did", "s", "CPU s", "CPU ms/node", "peak MiB"]
    columns += ["Karpenter did", "s", "CPU s", "peak MiB", "faster by clock", "by CPU"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    with tempfile.TemporaryDirectory() as folder:
        program = built(Path(folder))
        for count in sizes:
            for full in (False, True):
                row("full" if full else "half empty", count, full, False, program)
        for count in sizes:
            for full in (False, True):
                row(f"{'full' if full else 'half empty'}, constrained", count, full, True, None)
    full = cluster(2000, True)
    measure_survey(full)
    measure_lag(full)


if __name__ == "__main__":
    main()
