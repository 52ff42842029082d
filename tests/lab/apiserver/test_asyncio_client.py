"""kubernetes-asyncio, the library, with the lab's API server and the kubeconfig that it writes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes_asyncio import client, config, watch

from karptui.lab.kubeconfig import write_kubeconfig
from tests.lab.apiserver.api import deployment, node_pool, pod
from tests.lab.apiserver.conftest import TOKEN, Lab


@pytest.fixture
async def library(lab: Lab, tmp_path: Path) -> AsyncIterator[client.ApiClient]:
    path = write_kubeconfig(tmp_path / "kubeconfig", url=lab.url, token=TOKEN)
    settings = client.Configuration()
    await config.load_kube_config(config_file=str(path), client_configuration=settings)
    async with client.ApiClient(settings) as made:
        yield made


async def test_pods_are_made_listed_in_pages_and_watched(library: client.ApiClient) -> None:
    core: Any = client.CoreV1Api(library)
    for name in ("a", "b", "c"):
        await core.create_namespaced_pod("default", pod(name))
    page = await core.list_namespaced_pod("default", limit=2)
    rest = await core.list_namespaced_pod("default", limit=2, _continue=page.metadata._continue)
    assert [item.metadata.name for item in (*page.items, *rest.items)] == ["a", "b", "c"]
    async with watch.Watch().stream(core.list_namespaced_pod, "default", timeout_seconds=1) as events:
        seen = [(event["type"], event["object"].metadata.name) async for event in events]
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


async def test_patches_scale_and_eviction_are_understood(library: client.ApiClient) -> None:
    core: Any = client.CoreV1Api(library)
    apps: Any = client.AppsV1Api(library)
    await apps.create_namespaced_deployment("default", deployment("web"))
    scaled = await apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 2}})
    assert scaled.spec.replicas == 2
    await core.create_namespaced_pod("default", pod("a", nodeName="n1"))
    patched = await core.patch_namespaced_pod("a", "default", {"metadata": {"labels": {"x": "y"}}})
    assert patched.metadata.labels["x"] == "y"
    listed = await core.patch_namespaced_pod("a", "default", [{"op": "remove", "path": "/metadata/labels/x"}])
    assert "x" not in listed.metadata.labels
    body = client.V1Eviction(metadata=client.V1ObjectMeta(name="a", namespace="default"))
    await core.create_namespaced_pod_eviction("a", "default", body)
    assert (await core.read_namespaced_pod("a", "default")).metadata.deletion_timestamp


async def test_custom_resources_are_applied(library: client.ApiClient) -> None:
    custom: Any = client.CustomObjectsApi(library)
    await custom.patch_cluster_custom_object(
        "karpenter.sh",
        "v1",
        "nodepools",
        "general",
        node_pool("general"),
        field_manager="test",
        force=True,
        _content_type="application/apply-patch+yaml",
    )
    made = await custom.get_cluster_custom_object("karpenter.sh", "v1", "nodepools", "general")
    assert made["metadata"]["managedFields"][0]["manager"] == "test"
    found = await custom.list_cluster_custom_object("karpenter.sh", "v1", "nodepools")
    assert [item["metadata"]["name"] for item in found["items"]] == ["general"]
    with pytest.raises(client.ApiException) as refusal:
        await custom.get_cluster_custom_object("karpenter.sh", "v1", "nodepools", "none")
    assert refusal.value.status == 404
