"""A reflector between a real API server and proxies that cut, delay and replace what it says."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from karptui.kube.connect import connect
from karptui.kube.decode import RESOURCES
from karptui.kube.reflector import Pace, Reflector
from karptui.world.events import Change, StreamState
from tests.control_plane.client import Client
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until
from tests.kube.faulty_proxy import FaultyProxy
from tests.kube.recorder import Recorder

QUICK = Pace(first_wait=0.05, longest_wait=0.3, page=2)


def is_list(request: web.Request) -> bool:
    return "watch" not in request.query


def is_watch(request: web.Request) -> bool:
    return request.query.get("watch") == "true"


def is_continued(request: web.Request) -> bool:
    return "continue" in request.query


def status(code: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason}
    return web.json_response(body, status=code, headers=headers)


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Client]:
    async with control_plane.client() as client:
        yield client


@pytest.fixture
async def proxy(control_plane: ControlPlane) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(control_plane).serve() as serving:
        yield serving


@pytest.fixture
async def namespace(api: Client) -> str:
    name = await api.make_namespace()
    for number in range(5):
        container = {"name": "main", "image": "none"}
        body = {"metadata": {"name": f"p{number}"}, "spec": {"containers": [container], "nodeName": "nowhere"}}
        await api.create(f"/api/v1/namespaces/{name}/pods", body)
    return name


@asynccontextmanager
async def reflecting(proxy: FaultyProxy, folder: Path, namespace: str, pace: Pace = QUICK) -> AsyncIterator[Recorder]:
    seen = Recorder()
    async with connect(proxy.kubeconfig(folder)) as connection:
        reflector = Reflector(connection, RESOURCES["pods"], seen, namespace=namespace, pace=pace)
        task = asyncio.create_task(reflector.run())
        try:
            yield seen
        finally:
            task.cancel()
            await asyncio.wait([task])


async def live(seen: Recorder) -> None:
    await until(lambda: seen.state("pods") is StreamState.LIVE, "LIVE")


async def test_a_continue_token_that_expired_leads_to_one_whole_list(
    proxy: FaultyProxy, tmp_path: Path, namespace: str
) -> None:
    proxy.answer_once(is_continued, status(410, "Expired"))
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await live(seen)
        assert len(seen.objects("pods")) == 5
        lists = [path for path in proxy.requests if "watch" not in path and "/pods" in path]
        assert "limit" not in lists[-1]
        assert all(seen.changes("pods", key) == [Change.ADDED] for key in seen.objects("pods"))


async def test_an_error_event_of_410_leads_to_a_list_without_a_loss(
    proxy: FaultyProxy, tmp_path: Path, namespace: str, api: Client
) -> None:
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
    proxy.stream_once(is_watch, json.dumps(gone).encode() + b"\n")
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await until(lambda: len([path for path in proxy.requests if "limit=2" in path]) >= 6, "the second list")
        await api.delete(f"/api/v1/namespaces/{namespace}/pods/p0", gracePeriodSeconds="0")
        await until(lambda: len(seen.objects("pods")) == 4)
        assert StreamState.STALE not in seen.states("pods")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"type":"ADDED","object":{"metadata":{"name":"ha', "middle of a line"),
        (b"<html><title>502 Bad Gateway</title></html>\n", "no watch event"),
        (b'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd is down"}}\n', "etcd is down"),
    ],
)
async def test_what_a_proxy_garbles_is_told_and_tried_again(
    proxy: FaultyProxy, tmp_path: Path, namespace: str, api: Client, text: bytes, said: str
) -> None:
    proxy.stream_once(is_watch, text)
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await until(lambda: StreamState.STALE in seen.states("pods"))
        await live(seen)
        stale = [event for event in seen.events if getattr(event, "state", None) is StreamState.STALE]
        assert said in stale[0].message  # type: ignore[union-attr]
        await api.delete(f"/api/v1/namespaces/{namespace}/pods/p0", gracePeriodSeconds="0")
        await until(lambda: len(seen.objects("pods")) == 4)


async def test_a_page_of_html_instead_of_a_list_is_told(proxy: FaultyProxy, tmp_path: Path, namespace: str) -> None:
    proxy.answer_once(is_list, web.Response(text="<html><title>Sign in</title></html>", content_type="text/html"))
    proxy.answer_once(is_list, web.Response(status=503, text="<html><title>503 Unavailable</title></html>"))
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await live(seen)
        messages = [event.message for event in seen.events if getattr(event, "state", None) is StreamState.STALE]  # type: ignore[union-attr]
        assert "not a Kubernetes list" in messages[0]
        assert "503 Unavailable" in messages[1]


async def test_a_busy_server_is_not_asked_before_it_wants_to_be(
    proxy: FaultyProxy, tmp_path: Path, namespace: str
) -> None:
    proxy.answer_once(is_list, status(429, "TooManyRequests", {"Retry-After": "1"}))
    begun = time.monotonic()
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await live(seen)
        assert time.monotonic() - begun >= 1.0
        stale = next(event for event in seen.events if getattr(event, "state", None) is StreamState.STALE)
        assert "wait 1 s" in stale.message  # type: ignore[union-attr]


async def test_a_server_that_ends_every_watch_at_once_is_not_hammered(
    proxy: FaultyProxy, tmp_path: Path, namespace: str
) -> None:
    for _ in range(8):
        proxy.stream_once(is_watch, b"\n")
    async with reflecting(proxy, tmp_path, namespace, Pace(first_wait=0.1, longest_wait=0.2)) as seen:
        begun = time.monotonic()
        await until(lambda: len([path for path in proxy.requests if "watch=true" in path]) == 9)
        assert time.monotonic() - begun >= 8 * 0.05
        assert StreamState.STALE not in seen.states("pods")


async def test_an_object_too_big_to_read_is_named_and_left_out(
    proxy: FaultyProxy, tmp_path: Path, namespace: str, api: Client
) -> None:
    head = b'{"type":"ADDED","object":{"metadata":{"name":"huge","namespace":"n","annotations":{"a":"'
    proxy.stream_once(is_watch, head + b"x" * (33 * 2**20) + b'"}}}}\n')
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await until(lambda: any("huge" in problem for problem in seen.problems()))
        await api.delete(f"/api/v1/namespaces/{namespace}/pods/p0", gracePeriodSeconds="0")
        await until(lambda: len(seen.objects("pods")) == 4)


async def test_an_object_of_five_megabytes_is_read_and_reported(
    proxy: FaultyProxy, tmp_path: Path, namespace: str
) -> None:
    annotations = {"a": "x" * (5 * 2**20)}
    big = {"metadata": {"name": "big", "namespace": "n", "resourceVersion": "1", "annotations": annotations}}
    proxy.stream_once(is_watch, json.dumps({"type": "ADDED", "object": big}).encode() + b"\n")
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await until(lambda: Change.ADDED in seen.changes("pods", "n/big"))
        assert any("n/big is 5.0 MiB" in problem for problem in seen.problems())


async def test_a_broken_object_is_one_problem_and_the_next_ones_are_read(
    proxy: FaultyProxy, tmp_path: Path, namespace: str
) -> None:
    container = {"name": "main", "resources": {"requests": {"memory": "1.5Gx"}}}
    bad = {"metadata": {"name": "bad", "namespace": "n", "resourceVersion": "1"}, "spec": {"containers": [container]}}
    good = {"metadata": {"name": "good", "namespace": "n", "resourceVersion": "2"}}
    events = [("ADDED", bad), ("MODIFIED", bad), ("ADDED", good)]
    text = b"".join(json.dumps({"type": kind, "object": item}).encode() + b"\n" for kind, item in events)
    proxy.stream_once(is_watch, text)
    async with reflecting(proxy, tmp_path, namespace) as seen:
        await until(lambda: seen.changes("pods", "n/good") == [Change.ADDED])
        (problem,) = seen.problems()
        assert "Pod n/bad cannot be read at spec.containers[0].resources.requests.memory" in problem
        assert "1.5Gx" in problem
