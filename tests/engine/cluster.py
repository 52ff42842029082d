"""Small clusters for engine tests, written in Kubernetes' own quantities."""

from collections.abc import Iterable, Mapping
from typing import Any

from karptui.engine.provisioning.catalogue import allocatable, prepare
from karptui.engine.provisioning.requirement_sets import RequirementSpace
from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
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
    SPOT,
    ZONE,
)
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim, NodeClassReference, RequirementSpec
from karptui.model.nodepool import NodePool, NodeTemplate
from karptui.model.pod import Pod, PodSpec
from karptui.model.quantity import NANO
from karptui.model.requirements import Requirement, Requirements
from karptui.model.resources import Resources, parse_resources
from karptui.model.snapshot import Options, Snapshot
from karptui.model.taints import Taint

ZONES = ("zone-a", "zone-b", "zone-c")
READY = tuple(Condition(type_, "True") for type_ in ("ValidationSucceeded", "NodeClassReady", "Ready"))
UNSCHEDULABLE = (Condition("PodScheduled", "False", "Unschedulable"),)


def one_of(key: str, *values: str) -> Requirement:
    """`key In values`."""
    return Requirement(key, False, frozenset(values))


def instance_type(
    name: str,
    cpu: int,
    memory: int,
    price: float,
    arch: str = "amd64",
    zones: Iterable[str] = ZONES,
    available: bool = True,
    labels: Mapping[str, str] | None = None,
    **resources: str,
) -> InstanceType:
    """A type with whole cpus, memory in Gi, 110 pods; spot costs half. 100m cpu and 100Mi are kept back."""
    capacity = parse_resources({"cpu": cpu, "memory": f"{memory}Gi", "pods": 110, **resources})
    overhead = Overhead(kube_reserved=parse_resources({"cpu": "100m", "memory": "100Mi"}))
    offerings = tuple(
        Offering(Requirements((one_of(CAPACITY_TYPE, kind), one_of(ZONE, zone))), zone, kind, price * share, available)
        for zone in zones
        for kind, share in ((ON_DEMAND, 1.0), (SPOT, 0.5))
    )
    requirements = Requirements(
        (
            one_of(INSTANCE_TYPE, name),
            one_of(ARCH, arch),
            one_of(OS, "linux"),
            one_of(ZONE, *zones),
            one_of(CAPACITY_TYPE, ON_DEMAND, SPOT),
            *(one_of(key, value) for key, value in (labels or {}).items()),
        )
    )
    return InstanceType(name, requirements, capacity, overhead, allocatable(capacity, [overhead]), offerings)


TYPES = (
    instance_type("small", 2, 4, 0.10),
    instance_type("medium", 4, 8, 0.20),
    instance_type("large", 8, 32, 0.42),
    instance_type("huge", 32, 128, 1.70),
    instance_type("arm-medium", 4, 8, 0.16, arch="arm64"),
)
CATALOGUE = Catalogue(types=TYPES)


def requirement_space(catalogue: Catalogue = CATALOGUE) -> RequirementSpace:
    """A space of requirement sets over a catalogue."""
    return RequirementSpace(prepare(catalogue))


def requests(cpu: str = "1", memory: str = "1Gi", **others: str) -> Resources:
    """Effective requests of one pod."""
    return {**parse_resources({"cpu": cpu, "memory": memory, **others}), "pods": NANO}


def pod(
    name: str,
    amounts: Resources | None = None,
    labels: Mapping[str, str] | None = None,
    node: str = "",
    created: float = 0.0,
    **constraints: Any,
) -> Pod:
    """A pod that the kube-scheduler gave up on, or (`node`) one that runs. `constraints` are fields of PodSpec."""
    wanted = amounts or requests()
    fingerprint = repr((sorted(wanted.items()), sorted(constraints.items()))).encode()
    spec = PodSpec(fingerprint, wanted, **constraints)
    metadata = Metadata(name, "default", f"uid-{name}", dict(labels or {}), created=created)
    if node:
        return Pod(metadata, spec, wanted, node, phase="Running")
    return Pod(metadata, spec, wanted, conditions=UNSCHEDULABLE)


def pool(
    name: str = "default",
    *specs: RequirementSpec,
    weight: int = 0,
    limits: Mapping[str, str] | None = None,
    taints: Iterable[Taint] = (),
    labels: Mapping[str, str] | None = None,
) -> NodePool:
    """A NodePool that is ready."""
    template = NodeTemplate(
        labels=dict(labels or {}),
        node_class=NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default"),
        requirements=specs,
        taints=tuple(taints),
    )
    limited = parse_resources(limits) if limits is not None else None
    return NodePool(Metadata(name), template, weight, limited, conditions=READY)


def asks(key: str, operator: str, *values: str, min_values: int | None = None) -> RequirementSpec:
    """A requirement as a NodePool states it."""
    return RequirementSpec(key, operator, values, min_values)


def node(
    name: str, cpu: str = "4", memory: str = "8Gi", zone: str = ZONES[0], pool_name: str = "", **labels: str
) -> Node:
    """A Node; `pool_name` labels it as one of that pool's, registered and initialized."""
    stated = {HOSTNAME: name, ZONE: zone, OS: "linux", ARCH: "amd64", **labels}
    if pool_name:
        stated |= {NODEPOOL: pool_name, REGISTERED: "true", INITIALIZED: "true", INSTANCE_TYPE: "medium"}
    amounts = parse_resources({"cpu": cpu, "memory": memory, "pods": 110})
    return Node(Metadata(name, labels=stated), f"fake://{name}", capacity=amounts, allocatable=amounts)


def claim_for(existing: Node) -> NodeClaim:
    """The NodeClaim that a Node was launched for."""
    metadata = Metadata(f"claim-{existing.key}", labels={NODEPOOL: existing.node_pool})
    return NodeClaim(
        metadata,
        provider_id=existing.provider_id,
        node_name=existing.key,
        capacity=existing.capacity,
        allocatable=existing.allocatable,
    )


def snapshot(*objects: Any, catalogue: Catalogue = CATALOGUE, options: Options | None = None, **more: Any) -> Snapshot:
    """A Snapshot of pods, nodes, claims and pools, each by its key; other fields of Snapshot by name."""
    fields: dict[str, dict[str, Any]] = {"pods": {}, "nodes": {}, "node_claims": {}, "node_pools": {}}
    names = {Pod: "pods", Node: "nodes", NodeClaim: "node_claims", NodePool: "node_pools"}
    for entry in objects:
        fields[names[type(entry)]][entry.key] = entry
    return Snapshot(1, 1_000_000.0, options or Options(), catalogue, **fields, **more)
