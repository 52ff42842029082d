"""A real API server as a source of events: through losses, expired versions, missing rights and missing CRDs."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from karptui.kube.connect import connect
from karptui.kube.decode import RESOURCES, decode_object
from karptui.kube.errors import ConnectError
from karptui.kube.reflector import Pace, Reflector
from karptui.kube.source import KubeSource
from karptui.world.events import Change, ObjectSeen, StreamState
from tests.control_plane.client import Client
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until
from tests.kube.recorder import Recorder

QUICK = Pace(first_wait=0.05, longest_wait=0.4, forbidden=0.3, absent=0.3)


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def pod(name: str, **labels: str) -> dict[str, Any]:
    # With a node of no kubelet nothing but the test changes it.
    container = {"name": "main", "image": "none", "resources": {"requests": {"cpu": "100m"}}}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"containers": [container], "nodeName": "nowhere"}}


@asynccontextmanager
async def running(
    plane: ControlPlane, resources: Sequence[str] | None, user: str = "admin", **settings: Any
) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    async with connect(str(plane.kubeconfig(user))) as connection:
        source = KubeSource(connection, pace=settings.pop("pace", QUICK), **settings)
        task = asyncio.create_task(source.run(recorder, resources))
        try:
            yield recorder
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is not None:
                raise AssertionError("the source ended") from task.exception()


async def reaches(recorder: Recorder, resource: str, state: StreamState) -> None:
    await until(lambda: recorder.state(resource) is state, f"{resource} {state}")


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Client]:
    async with control_plane.client() as client:
        yield client


async def test_a_pod_is_seen_added_modified_and_deleted(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    pods = f"/api/v1/namespaces/{namespace}/pods"
    await api.create(pods, pod("before"))
    async with running(control_plane, ["pods"], namespace=namespace) as seen:
        await reaches(seen, "pods", StreamState.LIVE)
        assert list(seen.objects("pods")) == [f"{namespace}/before"]
        await api.create(pods, pod("after"))
        await until(lambda: f"{namespace}/after" in seen.objects("pods"))
        await api.patch(f"{pods}/after", {"metadata": {"labels": {"a": "b"}}})
        await until(lambda: seen.objects("pods")[f"{namespace}/after"].metadata.labels == {"a": "b"})
        await api.delete(f"{pods}/after", gracePeriodSeconds="0")
        await until(lambda: f"{namespace}/after" not in seen.objects("pods"))
        changes = seen.changes("pods", f"{namespace}/after")
        assert changes[0] is Change.ADDED
        assert changes[-1] is Change.DELETED
        assert Change.MODIFIED in changes
        assert seen.connected()[0].kubernetes_version.startswith("v1.")


async def test_every_resource_of_the_table_is_live_on_a_real_cluster(control_plane: ControlPlane) -> None:
    async with running(control_plane, None) as seen:
        absent = {"ec2nodeclasses"}

        def settled() -> bool:
            return all(
                seen.state(plural) is (StreamState.ABSENT if plural in absent else StreamState.LIVE)
                for plural in RESOURCES
            )

        await until(settled, "every resource LIVE")
        assert "default" in seen.objects("namespaces")
        assert "no ec2nodeclasses" in seen.told("ec2nodeclasses").message
        assert seen.problems() == []


async def test_a_list_of_many_pages_is_whole(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    await asyncio.gather(*(api.create(f"/api/v1/namespaces/{namespace}/pods", pod(f"p{i}")) for i in range(23)))
    small = Pace(first_wait=0.05, page=5)
    async with running(control_plane, ["pods"], namespace=namespace, pace=small) as seen:
        await reaches(seen, "pods", StreamState.LIVE)
        assert len(seen.objects("pods")) == 23


async def test_a_forbidden_resource_is_marked_and_the_rest_goes_on(control_plane: ControlPlane, api: Client) -> None:
    user = unique("reader")
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    await control_plane.grant(user, [rule])
    async with running(control_plane, ["pods", "nodes", "nodepools"], user) as seen:
        await reaches(seen, "pods", StreamState.LIVE)
        await reaches(seen, "nodes", StreamState.FORBIDDEN)
        await reaches(seen, "nodepools", StreamState.FORBIDDEN)
        message = seen.told("nodepools").message
        assert "list nodepools" in message
        assert 'apiGroups: ["karpenter.sh"], resources: ["nodepools"], verbs: ["get", "list", "watch"]' in message
        await control_plane.grant(user, [{**rule, "resources": ["nodes"]}])
        await reaches(seen, "nodes", StreamState.LIVE)


async def test_a_pod_of_megabytes_does_not_end_the_watch(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    pods = f"/api/v1/namespaces/{namespace}/pods"
    async with running(control_plane, ["pods"], namespace=namespace) as seen:
        await reaches(seen, "pods", StreamState.LIVE)
        big = pod("big")
        big["spec"]["containers"][0]["args"] = ["x" * 1_300_000]
        await api.create(pods, big)
        await api.create(pods, pod("small"))
        await until(lambda: len(seen.objects("pods")) == 2)
        assert seen.states("pods")[-1] is StreamState.LIVE


async def test_node_classes_the_table_does_not_know_are_found_through_their_pools(
    control_plane: ControlPlane, api: Client
) -> None:
    kind, group = unique("Odd").replace("-", "") + "NodeClass", f"{unique('odd')}.example.com"
    plural = kind.lower() + "es"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    crd = {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": [version]},
    }
    await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)

    async def make() -> bool:
        try:
            body = {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "odd"}, "spec": {"size": 1}}
            await api.create(f"/apis/{group}/v1/{plural}", body)
        except Exception:
            return False
        return True

    await until(make, "the CRD is served")
    reference = {"group": group, "kind": kind, "name": "odd"}
    spec = {"template": {"spec": {"nodeClassRef": reference, "requirements": []}}}
    pool = unique("pool")
    body = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": pool}, "spec": spec}
    async with running(control_plane, ["nodepools"]) as seen:
        await reaches(seen, "nodepools", StreamState.LIVE)
        await api.create("/apis/karpenter.sh/v1/nodepools", body)
        await until(lambda: f"{kind}/odd" in seen.objects(plural))
        assert seen.objects(plural)[f"{kind}/odd"].spec == {"size": 1}
    await api.delete(f"/apis/karpenter.sh/v1/nodepools/{pool}")


async def test_one_reading_lists_everything_and_ends(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    await api.create(f"/api/v1/namespaces/{namespace}/pods", pod("a"))
    seen = Recorder()
    user = unique("reader")
    await control_plane.grant(user, [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])
    async with connect(str(control_plane.kubeconfig(user))) as connection:
        await KubeSource(connection).read(seen, ["pods", "nodes"])
    assert f"{namespace}/a" in seen.objects("pods")
    assert (seen.state("pods"), seen.state("nodes")) == (StreamState.LIVE, StreamState.FORBIDDEN)


async def test_a_reading_of_a_server_that_is_down_fails_with_a_sentence(tmp_path: Path) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(
        "current-context: a\nusers: []\n"
        "contexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n"
    )
    async with connect(str(config)) as connection:
        with pytest.raises(ConnectError, match="No connection to"):
            await KubeSource(connection).read(Recorder())


async def test_events_carry_the_json_while_somebody_records(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    pods = f"/api/v1/namespaces/{namespace}/pods"
    await api.create(pods, pod("listed"))
    async with running(control_plane, ["pods"], namespace=namespace, keep_raw=lambda: True) as seen:
        await reaches(seen, "pods", StreamState.LIVE)
        await api.create(pods, pod("watched"))
        await until(lambda: len(seen.objects("pods")) == 2)
        raws = [event.raw for event in seen.events if isinstance(event, ObjectSeen)]
    for raw in raws:
        assert raw is not None
        assert decode_object("pods", raw).key in (f"{namespace}/listed", f"{namespace}/watched")


async def test_karpenters_version_is_that_of_its_deployment(control_plane: ControlPlane, api: Client) -> None:
    namespace = await api.make_namespace()
    labels = {"app.kubernetes.io/name": "karpenter"}
    image = "public.ecr.aws/karpenter/controller:1.14.1@sha256:" + "0" * 64
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "controller", "image": image}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await api.create(path, {"metadata": {"name": "karpenter", "labels": labels}, "spec": spec})
    try:
        async with running(control_plane, ["namespaces"]) as seen:
            await until(seen.connected)
            assert seen.connected()[0].karpenter_version == "1.14.1"
    finally:
        await api.delete(f"{path}/karpenter")


@pytest.fixture(scope="module")
def own_plane() -> Any:
    """A control plane that these tests may break; without Karpenter's CRDs at first."""
    from tests.control_plane.fixtures import run_apart

    plane = ControlPlane(components=(), crds=False)
    run_apart(plane.start())
    yield plane
    run_apart(plane.stop())


