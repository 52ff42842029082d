"""What `kubectl describe` says of nodes that EC2 takes and of those that wait for something."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from karptui.cloud.provider import Interruption
from karptui.control.instance.interruption import Interruptions
from karptui.control.node.drain import NodeTermination
from karptui.kube.timestamps import rfc3339
from karptui.kube.write import Eviction, EvictionAnswer
from karptui.model.labels import DISRUPTED, TERMINATION_FINALIZER, TERMINATION_TIMESTAMP
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod, PodSpec
from karptui.model.taints import Taint
from tests.control.noted import NOW, Noted


class Warns:
    def __init__(self, kind: str, disrupts: bool, **claims: str) -> None:
        self.message = Interruption(kind, ("i-1",), NOW, disrupts=disrupts, claims={"i-1": "general-1"} | claims)
        self.acknowledged = False

    async def interruptions(self) -> Any:
        yield self.message

    async def acknowledge(self, _: Interruption) -> None:
        self.acknowledged = True


class Board(Noted):
    attached: tuple[str, ...] = ()

    async def evict(self, namespace: str, name: str, *, uid: str) -> EvictionAnswer:
        return EvictionAnswer(Eviction.ACCEPTED)

    async def attached_volumes(self, node: str) -> list[str]:
        return list(self.attached)


def going(*conditions: Condition, **annotations: str) -> tuple[NodeClaim, Node]:
    metadata = Metadata("general-1", uid="claim-1", annotations=annotations, deleted=NOW - 60)
    claim = NodeClaim(metadata, provider_id="aws:///us-east-1a/i-1", node_name="one", conditions=conditions)
    about = Metadata("one", uid="node-1", finalizers=(TERMINATION_FINALIZER,), deleted=NOW - 60)
    ready = (Condition("Ready", "True"),)
    taint = Taint(DISRUPTED, "", "NoSchedule")
    return claim, Node(about, taints=(taint,), provider_id=claim.provider_id, conditions=ready)


@pytest.mark.parametrize(
    ("kind", "disrupts", "reasons"),
    [
        ("spot_interrupted", True, ["SpotInterrupted", "TerminatingOnInterruption"]),
        ("scheduled_change", True, ["InstanceUnhealthy", "TerminatingOnInterruption"]),
        ("rebalance_recommendation", False, ["SpotRebalanceRecommendation"]),
    ],
)
async def test_an_interruption_is_told_of_node_and_claim(kind: str, disrupts: bool, reasons: list[str]) -> None:
    cloud = Warns(kind, disrupts)
    board = Noted(cloud)
    metadata = Metadata("general-1", uid="claim-1")
    board.show("nodeclaims", NodeClaim(metadata, provider_id="aws:///us-east-1a/i-1", node_name="one"))
    board.show("nodes", Node(Metadata("one", uid="node-1")))
    async with asyncio.timeout(10):
        await Interruptions(board.hands).run()
    wanted = [
        (about, name, reason) for about, name in (("NodeClaim", "general-1"), ("Node", "one")) for reason in reasons
    ]
    assert board.recorded == wanted
    assert cloud.acknowledged and bool(board.deleted) is disrupts


async def test_an_interruption_during_a_launch_comes_again_until_the_claim_knows_its_instance() -> None:
    cloud = Warns("spot_interrupted", True)
    board = Noted(cloud)
    launching = NodeClaim(Metadata("general-1", uid="claim-1"))
    for provider_id, deleted in (("", []), ("aws:///us-east-1a/i-1", [("nodeclaims", "general-1")])):
        board.show("nodeclaims", replace(launching, provider_id=provider_id))
        async with asyncio.timeout(10):
            await Interruptions(board.hands).run()
        assert board.deleted == deleted and cloud.acknowledged is bool(deleted)


@pytest.mark.parametrize("claim", ["", "gone", "other", "going"])
async def test_an_interruption_of_what_is_nobodys_here_is_acknowledged(claim: str) -> None:
    cloud = Warns("spot_interrupted", True, **{"i-1": claim})
    board = Noted(cloud)
    board.show("nodeclaims", NodeClaim(Metadata("other", uid="claim-2"), provider_id="aws:///us-east-1a/i-2"))
    board.show("nodeclaims", NodeClaim(Metadata("going", uid="claim-3", deleted=NOW - 60)))
    async with asyncio.timeout(10):
        await Interruptions(board.hands).run()
    assert cloud.acknowledged and not board.deleted


async def test_a_node_that_waits_for_its_volumes_says_so() -> None:
    board = Board()
    board.attached = ("pv-1",)
    claim, node = going(Condition("Drained", "True", changed=NOW - 30))
    board.show("nodeclaims", claim)
    board.show("nodes", node)
    await NodeTermination(board.hands).reconcile("one")
    assert board.recorded == [("Node", "one", "AwaitingVolumeDetachment")]
    assert board.statuses("general-1")["VolumesDetached"] == ("Unknown", "AwaitingVolumeDetachment")


async def test_a_node_that_has_a_deadline_says_so() -> None:
    board = Board()
    claim, node = going(**{TERMINATION_TIMESTAMP: rfc3339(NOW + 60)})
    board.show("nodeclaims", claim)
    board.show("nodes", node)
    await NodeTermination(board.hands).reconcile("one")
    assert ("Node", "one", "TerminationGracePeriodExpiring") in board.recorded


async def test_a_node_whose_pods_are_waited_for_says_so_once_in_two_minutes() -> None:
    board = Board()
    claim, node = going(Condition("Drained", "Unknown", "Draining"))
    board.show("nodeclaims", claim)
    board.show("nodes", node)
    board.show(
        "pods",
        *(
            Pod(Metadata(name, "default", uid=name, created=NOW), PodSpec(b"spec"), {}, node_name="one")
            for name in "ab"
        ),
    )
    drain = NodeTermination(board.hands)
    for _ in range(3):
        await drain.reconcile("one")
    told = ("Node", "one", "FailedDraining")
    assert board.recorded.count(told) == 1
    board.at += 121
    await drain.reconcile("one")
    assert board.recorded.count(told) == 2
