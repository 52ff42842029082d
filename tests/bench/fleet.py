"""A cluster as its API server tells it: pods on Karpenter's nodes with their NodeClaims and NodePools, for benchmarks.

Every pod asks for half a core and 1 GiB, 25 of them run on a node; some wait for the kube-scheduler, some for a node.
"""

import json
from typing import Any

from tests.bench.pods import pod

PODS_A_NODE = 25
BOOTING = 12
"""NodeClaims on their way in."""

UNPLACED = 20
"""Pods that ask for more than any instance type has."""

_POOLS = ("general", "batch", "memory", "web")
_TYPES = ("m5.4xlarge", "c6i.8xlarge", "r6i.4xlarge", "m7g.4xlarge")
_ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
_AT = "2026-01-05T10:00:00Z"


def _labels(number: int) -> dict[str, str]:
    return {
        "node.kubernetes.io/instance-type": _TYPES[number % 4],
        "topology.kubernetes.io/zone": _ZONES[number % 3],
        "karpenter.sh/capacity-type": "spot" if number % 5 else "on-demand",
        "karpenter.sh/nodepool": _POOLS[number % 4],
        "kubernetes.io/arch": "arm64" if number % 4 == 3 else "amd64",
        "kubernetes.io/os": "linux",
    }


def node_name(number: int) -> str:
    """As the nodes of a VPC are called."""
    return f"ip-10-0-{number // 250}-{number % 250}.us-west-2.compute.internal"


def _conditions(*types: str, pending: tuple[str, ...] = ()) -> list[dict[str, str]]:
    states = [(kind, "True") for kind in types] + [(kind, "Unknown") for kind in pending]
    return [{"type": kind, "status": status, "lastTransitionTime": _AT, "reason": kind} for kind, status in states]


def _resources() -> dict[str, str]:
    return {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}


def node(number: int) -> dict[str, Any]:
    """A ready node."""
    return {
        "metadata": {
            "name": node_name(number), "uid": f"n{number}", "labels": _labels(number), "creationTimestamp": _AT,
            "resourceVersion": "1",
        },
        "spec": {"providerID": f"aws:///{_ZONES[number % 3]}/i-{number:017x}"},
        "status": {"allocatable": _resources(), "capacity": _resources(), "conditions": _conditions("Ready")},
    }  # fmt: skip


def node_claim(number: int, ready: bool = True) -> dict[str, Any]:
    """The NodeClaim of a node, or one whose instance boots."""
    conditions = _conditions("Launched", "Registered", "Initialized", "Ready")
    if not ready:
        conditions = _conditions("Launched", pending=("Registered", "Initialized", "Ready"))
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    status: dict[str, Any] = {
        "providerID": f"aws:///{_ZONES[number % 3]}/i-{number:017x}", "capacity": _resources(),
        "allocatable": _resources(), "conditions": conditions,
    }  # fmt: skip
    if ready:
        status["nodeName"] = node_name(number)
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {
            "name": f"{_POOLS[number % 4]}-{number:05x}", "uid": f"c{number}", "labels": _labels(number),
            "creationTimestamp": _AT, "resourceVersion": "1",
        },
        "spec": {"nodeClassRef": reference, "requirements": []},
        "status": status,
    }  # fmt: skip


def node_pools() -> list[dict[str, Any]]:
    """Four of them, one with a limit that is nearly reached."""
    made = []
    for weight, name in enumerate(_POOLS):
        requirements = [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}]
        reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
        spec: dict[str, Any] = {
            "weight": weight + 1,
            "template": {"spec": {"nodeClassRef": reference, "requirements": requirements}},
            "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "budgets": [{"nodes": "10%"}]},
            "limits": {"cpu": "4000"},
        }
        made.append(
            {
                "apiVersion": "karpenter.sh/v1", "kind": "NodePool",
                "metadata": {"name": name, "uid": name, "creationTimestamp": _AT, "resourceVersion": "1"},
                "spec": spec, "status": {"conditions": _conditions("Ready")},
            }
        )  # fmt: skip
    return made


def _requests(made: dict[str, Any], cpu: str) -> dict[str, Any]:
    for container in made["spec"]["containers"]:
        container["resources"] = {"requests": {"cpu": cpu, "memory": "512Mi"}, "limits": {"memory": "1Gi"}}
    return made


def bound_pod(number: int) -> dict[str, Any]:
    """A running pod on its node."""
    made = _requests(pod(number), "250m")
    made["spec"]["nodeName"] = node_name(number // PODS_A_NODE)
    return made


def waiting_pod(number: int, unplaced: bool = False) -> dict[str, Any]:
    """The same before the kube-scheduler has looked at it, or after it found no node that is large enough."""
    made = _requests(pod(number), "400" if unplaced else "250m")
    del made["spec"]["nodeName"]
    made["spec"].pop("topologySpreadConstraints")
    made["status"] = {"phase": "Pending", "conditions": []}
    if unplaced:
        message = "0/800 nodes are available: 800 Insufficient cpu."
        made["status"]["conditions"] = [
            {
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
                "lastTransitionTime": _AT,
            }
        ]  # fmt: skip
    return made


def compact(thing: dict[str, Any]) -> bytes:
    """JSON as an API server writes it."""
    return json.dumps(thing, separators=(",", ":")).encode()


def fleet(pods: int, unplaced: int = UNPLACED) -> dict[str, list[bytes]]:
    """Objects by resource. Every fiftieth pod waits for the kube-scheduler, the last `unplaced` fit nowhere."""
    count = pods // PODS_A_NODE
    made = [compact(bound_pod(number) if number % 50 else waiting_pod(number)) for number in range(pods - unplaced)]
    made += [compact(waiting_pod(number, unplaced=True)) for number in range(pods - unplaced, pods)]
    return {
        "pods": made,
        "nodes": [compact(node(number)) for number in range(count)],
        "nodeclaims": [compact(node_claim(number, number < count)) for number in range(count + BOOTING)],
        "nodepools": [compact(pool) for pool in node_pools()],
    }