async def test_crds_installed_later_are_found(own_plane: ControlPlane) -> None:
    async with running(own_plane, ["nodes", "nodepools", "nodeclaims"]) as seen:
        await reaches(seen, "nodes", StreamState.LIVE)
        await reaches(seen, "nodepools", StreamState.ABSENT)
        assert "CRD" in seen.told("nodepools").message
        await own_plane.install_crds()
        await reaches(seen, "nodepools", StreamState.LIVE)
        await reaches(seen, "nodeclaims", StreamState.LIVE)


async def test_a_lost_server_is_told_and_its_return_noticed(own_plane: ControlPlane) -> None:
    async with own_plane.client() as api:
        namespace = await api.make_namespace()
        pods = f"/api/v1/namespaces/{namespace}/pods"
        await api.create(pods, pod("kept"))
        async with running(own_plane, ["pods"], namespace=namespace) as seen:
            await reaches(seen, "pods", StreamState.LIVE)
            await own_plane.kill_apiserver()
            await reaches(seen, "pods", StreamState.STALE)
            told = seen.told("pods")
            assert told.since > 0
            assert own_plane.url in told.message
            await until(lambda: "No connection" in seen.told("pods").message)
            assert list(seen.objects("pods")) == [f"{namespace}/kept"]
            await own_plane.start_apiserver()
            await reaches(seen, "pods", StreamState.LIVE)
            await api.create(pods, pod("new"))
            await until(lambda: f"{namespace}/new" in seen.objects("pods"))


