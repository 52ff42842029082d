"""Pods that start and stop, nodes that come and go, and what is left behind."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from karptui.lab.clock import Clock
from karptui.lab.cluster import Cluster, Instance
from karptui.lab.cluster.api import Api, Refused
from karptui.lab.cluster.kinds import (
    BUDGETS,
    DAEMONSETS,
    DEPLOYMENTS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    Object,
)
from karptui.lab.cluster.pod_conditions import condition_of, node_name, ready
from karptui.lab.cluster.timestamps import epoch
from tests.lab.cluster.bench import FAST, Bench, Server, eventually, pod_spec, workload


class Instances:
    """A feed that a test changes."""

    def __init__(self) -> None:
        self._now: dict[str, Instance] = {}
        self._changed = asyncio.Event()

    def put(self, instance: Instance) -> None:
        self._now[instance.id] = instance
        self._changed.set()

    def drop(self, instance: Instance) -> None:
        del self._now[instance.id]
        self._changed.set()

    async def pictures(self) -> AsyncIterator[Sequence[Instance]]:
        while True:
            self._changed.clear()
            yield list(self._now.values())
            await self._changed.wait()


@pytest.fixture
async def instances() -> Instances:
    return Instances()


@pytest.fixture
async def cloud(server: Server, api: Api, clock: Clock, instances: Instances) -> AsyncIterator[Bench]:
    """As `bench`, with nodes that come from instances."""
    cluster = Cluster(server.url, server.token, clock, seed="test", profile=FAST, feed=instances, tls=server.tls)
    running = asyncio.create_task(cluster.run())
    bench = Bench(api, clock, server)
    await bench.open()
    yield bench
    await bench.close()
    await cluster.stop()
    await asyncio.gather(running, return_exceptions=True)


def instance(number: int, clock: Clock) -> Instance:
    return Instance(
        id=f"i-{number:017x}",
        zone="us-east-1a",
        instance_type="m7i.large",
        private_dns_name=f"ip-10-0-0-{number}.ec2.internal",
        private_ip=f"10.0.0.{number}",
        capacity={"cpu": "2", "memory": "8Gi", "pods": "29"},
        allocatable={"cpu": "1930m", "memory": "7Gi", "pods": "29"},
        launched=clock.now(),
        labels={"karpenter.sh/nodepool": "default"},
        taints=({"key": "node.cilium.io/agent-not-ready", "value": "true", "effect": "NoExecute"},),
    )


async def node_of(bench: Bench, one: Instance) -> Object | None:
    return await bench.get(NODES, one.private_dns_name)


def taint_keys(node: Object) -> set[str]:
    return {taint["key"] for taint in node["spec"].get("taints") or ()}


async def test_a_started_pod_has_the_conditions_and_events_of_a_kubelet(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(PODS, "p", pod_spec())
    (pod,) = await bench.ready_pods(1)
    status = pod["status"]
    assert status["phase"] == "Running"
    conditions = {entry["type"]: entry["status"] for entry in status["conditions"]}
    types = ("PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
    assert conditions == dict.fromkeys(types, "True")
    assert all("reason" not in entry for entry in status["conditions"])
    assert status["containerStatuses"][0]["state"]["running"]["startedAt"]
    assert status["podIP"].startswith("10.")

    async def told() -> set[str]:
        items = [
            event
            for name in ("Scheduled", "Pulling", "Pulled", "Created", "Started")
            for event in await bench.events(name, "p")
        ]
        reasons = {item["reason"] for item in items}
        return reasons if len(reasons) == 5 else set()

    await eventually(told, "five kinds of events")


async def test_an_image_is_pulled_once_on_a_node(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(PODS, "first", pod_spec())
    await bench.ready_pods(1)
    await bench.make(PODS, "second", pod_spec())
    await bench.ready_pods(2)

    async def told() -> list[Object]:
        return await bench.events("Pulled", "second")

    (event,) = await eventually(told, "the event")
    assert "already present on machine" in event["message"]
    assert not await bench.events("Pulling", "second")


async def test_a_readiness_probe_delays_ready_but_not_running(bench: Bench) -> None:
    await bench.node("n1")
    spec = pod_spec()
    spec["containers"][0]["readinessProbe"] = {"exec": {"command": ["true"]}, "initialDelaySeconds": 2}
    await bench.make(PODS, "p", spec)

    async def running() -> Object | None:
        pod = await bench.get(PODS, "p")
        return pod if pod and pod["status"].get("phase") == "Running" else None

    pod = await eventually(running, "a running pod")
    if not ready(pod):
        assert (condition_of(pod, "Ready") or {})["message"] == "containers with unready status: [main]"
    (pod,) = await bench.ready_pods(1)
    started = epoch(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])
    assert epoch((condition_of(pod, "Ready") or {})["lastTransitionTime"]) >= started + 1


async def test_a_deleted_pod_is_terminating_until_its_containers_have_stopped(bench: Bench) -> None:
    await bench.node("n1")
    spec = pod_spec() | {"terminationGracePeriodSeconds": 30}
    pod = await bench.make(PODS, "p", spec, annotations={"lab.karptui.io/stop-seconds": "2"})
    await bench.ready_pods(1)
    await bench.api.delete(PODS, pod)
    terminating = await bench.get(PODS, "p")
    assert terminating is not None
    assert terminating["metadata"]["deletionGracePeriodSeconds"] == 30
    await bench.no_pods()

    async def told() -> list[Object]:
        return await bench.events("Killing", "p")

    (event,) = await eventually(told, "the event")
    assert event["message"] == "Stopping container main"


async def test_a_budget_counts_what_is_healthy_and_what_may_go(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 4))
    await bench.ready_pods(4)
    selector = {"matchLabels": {"app": "web"}}
    await bench.make(BUDGETS, "most", {"maxUnavailable": "25%", "selector": selector})
    await bench.make(BUDGETS, "least", {"minAvailable": 4, "selector": selector})

    async def status(name: str) -> tuple[int, ...]:
        item = await bench.get(BUDGETS, name)
        got = (item or {}).get("status") or {}
        fields = ("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed")
        return tuple(got.get(field, -1) for field in fields)

    async def counted() -> bool:
        return await status("most") == (4, 4, 3, 1) and await status("least") == (4, 4, 4, 0)

    await eventually(counted, "both budgets")
    item = await bench.get(BUDGETS, "most")
    assert item is not None
    allowed = condition_of(item, "DisruptionAllowed") or {}
    assert (allowed["status"], allowed["reason"]) == ("True", "SufficientPods")


async def test_an_eviction_uses_the_budget_up_until_the_pod_is_replaced(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 2))
    pods = await bench.ready_pods(2)
    await bench.make(BUDGETS, "b", {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}})

    async def may_go() -> bool:
        item = await bench.get(BUDGETS, "b")
        return ((item or {}).get("status") or {}).get("disruptionsAllowed") == 1

    await eventually(may_go, "the budget")
    first, second = (pod["metadata"]["name"] for pod in pods)
    await bench.api.create(PODS, _eviction(bench, first), "eviction")
    with pytest.raises(Refused) as refused:
        await bench.api.create(PODS, _eviction(bench, second), "eviction")
    assert refused.value.code == 429
    await eventually(may_go, "the budget again")
    assert first not in {pod["metadata"]["name"] for pod in await bench.pods()}


def _eviction(bench: Bench, name: str) -> Object:
    metadata = {"name": name, "namespace": bench.namespace}
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}


async def test_what_a_deleted_deployment_owned_is_collected(bench: Bench) -> None:
    await bench.node("n1")
    item = await bench.make(DEPLOYMENTS, "web", workload("web", 2))
    await bench.ready_pods(2)
    await bench.api.delete(DEPLOYMENTS, item)
    await bench.no_pods()

    async def no_sets() -> bool:
        return not (await bench.api.list(REPLICASETS, bench.namespace))[0]

    await eventually(no_sets, "no ReplicaSets")


@pytest.mark.parametrize("propagation", ["Foreground", "Orphan"])
async def test_a_deletion_takes_or_leaves_the_dependents_as_it_is_told(bench: Bench, propagation: str) -> None:
    await bench.node("n1")
    item = await bench.make(REPLICASETS, "rs", workload("rs", 1))
    await bench.ready_pods(1)
    await bench.api.delete(REPLICASETS, item, propagation=propagation)

    async def gone() -> bool:
        return await bench.get(REPLICASETS, "rs") is None

    await eventually(gone, "the ReplicaSet to be gone")
    pods = await bench.pods()
    assert [pod["metadata"].get("ownerReferences") for pod in pods] == ([None] if propagation == "Orphan" else [])


async def test_a_namespace_goes_when_it_is_empty(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 1))
    await bench.ready_pods(1)
    await bench.api.delete(NAMESPACES, await bench.api.get(NAMESPACES, "", bench.namespace))

    async def gone() -> bool:
        return await bench.get(NAMESPACES, bench.namespace) is None

    await eventually(gone, "the namespace to be gone")
    assert not await bench.pods()
    # The tidying after the test does not need it.
    await bench.open()


async def test_pods_of_a_node_that_is_gone_are_removed(bench: Bench) -> None:
    node = await bench.node("n1")
    await bench.make(PODS, "p", pod_spec())
    await bench.ready_pods(1)
    await bench.api.delete(NODES, node)
    await bench.no_pods()


async def test_pods_that_do_not_tolerate_a_new_taint_have_to_go(bench: Bench) -> None:
    node = await bench.node("n1")
    tolerant = pod_spec(tolerations=[{"key": "out", "operator": "Exists"}])
    await bench.make(PODS, "stays", tolerant)
    await bench.make(PODS, "goes", pod_spec())
    await bench.ready_pods(2)
    current = await bench.get(NODES, node["metadata"]["name"])
    assert current is not None
    taints = [*(current["spec"].get("taints") or ()), {"key": "out", "effect": "NoExecute"}]
    await bench.api.patch(NODES, current, {"spec": {"taints": taints}})

    async def one_left() -> bool:
        return [pod["metadata"]["name"] for pod in await bench.pods()] == ["stays"]

    await eventually(one_left, "the eviction")


async def test_a_running_instance_becomes_a_ready_node(cloud: Bench, instances: Instances, clock: Clock) -> None:
    one = instance(1, clock)
    instances.put(one)
    node = await eventually(lambda: node_of(cloud, one), "the Node")
    assert epoch(node["metadata"]["creationTimestamp"]) >= int(one.launched)
    assert node["spec"]["providerID"] == f"aws:///us-east-1a/{one.id}"
    assert {"karpenter.sh/unregistered", "node.cilium.io/agent-not-ready"} <= taint_keys(node)
    labels = node["metadata"]["labels"]
    assert labels["topology.kubernetes.io/region"] == "us-east-1"
    assert labels["karpenter.sh/nodepool"] == "default"

    async def usable() -> Object | None:
        found = await node_of(cloud, one)
        return found if found and ready(found) and taint_keys(found) == {"karpenter.sh/unregistered"} else None

    node = await eventually(usable, "a ready Node without startup taint")
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    lease = await cloud.api.get(LEASES, "kube-node-lease", one.private_dns_name)
    assert lease["spec"]["holderIdentity"] == one.private_dns_name


async def test_a_startup_taint_waits_for_its_daemon(cloud: Bench, instances: Instances, clock: Clock) -> None:
    """cilium is in kube-system; the DaemonSet there decides."""
    spec = workload("cilium", 1, pod_spec(tolerations=[{"operator": "Exists"}]))
    del spec["replicas"]
    item = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "cilium", "namespace": "kube-system"},
        "spec": spec,
    }
    item["spec"]["template"]["metadata"]["annotations"] = {"lab.karptui.io/ready-seconds": "3"}
    daemon = await cloud.api.create(DAEMONSETS, item)
    try:
        one = instance(2, clock)
        instances.put(one)

        async def waits() -> bool:
            found = await node_of(cloud, one)
            return bool(found and ready(found) and "node.cilium.io/agent-not-ready" in taint_keys(found))

        await eventually(waits, "a ready node that still has its startup taint")

        async def free() -> Object | None:
            found = await node_of(cloud, one)
            return found if found and "node.cilium.io/agent-not-ready" not in taint_keys(found) else None

        await eventually(free, "the startup taint to go")
        pods, _ = await cloud.api.list(PODS, "kube-system")
        assert any(node_name(pod) == one.private_dns_name and ready(pod) for pod in pods)
    finally:
        await cloud.api.delete(DAEMONSETS, daemon)


async def test_a_node_goes_not_ready_with_its_instance_and_then_away(
    cloud: Bench, instances: Instances, clock: Clock
) -> None:
    one = instance(3, clock)
    instances.put(one)

    async def is_ready(status: str) -> bool:
        found = await node_of(cloud, one)
        return bool(found) and (condition_of(found, "Ready") or {}).get("status") == status

    await eventually(lambda: is_ready("True"), "a ready node")
    instances.put(replace(one, state="shutting-down"))
    await eventually(lambda: is_ready("False"), "a node that is not ready")
    instances.drop(one)

    async def gone() -> bool:
        return await node_of(cloud, one) is None

    await eventually(gone, "the Node to be gone")


async def test_a_node_that_falls_silent_is_unknown_and_unreachable(
    cloud: Bench, instances: Instances, clock: Clock
) -> None:
    one = instance(4, clock)
    instances.put(one)

    async def is_ready(status: str) -> bool:
        found = await node_of(cloud, one)
        return bool(found) and (condition_of(found, "Ready") or {}).get("status") == status

    await eventually(lambda: is_ready("True"), "a ready node")
    # Stopped without a word, and still known to the cloud.
    instances.put(replace(one, state="stopped"))
    await eventually(lambda: is_ready("Unknown"), "a node in the unknown")

    async def tainted() -> bool:
        found = await node_of(cloud, one)
        return bool(found) and "node.kubernetes.io/unreachable" in taint_keys(found)

    await eventually(tainted, "the taint")


async def test_another_machinery_goes_on_where_one_was_stopped(server: Server, api: Api, clock: Clock) -> None:
    bench = Bench(api, clock, server)
    await bench.open()
    await bench.node("n1", wait=False)
    await bench.make(DEPLOYMENTS, "web", workload("web", 3))
    for _ in range(4):
        cluster = Cluster(server.url, server.token, clock, profile=FAST, tls=server.tls)
        running = asyncio.create_task(cluster.run())
        await cluster.synced()
        await bench.pods()
        await cluster.stop()
        assert running.done()
    cluster = Cluster(server.url, server.token, clock, profile=FAST, tls=server.tls)
    running = asyncio.create_task(cluster.run())
    try:
        await bench.ready_pods(3)
    finally:
        await bench.close()
        await cluster.stop()
        await asyncio.gather(running, return_exceptions=True)
