"""What a real Kubernetes with a real Karpenter did, as events, and pods in the same shape for cases it did not meet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from karptui.cloud.kwok.catalogue import built_in
from karptui.kube.decode import decode_object
from karptui.kube.decode_recorded import decode_recorded
from karptui.model.pod import Pod
from karptui.world import events
from karptui.world.recording import Recording
from karptui.world.world import World

RECORDING = Path(__file__).parents[2] / "recordings" / "karpenter-kwok.jsonl.zst"
STARTED = 1795264142.172


def recorded_events(keep_raw: bool = False) -> Iterator[events.Event]:
    return Recording(RECORDING, decode_recorded).read(keep_raw)


def world_until(seconds: float = 1e9, catalogue: bool = True) -> World:
    """The World `seconds` after the recording began."""
    world = World()
    if catalogue:
        world.apply(events.CatalogueSeen(STARTED, built_in()))
    for event in recorded_events():
        if event.at > STARTED + seconds:
            break
        world.apply(event)
    return world


def pod_json(
    name: str = "web-1",
    *,
    uid: str = "",
    node: str = "",
    phase: str = "Pending",
    cpu: str = "500m",
    created: str = "2026-11-21T12:29:03Z",
    unschedulable: bool = False,
    deleted: bool = False,
    daemon: bool = False,
    memory: str | None = None,
    selector: dict[str, str] | None = None,
) -> dict[str, Any]:
    kind = "DaemonSet" if daemon else "ReplicaSet"
    owner = {"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": f"uid-{kind}", "controller": True}
    requests = {"cpu": cpu, **({"memory": memory} if memory else {})}
    conditions = []
    if unschedulable and not node:
        conditions.append(
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/1 nodes are available: 1 Insufficient cpu.",
                "lastTransitionTime": created,
            }
        )
    metadata = {
        "name": name,
        "namespace": "default",
        "uid": uid or f"uid-{name}",
        "creationTimestamp": created,
        "ownerReferences": [owner],
    }
    if deleted:
        metadata["deletionTimestamp"] = created
    spec: dict[str, Any] = {"containers": [{"name": "main", "resources": {"requests": requests}}]}
    if node:
        spec["nodeName"] = node
    if selector:
        spec["nodeSelector"] = selector
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase, "conditions": conditions}}


def pod(name: str = "web-1", **rest: Any) -> Pod:
    return decode_object("pods", json.dumps(pod_json(name, **rest)).encode())


def decode(resource: str, manifest: dict[str, Any]) -> Any:
    return decode_object(resource, json.dumps(manifest).encode())


def seen(found: Any, at: float = STARTED, change: events.Change = events.Change.MODIFIED) -> events.ObjectSeen:
    resource = {"Pod": "pods", "Node": "nodes", "NodeClaim": "nodeclaims", "NodePool": "nodepools"}[
        type(found).__name__
    ]
    return events.ObjectSeen(at, resource, change, found)


def node(name: str, *, price_of: str = "c-4x-amd64-linux", zone: str = "test-zone-a", pool: str = "default") -> Any:
    labels = {
        "node.kubernetes.io/instance-type": price_of,
        "topology.kubernetes.io/zone": zone,
        "karpenter.sh/capacity-type": "spot",
        "karpenter.sh/nodepool": pool,
    }
    return decode(
        "nodes",
        {
            "metadata": {"name": name, "labels": labels, "creationTimestamp": "2026-11-21T12:29:03Z"},
            "spec": {"providerID": f"kwok://{name}"},
            "status": {
                "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "64"},
                "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T12:29:05Z"}],
            },
        },
    )
