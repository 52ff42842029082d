"""Clusters for disruption passes: half empty, where something can go, and full, where nothing can."""

from random import Random

from msgspec.structs import replace

from karptui.model.affinity import PodAffinityTerm, TopologySpreadConstraint
from karptui.model.instance_type import InstanceType
from karptui.model.labels import (
    ARCH,
    CAPACITY_TYPE,
    HOSTNAME,
    INITIALIZED,
    INSTANCE_TYPE,
    NODEPOOL,
    ON_DEMAND,
    OS,
    REGISTERED,
    ZONE,
)
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim, NodeClassReference, RequirementSpec
from karptui.model.nodepool import Budget, NodePool, NodeTemplate
from karptui.model.pod import Pod, PodSpec
from karptui.model.quantity import NANO
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Snapshot
from tests.bench.engine import CPU, LETTERS, MEBI, MEMORY, MILLI, benchmark_types

NOW = 1_000_000.0
PODS_A_NODE = 10
RUNNING = (Condition("Ready", "True"),)
STARTED = tuple(
    Condition(type_, "True", changed=NOW - 7200)
    for type_ in ("Launched", "Registered", "Initialized", "Consolidatable")
)


def _specs(constrained: bool) -> list[tuple[dict[str, str], PodSpec]]:
    """Labels and specs of 30 workloads; constrained: a third are spread by zone, or kept apart by host."""
    specs: list[tuple[dict[str, str], PodSpec]] = []
    for place, (cpu, memory) in enumerate((cpu, memory) for cpu in CPU for memory in MEMORY):
        requests = {"cpu": cpu * MILLI, "memory": memory * MEBI, "pods": NANO}
        labels = {"app": f"{LETTERS[place % len(LETTERS)]}-{place}"}
        selector = label_selector(labels)
        more: dict[str, object] = {}
        if constrained and place % 6 == 0:
            more["topology_spread"] = (TopologySpreadConstraint(ZONE, 1, "DoNotSchedule", selector),)
        elif constrained and place % 6 == 3:
            more["topology_spread"] = (TopologySpreadConstraint(HOSTNAME, 3, "DoNotSchedule", selector),)
        elif constrained and place == 10:
            more["anti_affinity"] = (PodAffinityTerm(HOSTNAME, selector),)
        specs.append((labels, PodSpec(str(place).encode(), requests, **more)))  # pyright: ignore[reportArgumentType]
    return specs


def _pool() -> NodePool:
    ready = tuple(Condition(type_, "True") for type_ in ("ValidationSucceeded", "NodeClassReady", "Ready"))
    template = NodeTemplate(
        node_class=NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default"),
        requirements=(RequirementSpec(CAPACITY_TYPE, "In", (ON_DEMAND,)),),
    )
    return NodePool(Metadata("default"), template, budgets=(Budget("100%"),), conditions=ready)


def cluster(count: int, full: bool, constrained: bool = False) -> Snapshot:
    """`count` nodes with ten pods each, every one of the smallest type that holds them, or of one twice its size.

    In the full cluster no type takes an eleventh pod, as where addresses are few: then no node takes what another has,
    and nothing cheaper holds it.
    """
    random = Random(7)
    specs, catalogue = _specs(constrained), benchmark_types()
    if full:
        catalogue = replace(catalogue, types=tuple(_of_ten_pods(type_) for type_ in catalogue.types))
    pods: dict[str, Pod] = {}
    nodes: dict[str, Node] = {}
    claims: dict[str, NodeClaim] = {}
    for number in range(count):
        name, zone = f"node-{number:05d}", f"test-zone-{number % 3 + 1}"
        chosen = random.sample(specs, PODS_A_NODE)
        for place, (labels, spec) in enumerate(chosen):
            uid = f"{random.getrandbits(64):016x}"
            pod = Pod(Metadata(f"pod-{number:05d}-{place}", "default", uid, labels), spec, spec.requests, name)
            pod = Pod(pod.metadata, spec, spec.requests, name, phase="Running", conditions=RUNNING)
            pods[pod.key] = pod
        cpu = sum(spec.requests["cpu"] for _, spec in chosen) + 100 * MILLI
        memory = sum(spec.requests["memory"] for _, spec in chosen) + 10 * MEBI
        size = max(-(-cpu // NANO), -(-memory // (2048 * MEBI)))
        type_ = catalogue.types[(size if full else 2 * size) - 1]
        node, claim = _node(name, zone, type_)
        nodes[name], claims[claim.key] = node, claim
    pools = {"default": _pool()}
    return Snapshot(1, NOW, catalogue=catalogue, pods=pods, nodes=nodes, node_claims=claims, node_pools=pools)


def _of_ten_pods(type_: InstanceType) -> InstanceType:
    ten = {"pods": PODS_A_NODE * NANO}
    return replace(type_, capacity={**type_.capacity, **ten}, allocatable={**type_.allocatable, **ten})


def _node(name: str, zone: str, type_: InstanceType) -> tuple[Node, NodeClaim]:
    labels = {
        NODEPOOL: "default",
        INSTANCE_TYPE: type_.name,
        ZONE: zone,
        CAPACITY_TYPE: ON_DEMAND,
        ARCH: "amd64",
        OS: "linux",
        "karpenter.k8s.aws/ec2nodeclass": "default",
    }
    own = {**labels, HOSTNAME: name, REGISTERED: "true", INITIALIZED: "true"}
    node = Node(Metadata(name, labels=own), f"fake://{name}", (), False, type_.capacity, type_.allocatable, RUNNING)
    claim = NodeClaim(
        Metadata(f"claim-{name}", labels=labels, created=NOW - 7200),
        provider_id=node.provider_id,
        node_name=name,
        capacity=type_.capacity,
        allocatable=type_.allocatable,
        conditions=STARTED,
    )
    return node, claim
