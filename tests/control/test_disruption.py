"""A command on its way, as others see it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from karptui.cloud.kwok.catalogue import built_in
from karptui.control.disrupt import Disruption
from karptui.control.provision import Provisioner
from karptui.world import events
from tests.control.noted import Noted
from tests.world.recorded import STARTED, decode, node, pod
from tests.world.test_planning import POOL, claim


def board_with(type_: str) -> Noted:
    """One node that may be consolidated."""
    board = Noted()
    board.at = STARTED + 3600
    board.quick = True
    board.world.apply(events.CatalogueSeen(STARTED, built_in()))
    board.show("nodepools", decode("nodepools", POOL))
    labels = dict(claim("general-1", launched=True).object.metadata.labels)
    labels |= {"node.kubernetes.io/instance-type": type_, "karpenter.sh/capacity-type": "on-demand"}
    done = ("Launched", "Registered", "Initialized", "Consolidatable")
    ready = decode(
        "nodeclaims",
        {
            "metadata": {"name": "general-1", "uid": "claim-1", "labels": labels},
            "spec": {"nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}},
            "status": {
                "providerID": "kwok://one",
                "nodeName": "one",
                "conditions": [{"type": type_, "status": "True"} for type_ in done],
            },
        },
    )
    there = node("one", price_of=type_)
    own = {"karpenter.sh/initialized": "true", "karpenter.sh/registered": "true"}
    there.metadata.labels.update(labels | own | {"kubernetes.io/hostname": "one"})
    board.show("nodeclaims", ready)
    board.show("nodes", there)
    board.world.apply(events.StreamChanged(board.at, "nodes", events.StreamState.LIVE))
    return board


@asynccontextmanager
async def running(board: Noted) -> AsyncIterator[Disruption]:
    disruption = Disruption(board.hands, Provisioner(board.hands))
    task = asyncio.ensure_future(disruption.run())
    try:
        async with asyncio.timeout(60):
            yield disruption
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_node_counts_as_leaving_from_when_nothing_more_has_to_come_for_its_pods() -> None:
    board = board_with("c-1x-amd64-linux")
    async with running(board) as disruption:
        while not board.deleted:
            assert not disruption.leaving or board.patches, "before it is tainted"
            await asyncio.sleep(0.01)
        assert board.deleted == [("nodeclaims", "general-1")]
        assert disruption.leaving == {"one"}
    assert not disruption.leaving


@pytest.mark.parametrize("held", [False, True])
async def test_nothing_is_tainted_for_a_replacement_that_a_brake_holds_back(held: bool) -> None:
    board = board_with("c-64x-amd64-linux")
    board.show("pods", pod("web", node="one", phase="Running"))
    if held:
        board.hands.brakes.nodes = 1

    def told() -> list[str]:
        return [event.message for event in board.told if isinstance(event, events.Problem)]

    async with running(board):
        while not (told() if held else board.patches):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)  # some more passes
    assert bool(board.patches) is not held
    if held:
        assert told() == ["the brake of 1 nodes holds a new node back: there are 1"]
        assert not board.world.decisions
