"""API servers to test: the lab's, and the real one for what both must answer alike."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from karptui.lab.apiserver.server import ApiServer
from karptui.lab.clock import Clock
from tests.lab.apiserver.api import ApiClient, client_at

TOKEN = "a-token-for-tests"


@dataclass
class Lab:
    """A lab's API server in this process: `faults` and `clock` are within reach."""

    server: ApiServer
    port: int
    client: ApiClient

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    server = ApiServer(token=TOKEN, clock=Clock(), history=100)
    port = await server.start()
    async with client_at(f"http://127.0.0.1:{port}", TOKEN) as client:
        yield Lab(server, port, client)
    await server.stop()


@pytest.fixture(params=["lab", "real"])
async def api_under_test(request: pytest.FixtureRequest) -> AsyncIterator[ApiClient]:
    """A client of the server that is compared: the lab's, then kube-apiserver."""
    if request.param == "lab":
        server = ApiServer(token=TOKEN, clock=Clock())
        port = await server.start()
        async with client_at(f"http://127.0.0.1:{port}", TOKEN) as client:
            client.forget = lambda: client.create("/_lab/faults", {"expireHistory": True})
            yield client
        await server.stop()
        return
    pytest.importorskip("tests.control_plane.fixtures")
    plane = request.getfixturevalue("control_plane")
    async with ApiClient.like(plane.client()) as client:
        client.forget = plane.compact
        yield client


@pytest.fixture
async def namespace(api_under_test: ApiClient) -> str:
    return await api_under_test.make_namespace()
