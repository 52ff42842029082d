"""A real Karpenter in the same cluster: two controllers would launch twice for the same pods and undo each other."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from karptui.failure import Failure
from karptui.kube.clean import clean
from karptui.kube.connect import Connection
from karptui.kube.errors import ApiError
from karptui.world import events

LEASE = "karpenter-leader-election"
SELECTOR = "app.kubernetes.io/name=karpenter"
LEASE_FRESH_SECONDS = 60.0  # generous for clocks that differ: Karpenter renews every two seconds
STOP_SECONDS = 120.0

EXPLANATION = """\
karptui would take this cluster over from Karpenter:
  - every Deployment of Karpenter is scaled to 0 replicas, and karptui waits until none of its pods is left;
  - karptui then provisions, consolidates, replaces interrupted nodes and drains, with the same NodePools,
    NodeClasses, NodeClaims, finalizers and labels; no node is replaced because of the change itself;
  - to hand back: stop karptui, then scale Karpenter up again to what it was."""


class Other(Struct, frozen=True):
    """What stands in the way: Deployments as (namespace, name, replicas), and holders of Karpenter's Lease."""

    deployments: tuple[tuple[str, str, int], ...] = ()
    holders: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.deployments or self.holders)

    def sentence(self) -> str:
        """One line for a person."""
        running = [
            f"Deployment {space}/{name} has {count} replica{'s' if count != 1 else ''}"
            for space, name, count in self.deployments
        ]
        held = [f"{holder} holds the Lease {LEASE}" for holder in self.holders]
        return " and ".join([*running, *held])


async def find_other(connection: Connection) -> Other:
    """Whether a Karpenter runs here. Raises KubeError where that cannot be seen: then nobody knows."""
    listed = await _list(connection, "/apis/apps/v1/deployments", {"labelSelector": SELECTOR})
    deployments = tuple(
        (clean(str(item["metadata"]["namespace"])), clean(str(item["metadata"]["name"])), replicas)
        for item in listed
        if (replicas := int(item["spec"].get("replicas", 1))) > 0
    )
    leases = await _list(connection, "/apis/coordination.k8s.io/v1/leases", {"fieldSelector": f"metadata.name={LEASE}"})
    holders = tuple(clean(str(item["spec"]["holderIdentity"])) for item in leases if _is_held(item.get("spec") or {}))
    return Other(deployments, holders)


async def find_cluster_autoscaler(connection: Connection) -> list[str]:
    """Deployments of the Cluster Autoscaler that run, as namespace/name. Raises KubeError."""
    listed = await _list(connection, "/apis/apps/v1/deployments", {})
    return [
        clean(f"{item['metadata']['namespace']}/{item['metadata']['name']}")
        for item in listed
        if "cluster-autoscaler" in item["metadata"]["name"] and int(item["spec"].get("replicas", 1)) > 0
    ]


async def refuse_beside(connection: Connection) -> None:
    """Raise Failure if a Karpenter runs here."""
    other = await find_other(connection)
    if other:
        raise Failure(
            f"Karpenter runs in this cluster: {other.sentence()}; "
            "stop it first, or let karptui do that with --take-over"
        )


async def take_over(connection: Connection, sink: Callable[[events.Event], None], now: Callable[[], float]) -> None:
    """Scale Karpenter to nothing and wait until it is gone, saying what for. Raises Failure if it does not go."""
    for namespace, name, count in (await find_other(connection)).deployments:
        what = f"{namespace}/{name}"
        sink(events.Intended(now(), "patch", "deployments/scale", what, f"replicas: {count} -> 0"))
        sink(
            events.Problem(
                now(), "take-over", f"Deployment {what} is scaled from {count} to 0; scale it up again to hand back"
            )
        )
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
        patch = json.dumps({"spec": {"replicas": 0}}).encode()
        await connection.request("PATCH", path, patch, content_type="application/merge-patch+json", verb="patch")
    loop = asyncio.get_running_loop()
    end = loop.time() + STOP_SECONDS
    told = ""
    while True:
        other = await find_other(connection)
        pods = await _list(connection, "/api/v1/pods", {"labelSelector": SELECTOR})
        if not other and not pods:
            return
        still = other.sentence() or f"{len(pods)} of its pods are left"
        if still != told:
            told = still
            sink(events.Problem(now(), "take-over", f"waiting for Karpenter to stop: {still}"))
        if loop.time() > end:
            raise Failure(f"Karpenter did not stop in {STOP_SECONDS:.0f}s: {still}; nothing else has been changed")
        await asyncio.sleep(1.0)


def _is_held(spec: dict[str, Any]) -> bool:
    if not spec.get("holderIdentity"):
        return False
    try:
        renewed = datetime.fromisoformat(str(spec["renewTime"]))
    except (KeyError, ValueError):
        return True  # held, and nobody knows since when
    return (datetime.now(UTC) - renewed).total_seconds() < LEASE_FRESH_SECONDS


async def _list(connection: Connection, path: str, query: dict[str, str | int | bool]) -> list[dict[str, Any]]:
    try:
        answer = await connection.request("GET", path, query=query, verb="list")
    except ApiError as error:
        if error.code == 404:
            return []
        raise
    return json.loads(answer).get("items") or []
