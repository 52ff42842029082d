"""The lab's API server is read by the same code as a real cluster."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from karptui.kube.connect import Connection, connect
from karptui.kube.decode import RESOURCES
from karptui.kube.reflector import Pace
from karptui.kube.source import KubeSource
from karptui.kube.write import Eviction, Writer, object_path
from karptui.lab.apiserver.process import ApiServerProcess, start_api_server
from karptui.world.events import StreamState
from tests.control_plane.polling import until
from tests.kube.recorder import Recorder

QUICK = Pace(first_wait=0.05, longest_wait=0.3, forbidden=0.2, absent=0.2)
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
async def server() -> AsyncIterator[ApiServerProcess]:
    process = await start_api_server()
    yield process
    await process.stop()


@pytest.fixture
async def connection(server: ApiServerProcess) -> AsyncIterator[Connection]:
    async with connect(str(server.kubeconfig)) as connected:
        yield connected


@pytest.fixture
async def seen(connection: Connection) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    task = asyncio.create_task(KubeSource(connection, pace=QUICK, kind="lab").run(recorder))
    yield recorder
    task.cancel()
    await asyncio.wait([task])


async def test_every_resource_of_the_table_is_live_in_the_lab(seen: Recorder) -> None:
    served = set(RESOURCES) - {"kwoknodeclasses"}  # the lab plays EC2
    await until(lambda: all(seen.state(plural) is StreamState.LIVE for plural in served), "every resource LIVE")
    assert seen.connected()[0].source == "lab"
    assert seen.problems() == []


async def test_what_is_written_comes_back_through_the_watch(seen: Recorder, connection: Connection) -> None:
    writer = Writer(connection)
    await until(lambda: seen.state("pods") is StreamState.LIVE)
    spec = {"containers": [{"name": "main", "image": "none"}]}
    await writer.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec})
    await until(lambda: "default/a" in seen.objects("pods"))
    await writer.bind("default", "a", "some-node")
    await until(lambda: seen.objects("pods")["default/a"].node_name == "some-node")
    await writer.patch(object_path(PODS, "a"), {"metadata": {"annotations": {"b": "c"}}})
    await until(lambda: seen.objects("pods")["default/a"].metadata.annotations.get("b") == "c")
    assert (await writer.evict("default", "a", grace_seconds=0)).outcome is Eviction.ACCEPTED
    await until(lambda: "default/a" not in seen.objects("pods"))


async def test_an_expired_history_and_a_dropped_watch_lose_nothing(
    seen: Recorder, connection: Connection, server: ApiServerProcess
) -> None:
    await until(lambda: seen.state("namespaces") is StreamState.LIVE)
    await server.inject({"expireHistory": True, "dropWatches": True})
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}}
    await Writer(connection).create("/api/v1/namespaces", body)
    await until(lambda: "later" in seen.objects("namespaces"))
    await until(lambda: seen.state("namespaces") is StreamState.LIVE)


async def test_the_end_of_the_lab_is_told(seen: Recorder, server: ApiServerProcess) -> None:
    await until(lambda: seen.state("nodes") is StreamState.LIVE)
    await server.stop()
    await until(lambda: seen.state("nodes") is StreamState.STALE)
