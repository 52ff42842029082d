"""Karpenter core v1.14.1 and karptui over the same pods, side by side in one run.

The Go side is built from karpenter_scheduling/ where `go` and the module are there; without them only karptui runs.
Set KARPTUI_BENCH_PODS (such as "500 1000") for other sizes, KARPTUI_BENCH_GO=0 to leave the Go side out.
"""

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

from karptui.engine.provisioning import plan
from karptui.kube.garbage import quiet_collection
from karptui.model.affinity import PodAffinityTerm
from karptui.model.instance_type import Catalogue
from karptui.model.pod import Pod
from karptui.model.resources import format_resources
from karptui.model.selectors import LabelSelector
from karptui.model.snapshot import Options, Snapshot
from tests.bench.engine import benchmark_pool, benchmark_types, diverse, plain, preferring, shipped_types

PROGRAM = Path(__file__).parent / "karpenter_scheduling"
SIZES = (500, 1000, 2000, 5000)
WITHOUT_GO = (10_000, 20_000)
TYPES = 400
ROUNDS = 5


def _selector(selector: LabelSelector | None) -> dict[str, Any]:
    return {"matchLabels": dict(selector.match_labels)} if selector is not None else {}


def _term(term: PodAffinityTerm) -> dict[str, Any]:
    return {"topologyKey": term.topology_key, "labelSelector": _selector(term.selector)}


def manifest(pod: Pod) -> dict[str, Any]:
    """A pod of these mixes as Kubernetes has it."""
    spec, meta = pod.spec, pod.metadata
    amounts = {name: text for name, text in format_resources(pod.requests).items() if name != "pods"}
    affinity: dict[str, Any] = {}
    if spec.preferred_node_terms:
        affinity["nodeAffinity"] = {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": entry.weight,
                    "preference": {
                        "matchExpressions": [
                            {"key": key, "operator": operator, "values": list(values)}
                            for key, operator, values in entry.term.expressions
                        ]
                    },
                }
                for entry in spec.preferred_node_terms
            ]
        }
    if spec.affinity:
        terms = [_term(term) for term in spec.affinity]
        affinity["podAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
    if spec.anti_affinity or spec.preferred_anti_affinity:
        affinity["podAntiAffinity"] = {
            "requiredDuringSchedulingIgnoredDuringExecution": [_term(term) for term in spec.anti_affinity],
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": entry.weight, "podAffinityTerm": _term(entry.term)} for entry in spec.preferred_anti_affinity
            ],
        }
    spread = [
        {
            "topologyKey": entry.topology_key,
            "maxSkew": entry.max_skew,
            "whenUnsatisfiable": entry.when_unsatisfiable,
            "labelSelector": _selector(entry.selector),
        }
        for entry in spec.topology_spread
    ]
    return {
        "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid, "labels": meta.labels},
        "spec": {
            "containers": [{"name": "main", "image": "main", "resources": {"requests": amounts}}],
            "affinity": affinity,
            "topologySpreadConstraints": spread,
        },
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
        },
    }


def built(folder: Path) -> Path | None:
    """The Go program, or None where it cannot be built."""
    go = shutil.which("go")
    if go is None or os.environ.get("KARPTUI_BENCH_GO") == "0":
        return None
    program = folder / "karpenter_scheduling"
    done = subprocess.run(
        [go, "build", "-o", program, "."], cwd=PROGRAM, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        print(f"the Go side is left out: {done.stderr.strip().splitlines()[-1]}")
        return None
    return program


def karpenter(program: Path, pods: dict[str, Pod], policy: str) -> dict[str, Any]:
    """Karpenter's answer: seconds of Solve by the clock and of the processor, nodes, failed, price an hour."""
    question = {
        "types": TYPES,
        "ignorePreferences": policy == "Ignore",
        "pods": [manifest(pod) for pod in pods.values()],
    }
    done = subprocess.run([program], input=json.dumps(question), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def karptui(pods: dict[str, Pod], policy: str, catalogue: Catalogue) -> dict[str, Any]:
    """Our answer: best seconds of several whole plans, set-up included, wall clock and processor."""
    snapshot = Snapshot(
        1, 0.0, Options(preference_policy=policy), catalogue, pods, node_pools={"default": benchmark_pool()}
    )
    best, least = float("inf"), float("inf")
    answer = plan(snapshot)
    for _ in range(ROUNDS):
        gc.collect()
        begin, used = perf_counter(), process_time()
        answer = plan(snapshot)
        best, least = min(best, perf_counter() - begin), min(least, process_time() - used)
    price = sum(claim.price for claim in answer.claims)
    return {
        "seconds": best,
        "cpu": least,
        "nodes": len(answer.claims),
        "failed": len(answer.errors),
        "price": price,
    }


def row(title: str, pods: dict[str, Pod], policy: str, catalogue: Catalogue, program: Path | None) -> None:
    """One line of the table."""
    ours, count = karptui(pods, policy, catalogue), len(pods)
    cells = [f"{title} | {count:,} | {len(catalogue.types):,}", f"{count / ours['seconds']:,.0f}"]
    cells.append(f"{ours['cpu'] / count * 1e6:.1f}")
    cells.append(f"{ours['nodes']:,} / ${ours['price']:,.2f}")
    if program is not None:
        theirs = karpenter(program, pods, policy)
        cells += [
            f"{count / theirs['seconds']:,.0f}",
            f"{theirs['cpuSeconds'] / count * 1e6:,.0f}",
            f"{theirs['nodes']:,} / ${theirs['price']:,.2f}",
            f"{theirs['seconds'] / ours['seconds']:,.0f} ×",
            f"{theirs['cpuSeconds'] / ours['cpu']:,.0f} ×",
        ]
    else:
        cells += [""] * 5
    print(f"| {' | '.join(cells)} |", flush=True)


def loop_seconds() -> float:
    """A million turns of an empty loop, to tell how fast and how busy the machine is."""
    begin = process_time()
    for _ in range(1_000_000):
        pass
    return process_time() - begin


def main() -> None:
    """Prints the table of docs/performance.md."""
    quiet_collection()
    sizes = [int(size) for size in os.environ.get("KARPTUI_BENCH_PODS", "").split()] or list(SIZES)
    catalogue, large = benchmark_types(TYPES), shipped_types()
    with tempfile.TemporaryDirectory() as folder:
        program = built(Path(folder))
        columns = ["pods", "number", "types", "karptui pods/s", "CPU µs/pod", "nodes / price an hour"]
        columns += ["Karpenter pods/s", "CPU µs/pod", "nodes / price an hour", "faster by clock", "by CPU"]
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        for size in sizes:
            row("diverse", diverse(size), "Respect", catalogue, program)
        for policy in ("Respect", "Ignore"):
            row(f"preferences, {policy}", preferring(4000), policy, catalogue, program)
        for size in WITHOUT_GO:
            row("diverse", diverse(size), "Respect", catalogue, None)
        for size in (1000, 5000):
            row("diverse", diverse(size), "Respect", large, None)
        row("200 shapes", plain(200)(20_000), "Respect", large, None)
    print(
        f"\nan empty loop of a million turns: {min(loop_seconds() for _ in range(5)) * 1000:.0f} ms of processor time"
    )
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
