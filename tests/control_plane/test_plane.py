"""The control plane keeps what it promises to the tests that lean on it."""

import asyncio
import os
import signal
import sys
import uuid
from contextlib import aclosing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.control_plane.build import KUBERNETES_VERSION, assets
from tests.control_plane.client import Client, Document, RequestRefused
from tests.control_plane.components import JSON, start_scheduler
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until
from tests.control_plane.toolchain import ControlPlaneError

NODEPOOLS = "/apis/karpenter.sh/v1/nodepools"
LIST_PODS: list[dict[str, Any]] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
HUGE = "1000"  # cpus; fits no node, should another test have left one


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def node_pool(name: str, **spec: Any) -> Document:
    node_class = {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}
    template = {"spec": {"nodeClassRef": node_class, "requirements": []}}
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {"template": template, **spec},
    }


def pod_spec(cpu: str = "100m") -> Document:
    return {"containers": [{"name": "app", "image": "app", "resources": {"requests": {"cpu": cpu}}}]}


async def new_namespace(api: Client) -> str:
    return f"/api/v1/namespaces/{await api.make_namespace()}"


def is_unschedulable(pod: Document) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(
        one["type"] == "PodScheduled" and one["status"] == "False" and one["reason"] == "Unschedulable"
        for one in conditions
    )


async def wait_unschedulable(api: Client, namespace: str, count: int) -> None:
    async def all_unschedulable() -> bool:
        pods = (await api.get(f"{namespace}/pods"))["items"]
        return len(pods) == count and all(is_unschedulable(pod) for pod in pods)

    await until(all_unschedulable, f"PodScheduled=False, reason Unschedulable, on {count} pods")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # killed, but not yet collected by init, is as good as gone
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return Path("/proc").exists() is False


async def test_the_server_says_the_release_that_karpenter_is_built_against(control_plane: ControlPlane) -> None:
    if assets():
        pytest.skip("KUBEBUILDER_ASSETS decides the release")
    async with control_plane.client() as api:
        assert (await api.get("/version"))["gitVersion"] == KUBERNETES_VERSION


async def test_karpenters_objects_are_served_with_their_defaults(control_plane: ControlPlane) -> None:
    name = unique("pool")
    async with control_plane.client() as api:
        await api.create(NODEPOOLS, node_pool(name))
        pool = await api.get(f"{NODEPOOLS}/{name}")
        await api.delete(f"{NODEPOOLS}/{name}")
    assert pool["spec"]["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert pool["spec"]["disruption"]["budgets"] == [{"nodes": "10%"}]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ({"weight": 101}, "spec.weight"),
        ({"disruption": {"consolidateAfter": "soon"}}, "spec.disruption.consolidateAfter"),
        ({"disruption": {"consolidateAfter": "0s", "budgets": [{"nodes": "1", "schedule": "@daily"}]}}, "duration"),
    ],
    ids=["by its schema", "by a pattern", "by a CEL rule"],
)
async def test_an_invalid_nodepool_is_refused(control_plane: ControlPlane, spec: Document, complaint: str) -> None:
    async with control_plane.client() as api:
        with pytest.raises(RequestRefused, match=complaint) as refused:
            await api.create(NODEPOOLS, node_pool(unique("pool"), **spec))
    assert (refused.value.status, refused.value.reason) == (422, "Invalid")


async def test_pods_of_a_deployment_become_unschedulable_without_nodes(control_plane: ControlPlane) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(HUGE)}
    deployment = {
        "metadata": {"name": "web"},
        "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": template},
    }
    async with control_plane.client() as api:
        namespace = await new_namespace(api)
        await api.create(f"{namespace.replace('/api/v1', '/apis/apps/v1')}/deployments", deployment)
        await wait_unschedulable(api, namespace, 3)
        await api.delete(namespace)


