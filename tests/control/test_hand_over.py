"""A real Karpenter and karptui take the same cluster over from each other, and no node is replaced for it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from karptui.control.safety.leader import Timing
from karptui.kube.connect import Connection, connect
from karptui.modes.active import Active, Rules
from karptui.modes.providers import kwok
from tests.control.test_kwok import PARTS, deployment, node_class, node_pool
from tests.control_plane.components import start_karpenter
from tests.control_plane.plane import ControlPlane

PATIENCE = 120.0
HASH, VERSION = "karpenter.sh/nodepool-hash", "karpenter.sh/nodepool-hash-version"
POOL = "/apis/karpenter.sh/v1/nodepools/general"
Document = dict[str, Any]


class Cluster:
    """What both controllers see of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, path: str, body: Document) -> None:
        await self._connection.request("POST", path, body)

    async def patch(self, path: str, body: Document) -> None:
        text = json.dumps(body).encode()
        await self._connection.request("PATCH", path, text, content_type="application/merge-patch+json")

    async def scale(self, replicas: int) -> None:
        await self.patch("/apis/apps/v1/namespaces/default/deployments/inflate/scale", {"spec": {"replicas": replicas}})

    async def pool_hash(self) -> tuple[str, str]:
        annotations = json.loads(await self._connection.request("GET", POOL))["metadata"]["annotations"]
        return annotations[HASH], annotations[VERSION]

    async def claims(self) -> dict[str, Document]:
        listed = json.loads(await self._connection.request("GET", "/apis/karpenter.sh/v1/nodeclaims"))["items"]
        return {item["metadata"]["name"]: item for item in listed}

    async def bound(self, count: int) -> bool:
        listed = json.loads(await self._connection.request("GET", "/api/v1/namespaces/default/pods"))["items"]
        claims = (await self.claims()).values()
        ready = all(conditions_of(claim).get("Initialized") == "True" for claim in claims)
        return ready and sum(bool(item["spec"].get("nodeName")) for item in listed) == count

    async def restamped(self) -> bool:
        """Whether the running controller has looked at the NodePool: it follows the pool's generation."""
        pool = json.loads(await self._connection.request("GET", POOL))
        found = {entry["type"]: entry for entry in pool["status"]["conditions"]}
        return found["ValidationSucceeded"].get("observedGeneration") == pool["metadata"]["generation"]


def conditions_of(thing: Document) -> dict[str, str]:
    return {entry["type"]: entry["status"] for entry in (thing.get("status") or {}).get("conditions") or []}


def unharmed(before: dict[str, Document], after: dict[str, Document]) -> None:
    """Every NodeClaim is the same object still, is not going, has not drifted, and carries the same hash."""
    for name, claim in before.items():
        assert name in after, f"{name} is gone"
        now = after[name]
        assert now["metadata"]["uid"] == claim["metadata"]["uid"]
        assert "deletionTimestamp" not in now["metadata"], name
        assert conditions_of(now).get("Drifted") != "True", now["status"]["conditions"]
        assert now["metadata"]["annotations"][HASH] == claim["metadata"]["annotations"][HASH]
        assert now["metadata"]["finalizers"] == ["karpenter.sh/termination"]
        assert {"Launched": "True", "Registered": "True", "Initialized": "True"}.items() <= conditions_of(now).items()


async def until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not await done():
        assert asyncio.get_running_loop().time() < end, f"{what} did not happen in {PATIENCE:.0f}s"
        await asyncio.sleep(0.2)


def karptui(plane: ControlPlane) -> Active:
    rules = Rules(timing=Timing(duration=5.0, renew_deadline=3.0, retry=0.5))
    return Active(kwok("us-east-1"), rules, str(plane.kubeconfig()))


async def test_nodes_of_one_are_kept_by_the_other_and_back(tmp_path: Path) -> None:
    async with ControlPlane(PARTS) as plane, connect(str(plane.kubeconfig())) as connection:
        cluster = Cluster(connection)
        pool = node_pool(expireAfter="720h", terminationGracePeriod="1h", taints=[])
        pool["spec"]["template"]["metadata"] = {"labels": {"team": "blue"}, "annotations": {"note": "two\nlines"}}
        pool["spec"]["disruption"]["consolidateAfter"] = "Never"
        await cluster.create("/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses", node_class())
        await cluster.create("/apis/karpenter.sh/v1/nodepools", pool)
        await cluster.create("/apis/apps/v1/namespaces/default/deployments", deployment(3))
        first = karptui(plane)
        await first.start()
        await until(lambda: cluster.bound(3), "karptui brings three pods up")
        await first.stop()
        ours, hashed = await cluster.claims(), await cluster.pool_hash()

        karpenter, _ = await start_karpenter(plane.kubeconfig(), tmp_path)
        try:
            # Only a controller that runs lifts this generation into the pool's conditions.
            await cluster.patch(POOL, {"spec": {"weight": 7}})
            await until(cluster.restamped, "Karpenter looks at the NodePool")
            await cluster.scale(9)
            await until(lambda: cluster.bound(9), "Karpenter brings nine pods up")
            assert await cluster.pool_hash() == hashed
            theirs = await cluster.claims()
            unharmed(ours, theirs)
            assert len(theirs) > len(ours)
        finally:
            karpenter.stop()

        second = karptui(plane)
        await second.start()
        await until(lambda: _looked(second, len(theirs)), "karptui looks at every NodeClaim")
        unharmed(theirs, await cluster.claims())
        assert await cluster.pool_hash() == hashed
        await cluster.patch(POOL, {"spec": {"disruption": {"consolidateAfter": "1s", "budgets": [{"nodes": "100%"}]}}})
        await cluster.scale(0)

        async def empty() -> bool:
            return not await cluster.claims()

        await until(empty, "karptui takes the nodes of both away")
        await second.stop()


async def _looked(run: Active, claims: int) -> bool:
    """Whether it wrote what only a whole look at a NodeClaim brings, for all of them."""
    found = run.world.of("nodeclaims").values()
    seen = [claim for claim in found if any(entry.type == "ConsistentStateFound" for entry in claim.conditions)]
    return len(seen) == claims
