"""kubectl, as people have it, against the lab's API server in its own process."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from karptui.lab.apiserver.process import ApiServerProcess, start_api_server
from tests.control_plane.client import Client, Document
from tests.lab.apiserver.api import LIMIT_SECONDS, client_at, deployment, node_pool, pod, pods_path

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")

Kubectl = Callable[..., Coroutine[Any, Any, str]]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServerProcess]:
    process = await start_api_server(folder=tmp_path / "lab")
    yield process
    await process.stop()


@pytest.fixture
async def client(server: ApiServerProcess) -> AsyncIterator[Client]:
    async with client_at(server.url, server.token) as made:
        yield made


@pytest.fixture
def environment(server: ApiServerProcess, tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"  # kubectl caches discovery by address there
    home.mkdir()
    return {**os.environ, "HOME": str(home), "KUBECONFIG": str(server.kubeconfig)}


@pytest.fixture
def kubectl(environment: dict[str, str]) -> Kubectl:
    async def run(*arguments: str, stdin: object = None, fails: bool = False) -> str:
        process = await asyncio.create_subprocess_exec(
            "kubectl",
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        given = b"" if stdin is None else json.dumps(stdin).encode()
        output, _ = await asyncio.wait_for(process.communicate(given), LIMIT_SECONDS)
        text = output.decode()
        assert (process.returncode != 0) == fails, text
        return text

    return run


def web(replicas: int) -> Document:
    return {"apiVersion": "apps/v1", "kind": "Deployment", **deployment("web", replicas)}


def node(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def node_claim(name: str) -> Document:
    labels = {
        "node.kubernetes.io/instance-type": "m5.large",
        "karpenter.sh/capacity-type": "spot",
        "topology.kubernetes.io/zone": "us-east-1a",
    }
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {"name": name, "labels": labels},
        "spec": {"nodeClassRef": reference, "requirements": []},
    }


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


async def test_get_prints_the_usual_columns(kubectl: Kubectl, client: Client) -> None:
    await client.create(pods_path("default"), pod("a"))
    header, row = rows(await kubectl("get", "pods"))
    assert header == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert row[:4] == ["a", "0/1", "Pending", "0"]
    assert "NODE" in (await kubectl("get", "pods", "-o", "wide", "-A"))
    assert json.loads(await kubectl("get", "pod", "a", "-o", "json"))["kind"] == "Pod"
    assert await kubectl("get", "po", "-l", "app=web", "-o", "name") == "pod/a\n"
    assert "pod/a" in await kubectl("get", "all")


async def test_apply_creates_and_then_updates(kubectl: Kubectl, client: Client) -> None:
    assert "created" in await kubectl("apply", "-f", "-", stdin=web(1))
    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=web(1))
    assert "configured" in await kubectl("apply", "-f", "-", stdin=web(3))
    found = await client.get("/apis/apps/v1/namespaces/default/deployments/web")
    assert found["spec"]["replicas"] == 3
    applied = await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=web(2))
    assert "serverside-applied" in applied
    pool = node_pool("general")
    assert "created" in await kubectl("apply", "-f", "-", stdin=pool)
    pool["spec"]["weight"] = 10
    assert "configured" in await kubectl("apply", "-f", "-", stdin=pool)


async def test_a_kind_that_is_mistyped_is_named(kubectl: Kubectl) -> None:
    said = await kubectl("apply", "-f", "-", stdin={**web(1), "kind": "Deploymnet"}, fails=True)
    assert 'no matches for kind "Deploymnet" in version "apps/v1"' in said


async def test_scale_sets_replicas(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", stdin=web(1))
    await kubectl("scale", "deployment/web", "--replicas=4")
    assert rows(await kubectl("get", "deployments"))[1][:2] == ["web", "0/4"]


async def test_delete_waits_until_the_kubelet_let_go(kubectl: Kubectl, client: Client) -> None:
    await client.create(pods_path("default"), pod("a", nodeName="n1"))
    deleting = asyncio.create_task(kubectl("delete", "pod", "a"))
    async with asyncio.timeout(LIMIT_SECONDS):
        while "deletionTimestamp" not in (await client.get(pods_path("default", "a")))["metadata"]:
            await asyncio.sleep(0.02)
    assert rows(await kubectl("get", "pods"))[1][2] == "Terminating"
    assert not deleting.done()
    await client.delete(pods_path("default", "a"), gracePeriodSeconds="0")
    assert 'pod "a" deleted' in await deleting


async def test_nodes_are_described_labelled_cordoned_and_drained(kubectl: Kubectl, client: Client) -> None:
    await kubectl("create", "-f", "-", stdin=node("n1"))
    await kubectl("label", "node", "n1", "team=a")
    await kubectl("taint", "node", "n1", "special=yes:NoSchedule")
    loose = pod("a", nodeName="n1", terminationGracePeriodSeconds=0)
    await client.create(pods_path("default"), loose)
    text = await kubectl("describe", "node", "n1")
    assert re.search(r"team=a", text) and re.search(r"special=yes:NoSchedule", text) and "(1 in total)" in text
    drained = await kubectl("drain", "n1", "--force", "--ignore-daemonsets")
    assert "node/n1 drained" in drained
    assert (await client.get("/api/v1/nodes/n1"))["spec"]["unschedulable"] is True
    assert (await client.get(pods_path("default")))["items"] == []


async def test_wait_sees_a_condition_come(kubectl: Kubectl, client: Client) -> None:
    await client.create(pods_path("default"), pod("a", nodeName="n1"))
    waiting = asyncio.create_task(kubectl("wait", "--for=condition=Ready", "pod/a", "--timeout=25s"))
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    await client.patch(pods_path("default", "a", "status"), ready)
    assert "condition met" in await waiting


async def test_node_claims_show_what_karpenter_prints(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=node_claim("general-x"))
    header, row = rows(await kubectl("get", "nodeclaims"))
    assert header == ["NAME", "TYPE", "CAPACITY", "ZONE", "NODE", "READY", "AGE"]
    assert row[:4] == ["general-x", "m5.large", "spot", "us-east-1a"]
    wide = rows(await kubectl("get", "nodeclaims", "-o", "wide"))[0]
    assert wide[7:] == ["IMAGEID", "ID", "NODEPOOL", "NODECLASS", "DRIFTED"]


async def test_get_w_prints_changes_as_they_come(kubectl: Kubectl, client: Client, environment: dict[str, str]) -> None:
    await client.create(pods_path("default"), pod("a", nodeName="n1"))
    process = await asyncio.create_subprocess_exec(
        "kubectl", "get", "pods", "-w", "--no-headers", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        first = await asyncio.wait_for(process.stdout.readline(), LIMIT_SECONDS)
        assert first.split()[:3] == [b"a", b"0/1", b"Pending"]
        await client.patch(pods_path("default", "a", "status"), {"status": {"phase": "Running"}})
        second = await asyncio.wait_for(process.stdout.readline(), LIMIT_SECONDS)
        assert second.split()[:3] == [b"a", b"0/1", b"Running"]
    finally:
        process.terminate()
        await process.wait()


async def test_what_kubectl_sends_as_protobuf_is_understood(kubectl: Kubectl, client: Client) -> None:
    assert "created" in await kubectl("create", "namespace", "web")
    assert "created" in await kubectl("create", "deployment", "web", "--image=app:1", "--replicas=2", "-n", "web")
    made = await client.get("/apis/apps/v1/namespaces/web/deployments/web")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert (made["spec"]["replicas"], container["name"], container["image"]) == (2, "app", "app:1")
    assert "created" in await kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    assert (await client.get("/api/v1/namespaces/default/secrets/s"))["data"] == {"a": "Yg=="}
    assert await kubectl("auth", "can-i", "get", "pods") == "yes\n"
    assert "karptui-lab" in await kubectl("auth", "whoami")
    assert (await kubectl("create", "token", "default")).count(".") == 2
    assert "scaled" in await kubectl("scale", "deployment", "web", "-n", "web", "--replicas=3")
    await client.create("/api/v1/nodes", node("n1"))
    await client.create("/api/v1/namespaces/web/pods", {**pod("a"), "metadata": {"name": "a"}})
    await client.create("/api/v1/namespaces/web/pods/a/binding", {"target": {"kind": "Node", "name": "n1"}})
    said = await kubectl("drain", "n1", "--force", "--timeout=1s", "--disable-eviction=false", fails=True)
    assert "evicting pod web/a" in said
    assert "SchedulingDisabled" in await kubectl("get", "nodes")


async def test_explain_knows_the_fields_of_kubernetes_own_kinds(kubectl: Kubectl) -> None:
    said = await kubectl("explain", "deployment.spec.template.spec.containers.resources")
    assert ("requests" in said and "map[string]Quantity" in said) or "map[string]string" in said


async def test_a_misspelt_field_is_named(kubectl: Kubectl) -> None:
    body = web(1)
    body["spec"]["replcas"] = 3
    said = await kubectl("apply", "-f", "-", stdin=body, fails=True)
    assert 'strict decoding error: unknown field "spec.replcas"' in said
