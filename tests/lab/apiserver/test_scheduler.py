"""The real kube-scheduler, speaking JSON, with the lab's API server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from karptui.lab.apiserver.process import ApiServerProcess, start_api_server
from tests.lab.apiserver.api import LIMIT_SECONDS, ApiClient, client_at, pod, pods_path

NODE_CAPACITY = {"cpu": "2", "memory": "4Gi", "pods": "10", "ephemeral-storage": "20Gi"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServerProcess]:
    process = await start_api_server(folder=tmp_path / "lab")
    yield process
    await process.stop()


def node(name: str) -> dict[str, object]:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    status = {"capacity": NODE_CAPACITY, "allocatable": NODE_CAPACITY, "conditions": [ready]}
    return {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "status": status}


def asking(name: str, cpu: str) -> dict[str, object]:
    resources = {"requests": {"cpu": cpu}}
    container = {"name": "main", "image": "registry.example/app:1", "resources": resources}
    return pod(name, schedulerName="default-scheduler", containers=[container])


async def condition_of(client: ApiClient, name: str) -> dict[str, str]:
    """The PodScheduled condition of a pod, once it has one."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            found = await client.get(pods_path("default", name))
            for condition in found["status"].get("conditions") or ():
                if condition["type"] == "PodScheduled":
                    return {**condition, "nodeName": found["spec"].get("nodeName", "")}
            await asyncio.sleep(0.05)


async def test_it_binds_what_fits_and_says_why_the_rest_does_not(server: ApiServerProcess, tmp_path: Path) -> None:
    components = pytest.importorskip("tests.control_plane.components")
    folder = tmp_path / "scheduler"
    folder.mkdir()
    scheduler = await components.start_scheduler(server.kubeconfig, folder, components.JSON)
    try:
        async with client_at(server.url, server.token) as client:
            await client.create("/api/v1/nodes", node("n1"))
            await client.create(pods_path("default"), asking("small", "500m"))
            await client.create(pods_path("default"), asking("big", "64"))
            bound = await condition_of(client, "small")
            assert (bound["status"], bound["nodeName"]) == ("True", "n1")
            refused = await condition_of(client, "big")
            assert (refused["status"], refused["reason"]) == ("False", "Unschedulable")
            assert "Insufficient cpu" in refused["message"]
            async with asyncio.timeout(LIMIT_SECONDS):
                reasons: set[str] = set()
                while reasons != {"Scheduled", "FailedScheduling"}:
                    events = await client.get("/api/v1/namespaces/default/events")
                    reasons = {event["reason"] for event in events["items"]}
                    await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(scheduler.stop)
