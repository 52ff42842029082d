"""Provisioning plans timed: the mixes of Karpenter's own benchmark (spec/scheduling.md 12.2) and plain pods."""

import gc
from collections.abc import Callable
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from unittest.mock import patch

from karptui.engine.provisioning import plan, solver
from karptui.engine.provisioning.catalogue import allocatable
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.opening import Opening, Openings
from karptui.engine.provisioning.topology.tracker import ClassTopology
from karptui.kube.garbage import quiet_collection
from karptui.model.affinity import (
    NodeSelectorTerm,
    PodAffinityTerm,
    PreferredNodeTerm,
    PreferredPodTerm,
    TopologySpreadConstraint,
)
from karptui.model.decision import Reason
from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
from karptui.model.labels import (
    ARCH,
    CAPACITY_TYPE,
    HOSTNAME,
    INSTANCE_TYPE,
    ON_DEMAND,
    OS,
    SPOT,
    ZONE,
)
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import NodeClassReference
from karptui.model.nodepool import NodePool, NodeTemplate
from karptui.model.pod import Pod, PodSpec
from karptui.model.quantity import NANO, parse
from karptui.model.requirements import Requirement, Requirements
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Options, Snapshot

MILLI = NANO // 1000
MEBI = 2**20 * NANO
CPU = (100, 250, 500, 1000, 1500)
MEMORY = (100, 256, 512, 1024, 2048, 4096)
LETTERS = "abcdefg"
ENOUGH_SECONDS = 1.0
PENDING = (Condition("PodScheduled", "False", "Unschedulable"),)


def _one(key: str, *values: str) -> Requirement:
    return Requirement(key, False, frozenset(values))


def benchmark_types(count: int = 400) -> Catalogue:
    """The types of Karpenter's benchmark: the i-th has i vCPU, 2i Gi and 10i pods, and five offerings."""
    offered = [(SPOT, "test-zone-1"), (SPOT, "test-zone-2")]
    offered += [(ON_DEMAND, f"test-zone-{number}") for number in (1, 2, 3)]
    types: list[InstanceType] = []
    for size in range(1, count + 1):
        capacity = {"cpu": size * NANO, "memory": size * 2048 * MEBI, "pods": size * 10 * NANO}
        overhead = Overhead(kube_reserved={"cpu": 100 * MILLI, "memory": 10 * MEBI})
        price = 0.1 * size + 0.1 * size * 2 * 2**30 / 1e9
        offerings = tuple(
            Offering(Requirements((_one(CAPACITY_TYPE, kind), _one(ZONE, zone))), zone, kind, price)
            for kind, zone in offered
        )
        name = f"fake-it-{size}"
        requirements = Requirements(
            (
                _one(INSTANCE_TYPE, name),
                _one(ARCH, "amd64"),
                _one(OS, "linux"),
                _one(ZONE, "test-zone-1", "test-zone-2", "test-zone-3"),
                _one(CAPACITY_TYPE, SPOT, ON_DEMAND),
            )
        )
        types.append(InstanceType(name, requirements, capacity, overhead, allocatable(capacity, [overhead]), offerings))
    return Catalogue(types=tuple(types), source="benchmark")


def shipped_types() -> Catalogue:
    """Every EC2 type that karptui ships."""
    from karptui.cloud.catalogue import shipped

    return shipped()


