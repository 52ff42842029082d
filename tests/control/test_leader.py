"""The Lease against a real API server: one holder at a time, whatever happens to it or to the connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from karptui.control.safety.leader import Leadership, Timing
from karptui.kube.connect import Connection, connect
from tests.control_plane.plane import ControlPlane

QUICK = Timing(duration=3.0, renew_deadline=2.0, retry=0.2)
PATIENCE = 60.0


class Candidate:
    """One controller, as far as the Lease goes: it counts while it may work."""

    def __init__(self, connection: Connection, name: str, lease: str) -> None:
        self.leadership = Leadership(connection, namespace="default", name=lease, me=name, timing=QUICK)
        self.working = False
        self.begun = 0
        self.task = asyncio.create_task(self.leadership.run(self._work))

    async def _work(self) -> None:
        self.working, self.begun = True, self.begun + 1
        try:
            await asyncio.Event().wait()
        finally:
            self.working = False

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def kill(self) -> None:
        """As SIGKILL does: nothing is released."""
        self.leadership._renewed = None  # pyright: ignore[reportPrivateUsage]
        self.task.cancel()


async def until(done: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not done():
        assert asyncio.get_running_loop().time() < end, f"{what} did not happen"
        await asyncio.sleep(0.02)


async def lease_of(connection: Connection, name: str) -> dict[str, Any]:
    path = f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{name}"
    return json.loads(await connection.request("GET", path))["spec"]


@pytest.fixture
async def connection(control_plane: ControlPlane) -> AsyncIterator[Connection]:
    async with connect(str(control_plane.kubeconfig())) as found:
        yield found


async def test_of_two_candidates_only_one_works_and_the_other_follows_at_once_when_it_leaves(
    connection: Connection,
) -> None:
    first = Candidate(connection, "first", "hand-over")
    await until(lambda: first.working, "the first works")
    second = Candidate(connection, "second", "hand-over")
    spec = await lease_of(connection, "hand-over")
    assert spec["holderIdentity"] == "first"
    renewed = spec["renewTime"]
    end = asyncio.get_running_loop().time() + PATIENCE
    while (await lease_of(connection, "hand-over"))["renewTime"] == renewed:
        assert asyncio.get_running_loop().time() < end, "the Lease was not renewed"
        assert first.working and not second.working
    await first.stop()
    assert (await lease_of(connection, "hand-over"))["holderIdentity"] in ("", "second")
    await until(lambda: second.working, "the second works")
    assert (await lease_of(connection, "hand-over"))["leaseTransitions"] == 1
    await second.stop()


async def test_a_killed_holder_is_taken_over_only_after_its_whole_duration(connection: Connection) -> None:
    first = Candidate(connection, "first", "killed")
    await until(lambda: first.working, "the first works")
    second = Candidate(connection, "second", "killed")
    loop = asyncio.get_running_loop()
    first.kill()
    killed = loop.time()
    await until(lambda: second.working, "the second works")
    # It renewed at most one retry before it died.
    assert loop.time() - killed > QUICK.duration - 2 * QUICK.retry - 0.5
    assert (await lease_of(connection, "killed"))["holderIdentity"] == "second"
    await second.stop()


async def test_a_holder_without_an_api_server_stops_before_another_may_begin() -> None:
    async with ControlPlane((), crds=False) as plane, connect(str(plane.kubeconfig())) as connection:
        holder = Candidate(connection, "holder", "cut-off")
        await until(lambda: holder.working, "the holder works")
        plane.freeze_apiserver()
        await until(lambda: not holder.working, "the holder stops")
        assert not holder.leadership.held()
        plane.thaw_apiserver()
        await until(lambda: holder.working, "the holder works again")
        assert holder.begun == 2
        await holder.stop()


async def test_a_holder_whose_lease_was_given_to_another_stops_and_leaves_it(connection: Connection) -> None:
    holder = Candidate(connection, "holder", "robbed")
    await until(lambda: holder.working, "the holder works")
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/robbed"
    patch = json.dumps({"spec": {"holderIdentity": "robber", "leaseDurationSeconds": 3600}}).encode()
    await connection.request("PATCH", path, patch, content_type="application/merge-patch+json")
    await until(lambda: not holder.working, "the holder stops")
    await holder.stop()
    assert (await lease_of(connection, "robbed"))["holderIdentity"] == "robber"
