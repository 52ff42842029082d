"""A command on its way, as others see it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from karptui.cloud.kwok.catalogue import built_in
from karptui.control.disruption.disrupt import Disruption
from karptui.control.provisioning.provision import Provisioner
from karptui.kube.errors import ApiError
from karptui.model.metadata import Metadata
from karptui.model.nodepool import Budget
from karptui.world import events
from tests.control.noted import Noted
from tests.world.recorded import STARTED, decode, node, pod
from tests.world.test_planning import POOL, claim


def board_with(type_: str, *names: str, budget: str = "10%") -> Noted:
    """Nodes that may be consolidated, so many at once: those named, else one."""
    board = Noted()
    board.at = STARTED + 3600
    board.quick = True
    board.world.apply(events.CatalogueSeen(STARTED, built_in()))
    whole = {"disruption": {"consolidateAfter": "0s", "budgets": [{"nodes": budget}]}}
    board.show("nodepools", decode("nodepools", POOL | {"spec": POOL["spec"] | whole}))
    for number, name in enumerate(names or ("one",), 1):
        labels = dict(claim("general-1", launched=True).object.metadata.labels)
        labels |= {"node.kubernetes.io/instance-type": type_, "karpenter.sh/capacity-type": "on-demand"}
        done = ("Launched", "Registered", "Initialized", "Consolidatable")
        ready = decode(
            "nodeclaims",
            {
                "metadata": {"name": f"general-{number}", "uid": f"claim-{number}", "labels": labels},
                "spec": {"nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}},
                "status": {
                    "providerID": f"kwok://{name}",
                    "nodeName": name,
                    "conditions": [{"type": type_, "status": "True"} for type_ in done],
                },
            },
        )
        there = node(name, price_of=type_)
        own = {"karpenter.sh/initialized": "true", "karpenter.sh/registered": "true"}
        # Not changed in place: equal labels are decoded once, and are everybody's.
        told = there.metadata.labels | labels | own | {"kubernetes.io/hostname": name}
        board.show("nodeclaims", ready)
        board.show("nodes", replace(there, metadata=replace(there.metadata, labels=told)))
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


async def test_a_node_that_gets_the_pods_of_a_command_is_kept_for_them_until_they_can_have_come() -> None:
    board = board_with("c-4x-amd64-linux", "one", "two")
    board.show("pods", pod("small", node="one", phase="Running"), pod("large", node="two", phase="Running", cpu="1"))
    async with running(board):
        while not board.deleted:
            await asyncio.sleep(0.01)
        assert board.deleted == [("nodeclaims", "general-1")]
        assert ("Pod", "small", "Nominated") in board.recorded
        for resource, key in (("nodes", "one"), ("nodeclaims", "general-1"), ("pods", "default/small")):
            gone = board.world.of(resource)[key]
            board.world.apply(events.ObjectSeen(board.at, resource, events.Change.DELETED, gone))
        there = board.world.of("pods")["default/large"]
        board.world.apply(events.ObjectSeen(board.at, "pods", events.Change.DELETED, there))
        await asyncio.sleep(0.5)  # some more passes: the node that is left is empty now
        assert len(board.deleted) == 1
        board.at += 21
        while len(board.deleted) == 1:
            await asyncio.sleep(0.01)
    assert board.deleted[1] == ("nodeclaims", "general-2")


async def test_of_empty_nodes_one_that_cannot_be_tainted_stays_and_the_others_go() -> None:
    board = board_with("c-1x-amd64-linux", "one", "two", "three", budget="100%")
    write = board.patch

    async def refusing(resource: str, name: str, patch: dict[str, Any], *, subresource: str = "") -> None:
        if name == "two":
            raise ApiError(403, "Forbidden", "nodes two may not be patched", path="/api/v1/nodes/two", verb="patch")
        await write(resource, name, patch, subresource=subresource)

    board.patch = refusing
    async with running(board):
        while len(board.deleted) < 2:
            await asyncio.sleep(0.01)
    assert {name for _, name in board.deleted} == {"general-1", "general-3"}
    said = [event for event in board.told if isinstance(event, events.Problem) and event.where == "disrupt two"]
    assert said and said[0].message.endswith("it stays")


async def test_a_node_is_told_that_it_may_be_replaced_and_then_that_it_stays_after_all() -> None:
    board = board_with("c-64x-amd64-linux")
    board.show("pods", pod("web", node="one", phase="Running"))
    write = board.record_event

    async def closing(kind: str, about: Metadata, reason: str, message: str, **rest: Any) -> None:
        await write(kind, about, reason, message, **rest)
        if reason == "ConsolidationCandidate" and kind == "NodeClaim":
            pool = board.world.of("nodepools")["default"]
            board.show("nodepools", replace(pool, budgets=(Budget("0"),)))

    board.record_event = closing
    rejected = ("NodeClaim", "general-1", "ConsolidationRejected")
    async with running(board):
        while rejected not in board.recorded:
            await asyncio.sleep(0.01)
    told = [entry for entry in board.recorded if entry[2].startswith("Consolidation")]
    wanted = [("Node", "one"), ("NodeClaim", "general-1")]
    assert told == [(*about, f"Consolidation{what}") for what in ("Candidate", "Rejected") for about in wanted]
    assert not board.created


@pytest.mark.parametrize("together", [False, True])
async def test_what_the_policy_balanced_approves_is_told_of_the_node_or_of_the_pool(together: bool) -> None:
    board = board_with("c-64x-amd64-linux", *(("one", "two") if together else ("one",)), budget="100%")
    pool = board.world.of("nodepools")["default"]
    board.show("nodepools", replace(pool, consolidation_policy="Balanced"))
    for name in ("one", "two") if together else ("one",):
        board.show("pods", pod(f"on-{name}", node=name, phase="Running", cpu="2"))
    about = [("NodePool", "default")] if together else [("Node", "one"), ("NodeClaim", "general-1")]
    async with running(board):
        while not board.created:
            await asyncio.sleep(0.01)
    told = [entry[:2] for entry in board.recorded if entry[2] == "ConsolidationApproved"]
    assert told == about


async def test_a_pass_tells_pods_what_their_do_not_disrupt_is_worth() -> None:
    board = board_with("c-64x-amd64-linux")
    lasting = pod("web", node="one", phase="Running")
    told = {"karpenter.sh/do-not-disrupt": "soon"}
    board.show("pods", replace(lasting, metadata=replace(lasting.metadata, annotations=told)))
    async with running(board):
        while ("Pod", "web", "InvalidDoNotDisruptAnnotation") not in board.recorded:
            await asyncio.sleep(0.01)
