"""Running nodes with pods on them, for tests of disruption."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

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
from karptui.model.node import Node, NodeClaim, NodeClassReference
from karptui.model.nodepool import Budget, NodePool, NodeTemplate
from karptui.model.snapshot import Snapshot
from karptui.model.workload import PodDisruptionBudget
from tests.engine.cluster import READY, TYPES, ZONES, snapshot

NOW = 1_000_000.0
SINCE = NOW - 3600
STARTED = ("Launched", "Registered", "Initialized")
BY_NAME = {type_.name: type_ for type_ in TYPES}


def running(
    name: str,
    type_: str | InstanceType = "medium",
    pool: str = "default",
    zone: str = ZONES[0],
    capacity_type: str = ON_DEMAND,
    conditions: Iterable[str] = ("Consolidatable",),
    **claim: Any,
) -> tuple[Node, NodeClaim]:
    """A Node that is initialized, and its NodeClaim with these conditions; other fields of the claim by name."""
    kind = BY_NAME[type_] if isinstance(type_, str) else type_
    arch = kind.requirements.of(ARCH).any_value()
    labels = {
        NODEPOOL: pool,
        INSTANCE_TYPE: kind.name,
        ZONE: zone,
        CAPACITY_TYPE: capacity_type,
        ARCH: arch,
        OS: "linux",
        "karpenter.k8s.aws/ec2nodeclass": "default",
    }
    own = {**labels, HOSTNAME: name, REGISTERED: "true", INITIALIZED: "true"}
    node = Node(
        Metadata(name, labels=own),
        f"fake://{name}",
        capacity=kind.capacity,
        allocatable=kind.allocatable,
        conditions=(Condition("Ready", "True"),),
    )
    claimed = NodeClaim(
        Metadata(f"claim-{name}", labels=labels, created=SINCE),
        provider_id=node.provider_id,
        node_name=name,
        capacity=kind.capacity,
        allocatable=kind.allocatable,
        conditions=tuple(Condition(type_, "True", type_, changed=SINCE) for type_ in (*STARTED, *conditions)),
    )
    return node, replace(claimed, **claim)


def dynamic_pool(name: str = "default", *budgets: Budget, **fields: Any) -> NodePool:
    """A NodePool that is ready, which lets all of its nodes go unless budgets are given."""
    template = NodeTemplate(node_class=NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default"))
    given = {"template": template, **fields}
    return NodePool(Metadata(name), conditions=READY, budgets=budgets, **given)


def fleet(*objects: Any, budgets: Iterable[PodDisruptionBudget] = (), **more: Any) -> Snapshot:
    """A Snapshot of pools, pods, and nodes with their claims."""
    flat = [part for entry in objects for part in (entry if isinstance(entry, tuple) else (entry,))]
    return replace(snapshot(*flat, **more), budgets={budget.key: budget for budget in budgets})
