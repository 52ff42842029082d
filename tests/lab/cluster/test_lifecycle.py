"""Pods that start and stop, budgets, evictions, and what is left behind."""

import asyncio

import pytest

from karptui.kube.timestamps import epoch
from karptui.lab.clock import Clock
from karptui.lab.cluster import Cluster
from karptui.lab.cluster.api import Api, Refused
from karptui.lab.cluster.kinds import (
    BUDGETS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    Object,
)
from karptui.lab.cluster.pod_conditions import condition_of, ready
from tests.lab.cluster.bench import FAST, Bench, Server, eventually, pod_spec, workload


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
