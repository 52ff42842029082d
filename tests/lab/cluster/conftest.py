"""A running cluster machinery on an API server, real or the lab's, and what tests do to it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest

from karptui.lab.apiserver.process import start_api_server
from karptui.lab.clock import Clock
from karptui.lab.cluster import Cluster
from karptui.lab.cluster.api import Api
from tests.control_plane.fixtures import run_apart
from tests.control_plane.plane import ControlPlane
from tests.lab.cluster.bench import FAST, Bench, Server


@pytest.fixture(scope="session")
def real_api_server() -> Iterator[Server]:
    """A real kube-apiserver with nothing beside it but etcd: all the rest is what is tested here."""
    plane = ControlPlane(components=())
    run_apart(plane.start())
    token = json.loads(plane.kubeconfig().read_text())["users"][0]["user"]["token"]
    yield Server(plane.url, token, ssl.create_default_context(cafile=plane.ca_file))
    run_apart(plane.stop())


@pytest.fixture
async def clock() -> Clock:
    return Clock(speed=4)


@pytest.fixture(params=["lab", "real"])
async def server(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[Server]:
    """The same test on the lab's API server and on the real one: what holds only here would be worth little."""
    if request.param == "real":
        yield request.getfixturevalue("real_api_server")
        return
    process = await start_api_server(clock=clock)
    yield Server(process.url, process.token, None)
    await process.stop()


@pytest.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    api = Api(server.url, server.token, tls=server.tls, agent="test")
    yield api
    await api.close()


@pytest.fixture
async def bench(server: Server, api: Api, clock: Clock) -> AsyncIterator[Bench]:
    """A cluster machinery that runs, in a namespace of the test's own."""
    cluster = Cluster(server.url, server.token, clock, seed="test", profile=FAST, tls=server.tls)
    running = asyncio.create_task(cluster.run())
    bench = Bench(api, clock, server)
    await bench.open()
    yield bench
    await bench.close()
    await cluster.stop()
    await asyncio.gather(running, return_exceptions=True)