def benchmark_pool() -> NodePool:
    """One NodePool that allows everything, with limits that nothing reaches."""
    ready = tuple(Condition(type_, "True") for type_ in ("ValidationSucceeded", "NodeClassReady", "Ready"))
    return NodePool(
        Metadata("default"),
        NodeTemplate(node_class=NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default")),
        limits={"cpu": 10_000_000 * NANO, "memory": parse("1000000Ti")},
        conditions=ready,
    )


class Workload:
    """Draws pods; pods of one shape share their PodSpec, as decoded ones do."""

    def __init__(self, seed: int = 42) -> None:
        self.random = Random(seed)
        self.pods: dict[str, Pod] = {}
        self._specs: dict[bytes, PodSpec] = {}

    def amounts(self) -> dict[str, int]:
        """A drawn request."""
        cpu, memory = self.random.choice(CPU), self.random.choice(MEMORY)
        return {"cpu": cpu * MILLI, "memory": memory * MEBI, "pods": NANO}

    def letter(self) -> str:
        """A drawn label value."""
        return self.random.choice(LETTERS)

    def add(self, labels: dict[str, str], requests: dict[str, int], **constraints: object) -> None:
        """One pending pod."""
        fingerprint = repr((sorted(requests.items()), sorted(constraints.items()))).encode()
        spec = self._specs.get(fingerprint)
        if spec is None:
            spec = self._specs[fingerprint] = PodSpec(fingerprint, requests, **constraints)  # pyright: ignore[reportArgumentType]
        name = f"pod-{len(self.pods):05d}"
        uid = f"{self.random.getrandbits(64):016x}"
        pod = Pod(Metadata(name, "default", uid, labels), spec, spec.requests, conditions=PENDING)
        self.pods[pod.key] = pod


def diverse(count: int) -> dict[str, Pod]:
    """The five kinds of pods of Karpenter's diverse mix, a fifth of each."""
    work, share = Workload(), count // 5

    def spread(key: str) -> None:
        constraint = TopologySpreadConstraint(key, 1, "DoNotSchedule", label_selector({"my-label": work.letter()}))
        work.add({"my-label": work.letter()}, work.amounts(), topology_spread=(constraint,))

    for _ in range(count - 4 * share):
        work.add({"my-label": work.letter()}, work.amounts())
    for key in (ZONE, HOSTNAME):
        for _ in range(share):
            spread(key)
    for _ in range(share):
        label = {"my-affininity": work.letter()}
        work.add(label, work.amounts(), affinity=(PodAffinityTerm(ZONE, label_selector(label)),))
    nginx = {"app": "nginx"}
    for _ in range(share):
        work.add(nginx, work.amounts(), anti_affinity=(PodAffinityTerm(HOSTNAME, label_selector(nginx)),))
    return work.pods


def preferring(count: int) -> dict[str, Pod]:
    """Pods of one size that prefer a zone, and prefer to be apart by zone (which cannot be) and by host."""
    work, nginx = Workload(), {"app": "nginx"}
    requests, selector = work.amounts(), label_selector(nginx)
    zone = PreferredNodeTerm(1, NodeSelectorTerm(((ZONE, "In", ("test-zone-1",)),)))
    apart = (
        PreferredPodTerm(10, PodAffinityTerm(ZONE, selector)),
        PreferredPodTerm(1, PodAffinityTerm(HOSTNAME, selector)),
    )
    for _ in range(count):
        work.add(nginx, requests, preferred_node_terms=(zone,), preferred_anti_affinity=apart)
    return work.pods


def plain(classes: int) -> Callable[[int], dict[str, Pod]]:
    """Pods without constraints, of so many different sizes."""

    def draw(count: int) -> dict[str, Pod]:
        work = Workload()
        sizes = [
            {"cpu": (50 + 25 * number) * MILLI, "memory": work.random.choice(MEMORY) * MEBI, "pods": NANO}
            for number in range(classes)
        ]
        for number in range(count):
            work.add({}, sizes[number % classes])
        return work.pods

    return draw


def measure(title: str, pods: dict[str, Pod], catalogue: Catalogue, options: Options | None = None) -> None:
    """Plans for a second, three times at least, and prints the best processor time: other work disturbs it least."""
    snapshot = Snapshot(1, 0.0, options or Options(), catalogue, pods, node_pools={"default": benchmark_pool()})
    gc.collect()
    answer, times = plan(snapshot), list[float]()
    while len(times) < 3 or sum(times) < ENOUGH_SECONDS:
        begin = process_time()
        answer = plan(snapshot)
        times.append(process_time() - begin)
    best, count = min(times), len(pods)
    print(
        f"{title:<34}{len(catalogue.types):>6} types{count:>7} pods{len(answer.claims):>6} claims"
        f"{len(answer.errors):>5} failed{best * 1000:>9.1f} ms"
        f"{best / count * 1e6:>8.1f} µs/pod{count / best:>10,.0f} pods/s"
    )


def refused(count: int, classes: int) -> dict[str, Pod]:
    """Pods of so many sizes that no NodePool takes: what it costs to say why is all that is left to save."""
    work = Workload()
    for number in range(count):
        work.add({}, {"cpu": (50 + 25 * (number % classes)) * MILLI, "pods": NANO}, node_selector={ZONE: "nowhere"})
    return work.pods


class _Silent(Openings):
    """Says of nothing why."""

    def find(
        self, class_: PodClass, topology: ClassTopology, host: int, explain: bool = True
    ) -> Opening | tuple[Reason, ...]:
        """As the real one does for pods whose reasons nobody reads."""
        return super().find(class_, topology, host, explain=False)


def measure_reasons(title: str, pods: dict[str, Pod], catalogue: Catalogue, options: Options | None = None) -> None:
    """Plans with reasons and without by turns, and prints which share of the processor time they take."""
    snapshot = Snapshot(1, 0.0, options or Options(), catalogue, pods, node_pools={"default": benchmark_pool()})
    times: dict[type[Openings], list[float]] = {Openings: [], _Silent: []}
    for _ in range(15):
        for openings, taken in times.items():
            with patch.object(solver, "Openings", openings):
                begin = process_time()
                plan(snapshot)
                taken.append(process_time() - begin)
    full, silent = (min(taken) for taken in times.values())
    share = max(full - silent, 0.0) / full * 100
    shown = f"{full * 1000:>9.1f} ms with,{silent * 1000:>9.1f} without: {share:.1f} %"
    print(f"reasons, {title:<25}{len(pods):>7} pods{shown}")


def additions() -> float:
    """Processor time of a fixed piece of work, best of three, to hold the other figures of this moment against."""
    times: list[float] = []
    for _ in range(3):
        begin, total = process_time(), 0
        for number in range(1_000_000):
            total += number
        times.append(process_time() - begin)
    return min(times)


def main() -> None:
    """Prints one line for every mix and size, with the garbage collector set as karptui sets it."""
    quiet_collection()
    print(f"this machine now: {additions() * 1000:.0f} ms for a million additions (35 where nothing disturbs)")
    small = benchmark_types()
    begin = perf_counter()
    large = shipped_types()
    loaded = perf_counter()
    plan(Snapshot(1, 0.0, Options(), large, preferring(1), node_pools={"default": benchmark_pool()}))
    print(
        f"shipped catalogue: {(loaded - begin) * 1000:.0f} ms to make,"
        f" {(perf_counter() - loaded) * 1000:.0f} ms to prepare at the first plan over it"
    )
    for catalogue in (small, large):
        for count in (1000, 5000):
            measure("diverse", diverse(count), catalogue)
    for policy in ("Respect", "Ignore"):
        measure(f"preferences, {policy}", preferring(4000), small, Options(preference_policy=policy))
    for classes in (50, 500):
        for catalogue in (small, large):
            measure(f"plain, {classes} sizes", plain(classes)(5000), catalogue)
    measure("plain, 200 sizes", plain(200)(20_000), large)
    measure_reasons("diverse", diverse(1000), small)
    measure_reasons("preferences, Respect", preferring(1000), small, Options(preference_policy="Respect"))
    measure_reasons("all refused, 50 sizes", refused(1000, 50), large)
    print(f"memory: {getrusage(RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")


if __name__ == "__main__":
    main()
