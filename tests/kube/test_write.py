"""The writes of active mode against a real API server."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from karptui.kube.connect import connect
from karptui.kube.errors import ApiError
from karptui.kube.write import EventRecorder, Eviction, Patch, Writer, object_path
from tests.control_plane.client import Client
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until

NODES = "/api/v1/nodes"


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Client]:
    async with control_plane.client() as client:
        yield client


@pytest.fixture
async def writer(control_plane: ControlPlane) -> AsyncIterator[Writer]:
    async with connect(str(control_plane.kubeconfig())) as connection:
        yield Writer(connection)


@pytest.fixture
async def pods(api: Client) -> str:
    return f"/api/v1/namespaces/{await api.make_namespace()}/pods"


def namespace_of(pods: str) -> str:
    return pods.split("/")[4]


def pod(name: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": "none"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "a"}},
        "spec": {"containers": containers, **spec},
    }


async def test_karptui_is_named_as_the_manager_of_what_it_writes(writer: Writer, pods: str) -> None:
    made = await writer.create(pods, pod("a", nodeName="nowhere"))
    assert [entry["manager"] for entry in made["metadata"]["managedFields"]] == ["karptui"]


async def test_the_four_ways_to_patch(writer: Writer, pods: str) -> None:
    path = object_path(pods, "a")
    await writer.create(pods, pod("a", nodeName="nowhere"))
    await writer.patch(path, {"metadata": {"annotations": {"merge": "1"}}})
    await writer.patch(path, [{"op": "add", "path": "/metadata/annotations/json", "value": "2"}], Patch.JSON)
    await writer.patch(path, {"metadata": {"annotations": {"strategic": "3"}}}, Patch.STRATEGIC)
    applied = {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"apply": "4"}}}
    found = await writer.apply(path, applied)
    assert found["metadata"]["annotations"] == {"merge": "1", "json": "2", "strategic": "3", "apply": "4"}


async def test_a_status_is_patched_apart(writer: Writer, pods: str) -> None:
    await writer.create(pods, pod("a", nodeName="nowhere"))
    found = await writer.patch_status(object_path(pods, "a"), {"status": {"phase": "Running"}})
    assert found["status"]["phase"] == "Running"


async def test_an_update_from_an_old_version_is_a_conflict(writer: Writer, pods: str) -> None:
    made = await writer.create(pods, pod("a", nodeName="nowhere"))
    await writer.patch(object_path(pods, "a"), {"metadata": {"labels": {"b": "c"}}})
    made["metadata"]["labels"]["d"] = "e"
    with pytest.raises(ApiError) as caught:
        await writer.update(object_path(pods, "a"), made)
    assert caught.value.code == 409


async def test_a_delete_minds_the_uid_and_what_is_gone_is_no_error(writer: Writer, pods: str) -> None:
    path = object_path(pods, "a")
    made = await writer.create(pods, pod("a", nodeName="nowhere"))
    with pytest.raises(ApiError) as caught:
        await writer.delete(path, uid=str(uuid.uuid4()))
    assert caught.value.code == 409
    assert await writer.delete(path, uid=made["metadata"]["uid"], grace_seconds=0)
    assert not await writer.delete(path)


async def test_a_pod_is_bound(writer: Writer, api: Client, pods: str) -> None:
    await writer.create(pods, pod("a", schedulerName="nobody"))
    await writer.bind(namespace_of(pods), "a", "some-node")
    assert (await api.get(f"{pods}/a"))["spec"]["nodeName"] == "some-node"
    with pytest.raises(ApiError):
        await writer.bind(namespace_of(pods), "a", "other-node")


async def test_an_eviction_tells_what_the_budget_says(writer: Writer, api: Client, pods: str) -> None:
    namespace = namespace_of(pods)
    for name in ("a", "b"):
        await writer.create(pods, pod(name, nodeName="nowhere"))
        ready = {"type": "Ready", "status": "True"}
        await writer.patch_status(object_path(pods, name), {"status": {"phase": "Running", "conditions": [ready]}})
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "b"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "a"}}},
    }
    budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    made = await api.create(budgets, budget)

    async def observed() -> bool:
        status = (await api.get(f"{budgets}/b")).get("status") or {}
        return status.get("observedGeneration") == made["metadata"]["generation"] and "conditions" in status

    await until(observed, "the disruption controller looked at the budget")
    blocked = await writer.evict(namespace, "a")
    assert blocked.outcome is Eviction.BLOCKED
    assert "disruption budget" in blocked.message
    await api.create(budgets, {**budget, "metadata": {"name": "c"}})

    async def refused() -> bool:
        return (await writer.evict(namespace, "a")).outcome is Eviction.REFUSED

    await until(refused, "two budgets")
    await asyncio.gather(api.delete(f"{budgets}/b"), api.delete(f"{budgets}/c"))

    async def accepted() -> bool:
        return (await writer.evict(namespace, "a", grace_seconds=0)).outcome is Eviction.ACCEPTED

    await until(accepted, "no budget")
    assert (await writer.evict(namespace, "a")).outcome is Eviction.GONE
    assert (await writer.evict(namespace, "b", uid=str(uuid.uuid4()))).outcome is Eviction.GONE


async def test_a_dry_run_keeps_nothing(control_plane: ControlPlane, api: Client, pods: str) -> None:
    async with connect(str(control_plane.kubeconfig())) as connection:
        await Writer(connection, dry_run=True).create(pods, pod("a", nodeName="nowhere"))
    assert (await api.get(pods))["items"] == []


async def test_the_same_event_is_written_once_in_two_minutes(writer: Writer, api: Client, pods: str) -> None:
    made = await writer.create(pods, pod("a", nodeName="nowhere"))
    recorder = EventRecorder(writer)
    about = {"apiVersion": "v1", "kind": "Pod", **{k: made["metadata"][k] for k in ("name", "namespace", "uid")}}
    assert await recorder.record(about, "Nominated", "to node x", now=1000.0)
    assert not await recorder.record(about, "Nominated", "to node x", now=1100.0)
    assert await recorder.record(about, "Nominated", "to node y", now=1100.0)
    assert await recorder.record(about, "Nominated", "to node x", now=1121.0)
    events = (await api.get(pods.replace("/pods", "/events")))["items"]
    ours = [event for event in events if event["source"].get("component") == "karptui"]
    assert sorted(event["message"] for event in ours) == ["to node x", "to node x", "to node y"]
    assert all(event["involvedObject"]["uid"] == about["uid"] for event in ours)