async def test_a_node_that_says_it_is_ready_gets_pods_though_no_kubelet_runs(control_plane: ControlPlane) -> None:
    name = unique("node")
    capacity = {"cpu": "2", "memory": "4Gi", "pods": "10"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    pod = {"metadata": {"name": "app"}, "spec": {**pod_spec(), "nodeSelector": {"kubernetes.io/hostname": name}}}
    async with control_plane.client() as api:
        namespace = await new_namespace(api)
        labels = {"kubernetes.io/hostname": name}
        made = await api.create("/api/v1/nodes", {"metadata": {"name": name, "labels": labels}})
        assert made["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
        status = {"status": {"capacity": capacity, "conditions": [ready]}}
        await api.patch(f"/api/v1/nodes/{name}/status", status)
        await api.create(f"{namespace}/pods", pod)

        async def node_of_the_pod() -> str | None:
            return (await api.get(f"{namespace}/pods/app"))["spec"].get("nodeName")

        assert await until(node_of_the_pod, "the pod's binding") == name
        await api.delete(f"{namespace}/pods/app", gracePeriodSeconds="0")
        await api.delete(f"/api/v1/nodes/{name}")
        await api.delete(namespace)


@pytest.mark.parametrize("user", ["limited", "jane:developer"], ids=["with a token", "with a client certificate"])
async def test_a_user_may_do_only_what_was_granted(control_plane: ControlPlane, user: str) -> None:
    async with control_plane.client() as admin, control_plane.client(user) as api:
        namespace = await new_namespace(admin)
        with pytest.raises(RequestRefused, match=f'User "{user}" cannot list resource "pods"') as refused:
            await api.get(f"{namespace}/pods")
        assert (refused.value.status, refused.value.reason) == (403, "Forbidden")

        await control_plane.grant(user, LIST_PODS, namespace.rpartition("/")[2])
        assert await until(lambda: listed(api, f"{namespace}/pods"), "the grant") == {"kind": "PodList"}
        assert await listed(api, "/api/v1/pods") is None
        await admin.delete(namespace)


async def listed(api: Client, path: str) -> Document | None:
    """What tells a list of `path` from a refusal, which gives None."""
    try:
        return {"kind": (await api.get(path))["kind"]}
    except RequestRefused as refused:
        assert refused.status == 403
        return None


async def test_whoever_does_not_trust_its_authority_cannot_connect(control_plane: ControlPlane) -> None:
    assert "insecure-skip-tls-verify" not in control_plane.kubeconfig().read_text()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{control_plane.url}/version")


async def test_an_old_resource_version_is_gone_after_a_compaction(control_plane: ControlPlane) -> None:
    async with control_plane.client() as api:
        namespace = await new_namespace(api)
        path = f"{namespace}/configmaps"
        for name in ("one", "two", "three"):
            made = await api.create(path, {"metadata": {"name": name}})
        old = made["metadata"]["resourceVersion"]
        page = await api.get(path, limit="1")
        await api.create(path, {"metadata": {"name": "four"}})
        async with aclosing(api.watch(path, resourceVersion=old)) as events:
            assert (await anext(events))["object"]["metadata"]["name"] == "four"

        await control_plane.compact()

        async with aclosing(api.watch(path, resourceVersion=old)) as events:
            event = await anext(events)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
        with pytest.raises(RequestRefused) as refused:
            await api.get(path, limit="1", **{"continue": page["metadata"]["continue"]})
        assert (refused.value.status, refused.value.reason) == (410, "Expired")
        assert len((await api.get(path))["items"]) >= 4

        # The scheduler has to find its way back too.
        await api.create(f"{namespace}/pods", {"metadata": {"name": "late"}, "spec": pod_spec(HUGE)})
        await wait_unschedulable(api, namespace, 1)
        await api.delete(namespace)


async def test_a_killed_api_server_breaks_watches_and_comes_back_with_everything(control_plane: ControlPlane) -> None:
    async with control_plane.client() as api:
        namespace = await new_namespace(api)
        await api.create(f"{namespace}/configmaps", {"metadata": {"name": "kept"}})
        async with aclosing(api.watch(f"{namespace}/configmaps")) as events:
            await anext(events)
            await control_plane.kill_apiserver()
            with pytest.raises(aiohttp.ClientError):
                async for _ in events:
                    pass
        with pytest.raises(aiohttp.ClientConnectorError):
            await api.get("/version")
        await control_plane.start_apiserver()
        assert (await api.get(f"{namespace}/configmaps/kept"))["metadata"]["name"] == "kept"
        await api.delete(namespace)


async def test_a_frozen_api_server_answers_once_it_is_thawed(control_plane: ControlPlane) -> None:
    async with control_plane.client() as api:
        control_plane.freeze_apiserver()
        try:
            version = asyncio.create_task(api.get("/version"))
            done, _ = await asyncio.wait([version], timeout=0.3)
            assert not done
        finally:
            control_plane.thaw_apiserver()
        assert "gitVersion" in await version


async def test_a_scheduler_for_another_api_server_can_speak_json() -> None:
    async with ControlPlane(components=(), crds=False) as plane:
        scheduler = await start_scheduler(plane.kubeconfig(), plane.folder, JSON)
        try:
            async with plane.client() as api:
                namespace = await new_namespace(api)
                await api.create(f"{namespace}/pods", {"metadata": {"name": "alone"}, "spec": pod_spec()})
                await wait_unschedulable(api, namespace, 1)
        finally:
            scheduler.stop()
        assert not scheduler.running
        pids = plane.pids.values()
    assert not [pid for pid in pids if alive(pid)]
    assert not plane.folder.exists()


async def test_a_component_that_does_not_start_says_why_and_leaves_nothing() -> None:
    plane = ControlPlane(components=(), crds=False, apiserver_flags=["--no-such-flag"])
    with pytest.raises(ControlPlaneError, match=r"(?s)kube-apiserver ended with 1.*unknown flag: --no-such-flag"):
        await plane.start()
    assert plane.pids == {}
    assert not plane.folder.exists()


START_AND_WAIT = """
import asyncio
from tests.control_plane.plane import ControlPlane

async def main():
    plane = ControlPlane(components=(), crds=False)
    await plane.start()
    print(plane.folder, *plane.pids.values(), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_nothing_is_left_when_the_tests_themselves_are_killed() -> None:
    pipe = asyncio.subprocess.PIPE
    run = await asyncio.create_subprocess_exec(sys.executable, "-c", START_AND_WAIT, stdout=pipe)
    assert run.stdout is not None
    folder, *pids = (await run.stdout.readline()).decode().split()
    assert len(pids) == 2
    assert all(alive(int(pid)) for pid in pids)
    run.send_signal(signal.SIGKILL)
    await run.wait()
    await until(lambda: not any(alive(int(pid)) for pid in pids), "the end of every process")
    await until(lambda: not Path(folder).exists(), "the removal of the folder")


@pytest.mark.karpenter
async def test_karpenter_launches_a_node_for_pending_pods() -> None:
    async with ControlPlane({"scheduler", "controller-manager", "kwok", "karpenter"}) as plane, plane.client() as api:
        await api.create(
            "/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses",
            {
                "apiVersion": "karpenter.kwok.sh/v1alpha1",
                "kind": "KWOKNodeClass",
                "metadata": {"name": "default"},
            },
        )
        await api.create(NODEPOOLS, node_pool("default"))
        namespace = await new_namespace(api)
        for name in ("one", "two"):
            await api.create(f"{namespace}/pods", {"metadata": {"name": name}, "spec": pod_spec("1")})

        async def all_running() -> bool:
            pods = (await api.get(f"{namespace}/pods"))["items"]
            return all(pod["status"]["phase"] == "Running" for pod in pods)

        async def registered_claim() -> Document | None:
            (claim,) = (await api.get("/apis/karpenter.sh/v1/nodeclaims"))["items"]
            return claim if "nodeName" in claim["status"] else None

        await until(all_running, "Running pods on a node of Karpenter's")
        claim = await until(registered_claim, "the node's name in the NodeClaim")
        (node,) = (await api.get("/api/v1/nodes"))["items"]
        assert claim["status"]["nodeName"] == node["metadata"]["name"]
        assert node["metadata"]["labels"]["karpenter.sh/nodepool"] == "default"
        async with aiohttp.ClientSession() as session:
            answer = await session.get(f"http://127.0.0.1:{plane.metrics_port}/metrics")
            assert "karpenter_nodeclaims_created_total" in await answer.text()