async def test_a_server_that_stops_answering_is_noticed_by_the_heartbeat(own_plane: ControlPlane) -> None:
    async with running(own_plane, ["namespaces"], heartbeat=0.2) as seen:
        await reaches(seen, "namespaces", StreamState.LIVE)
        own_plane.freeze_apiserver()
        try:
            await reaches(seen, "namespaces", StreamState.STALE)
        finally:
            own_plane.thaw_apiserver()
        await reaches(seen, "namespaces", StreamState.LIVE)


async def test_after_an_expired_version_vanished_objects_come_as_deleted(own_plane: ControlPlane) -> None:
    seen = Recorder()
    async with own_plane.client() as api, connect(str(own_plane.kubeconfig())) as connection:
        namespace = await api.make_namespace()
        pods = f"/api/v1/namespaces/{namespace}/pods"
        for name in ("stays", "goes", "changes", "returns"):
            await api.create(pods, pod(name))
        reflector = Reflector(connection, RESOURCES["pods"], seen, namespace=namespace, pace=QUICK)
        await reflector.read()
        await api.delete(f"{pods}/goes", gracePeriodSeconds="0")
        await api.delete(f"{pods}/returns", gracePeriodSeconds="0")
        await api.create(pods, pod("returns", again="yes"))
        await api.patch(f"{pods}/changes", {"metadata": {"labels": {"a": "b"}}})
        await own_plane.compact()
        task = asyncio.create_task(reflector.run())
        await until(lambda: f"{namespace}/goes" not in seen.objects("pods"), "the relist")
        await reaches(seen, "pods", StreamState.LIVE)
        task.cancel()
        await asyncio.wait([task])
    assert seen.objects("pods")[f"{namespace}/changes"].metadata.labels == {"a": "b"}
    assert seen.objects("pods")[f"{namespace}/returns"].metadata.labels == {"again": "yes"}
    assert seen.changes("pods", f"{namespace}/returns") == [Change.ADDED, Change.DELETED, Change.ADDED]
    assert seen.changes("pods", f"{namespace}/stays") == [Change.ADDED]
    assert seen.changes("pods", f"{namespace}/goes") == [Change.ADDED, Change.DELETED]
    assert StreamState.STALE not in seen.states("pods")
