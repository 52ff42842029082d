"""One control plane with machines for all tests of this folder that ask for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from karptui.kube.connect import connect
from karptui.lab import manifests
from tests.control.ec2_plane import CREDENTIALS, PARTS, Ec2Plane, Moto, ec2_plane, install_node_class_crd, moto
from tests.control_plane.fixtures import run_apart
from tests.control_plane.plane import ControlPlane


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[ControlPlane, Moto]]:
    """A control plane with KWOK, and AWS beside it; NodeClass `default` is there and never changed."""
    plane = ControlPlane(PARTS)
    with moto() as aws:
        run_apart(plane.start())
        try:
            run_apart(_prepare(plane))
            yield plane, aws
        finally:
            run_apart(plane.stop())


async def _prepare(plane: ControlPlane) -> None:
    async with connect(str(plane.kubeconfig())) as connection:
        await install_node_class_crd(connection)
        await connection.request("POST", "/apis/karpenter.k8s.aws/v1/ec2nodeclasses", manifests.node_class())


@pytest.fixture
async def ec2(machines: tuple[ControlPlane, Moto], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ec2Plane]:
    """The plane for one test; what the test leaves behind in it is removed."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    async with ec2_plane(*machines) as found:
        yield found
        await asyncio.shield(found.clear())
