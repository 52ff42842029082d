"""Active mode without a cloud: real API server, scheduler, controller-manager and KWOK's kubelets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from karptui.cloud.kwok.provider import KwokProvider
from karptui.control.safety.brakes import Brakes
from karptui.control.safety.leader import Timing
from karptui.kube.connect import Connection, connect
from karptui.model.metadata import is_true
from karptui.modes.active import Active, Rules
from karptui.modes.providers import kwok
from tests.control_plane.plane import ControlPlane

PATIENCE = 60.0
PARTS = ("scheduler", "controller-manager", "kwok")
GROUP = "karpenter.kwok.sh"


def node_class() -> dict[str, Any]:
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": "KWOKNodeClass", "metadata": {"name": "default"}}


def node_pool(**template: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "nodeClassRef": {"group": GROUP, "kind": "KWOKNodeClass", "name": "default"},
        "requirements": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}],
        "expireAfter": "Never",
        **template,
    }
    disruption = {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "1s"}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": "general"},
        "spec": {"template": {"spec": spec}, "disruption": disruption},
    }


def deployment(replicas: int) -> dict[str, Any]:
    labels = {"app": "inflate"}
    container = {"name": "c", "image": "pause", "resources": {"requests": {"cpu": "1"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "inflate"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }


class Cluster:
    """A control plane, and as many karptuis in active mode as a test starts."""

    def __init__(self, plane: ControlPlane, connection: Connection) -> None:
        self.plane = plane
        self.connection = connection
        self.runs: list[Active] = []

    async def start(self, rules: Rules | None = None) -> Active:
        quick = Timing(duration=5.0, renew_deadline=3.0, retry=0.5)
        run = Active(kwok("us-east-1"), rules or Rules(timing=quick), str(self.plane.kubeconfig()))
        self.runs.append(run)
        await run.start()
        return run

    async def create(self, path: str, body: dict[str, Any]) -> None:
        await self.connection.request("POST", path, body)

    async def scale(self, replicas: int) -> None:
        patch = json.dumps({"spec": {"replicas": replicas}}).encode()
        path = "/apis/apps/v1/namespaces/default/deployments/inflate/scale"
        await self.connection.request("PATCH", path, patch, content_type="application/merge-patch+json")

    async def set_up(self, replicas: int, **template: Any) -> None:
        await self.create(f"/apis/{GROUP}/v1alpha1/kwoknodeclasses", node_class())
        await self.create("/apis/karpenter.sh/v1/nodepools", node_pool(**template))
        await self.create("/apis/apps/v1/namespaces/default/deployments", deployment(replicas))


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with ControlPlane(PARTS) as plane, connect(str(plane.kubeconfig())) as connection:
        found = Cluster(plane, connection)
        yield found
        for run in found.runs:
            await run.stop()


async def until(run: Active, done: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not done():
        assert not run.failure, run.failure
        problems = [problem.message for problem in run.world.problems]
        assert asyncio.get_running_loop().time() < end, f"{what} did not happen; problems {problems[-3:]}"
        await asyncio.sleep(0.05)


def bound(run: Active) -> int:
    return sum(bool(pod.node_name) and not pod.terminating for pod in run.world.of("pods").values())


def _pools_ready(run: Active) -> bool:
    pools = run.world.of("nodepools").values()
    return bool(pools) and all(is_true(pool.conditions, "Ready") for pool in pools)


def initialized(run: Active) -> list[str]:
    claims = run.world.of("nodeclaims").items()
    return [key for key, claim in claims if is_true(claim.conditions, "Initialized")]


async def test_a_cluster_without_a_cloud_grows_and_shrinks_with_its_pods(cluster: Cluster) -> None:
    await cluster.set_up(5)
    run = await cluster.start()
    await until(run, lambda: bound(run) == 5, "five pods bound")
    await until(run, lambda: len(initialized(run)) == len(run.world.of("nodeclaims")), "the claims initialized")
    nodes = [node for node in run.world.of("nodes").values() if node.provider_id.startswith("kwok://")]
    assert len(nodes) == len(initialized(run))
    assert run.world.lease is not None and run.world.lease.ours
    await cluster.scale(0)
    await until(run, lambda: not run.world.of("nodeclaims"), "every claim gone")
    await until(run, lambda: not run.world.of("nodes"), "every node gone")


async def test_of_two_controllers_only_the_holder_writes_and_the_other_goes_on_when_it_leaves(cluster: Cluster) -> None:
    first = await cluster.start()
    await until(first, lambda: first.world.lease is not None and first.world.lease.ours, "the Lease")
    second = await cluster.start()
    await until(second, lambda: second.world.synced() and second.world.lease is not None, "the second watches")
    await cluster.set_up(2)
    await until(second, lambda: bound(second) == 2, "two pods bound")
    assert len(second.world.of("nodeclaims")) == 1
    assert not second.world.intentions
    assert {entry.verb for entry in first.world.intentions} >= {"create", "launch", "patch"}
    await first.stop()
    await cluster.scale(0)
    await until(second, lambda: not second.world.of("nodeclaims"), "every claim gone")
    assert any(entry.verb == "delete" for entry in second.world.intentions)


async def test_a_dry_run_says_what_it_would_write_and_writes_nothing(cluster: Cluster) -> None:
    live = await cluster.start()
    await cluster.set_up(0)
    await until(live, lambda: _pools_ready(live), "the NodePool ready")
    await live.stop()
    run = await cluster.start(Rules(dry_run=True))
    await cluster.scale(3)
    await until(run, lambda: any(act.resource == "nodeclaims" for act in run.gate.would), "a would-be NodeClaim")
    claims = json.loads(await cluster.connection.request("GET", "/apis/karpenter.sh/v1/nodeclaims"))
    assert claims["items"] == []


async def test_an_expired_node_goes_by_its_deadline_although_a_pod_must_not_be_disrupted(cluster: Cluster) -> None:
    await cluster.set_up(1, terminationGracePeriod="5s")
    patch = {"spec": {"template": {"metadata": {"annotations": {"karpenter.sh/do-not-disrupt": "true"}}}}}
    path = "/apis/apps/v1/namespaces/default/deployments/inflate"
    body = json.dumps(patch).encode()
    await cluster.connection.request("PATCH", path, body, content_type="application/merge-patch+json")
    run = await cluster.start()
    await until(run, lambda: bound(run) == 1 and len(initialized(run)) == 1, "one pod bound")
    (name,) = initialized(run)
    await cluster.connection.request("DELETE", f"/apis/karpenter.sh/v1/nodeclaims/{name}")
    await until(run, lambda: name not in run.world.of("nodeclaims"), "the claim gone")
    assert any(entry.verb == "delete" and entry.resource == "pods" for entry in run.world.intentions)
    await until(run, lambda: bound(run) == 1, "the pod bound again")


async def test_a_node_of_nobody_is_collected(cluster: Cluster) -> None:
    await cluster.set_up(1)
    run = await cluster.start(Rules(brakes=Brakes(disruption=False)))
    await until(run, lambda: len(initialized(run)) == 1, "one claim")
    (name,) = initialized(run)
    provider = KwokProvider(cluster.connection)
    assert [entry.claim for entry in await provider.list()] == [name]
    orphan = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "orphan",
            "labels": {"karpenter.sh/nodepool": "general", "kwok.x-k8s.io/node": "fake"},
            "annotations": {"kwok.x-k8s.io/node": "fake"},
        },
        "spec": {"providerID": "kwok://orphan"},
    }
    await cluster.create("/api/v1/nodes", orphan)
    await until(run, lambda: "orphan" in run.world.of("nodes"), "the orphan seen")
    await until(run, lambda: "orphan" not in run.world.of("nodes"), "the orphan gone")
    assert initialized(run) == [name]
