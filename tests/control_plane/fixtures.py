"""The control plane as a fixture: one for all tests of a run, started when the first of them asks."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.control_plane.plane import ControlPlane


def run_apart(work: Coroutine[None, None, None]) -> None:
    """Run `work` in a thread and an event loop of its own, so that it belongs to no test's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """API server, scheduler, controller-manager and Karpenter's CRDs, shared: use names and namespaces of your own."""
    plane = ControlPlane()
    run_apart(plane.start())
    yield plane
    run_apart(plane.stop())
