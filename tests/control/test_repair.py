"""Nodes that stay unhealthy (spec/lifecycle.md 7.2)."""

from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from karptui.control.node.repair import Repair
from karptui.model.labels import NODEPOOL, TERMINATION_TIMESTAMP
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim
from tests.control.noted import NOW, Noted

MINUTE = 60.0


def board(*, sick: int, sound: int, minutes: float, type_: str = "Ready", cloud: str = "EC2NodeClass") -> Noted:
    """A pool of nodes of which some have been unhealthy for so long."""
    found = Noted(SimpleNamespace(node_class=cloud))
    for number in range(sick + sound):
        name, status = f"node-{number}", "False" if number < sick else "True"
        labels = {NODEPOOL: "general"}
        ill = Condition(type_, status, changed=NOW - minutes * MINUTE)
        node = Node(Metadata(name, uid=f"uid-{name}", labels=labels), conditions=(ill,))
        found.show("nodes", node)
        found.show("nodeclaims", NodeClaim(Metadata(f"claim-{number}", uid=f"c-{name}", labels=labels), node_name=name))
    return found


async def repaired(found: Noted, repair: Repair | None = None) -> None:
    repair = repair or Repair(found.hands)
    for key in list(repair.due()):
        await repair.reconcile(key)


async def test_an_unhealthy_node_is_replaced_at_once_when_its_half_hour_is_up() -> None:
    found = board(sick=1, sound=4, minutes=31)
    await repaired(found)
    assert found.deleted == [("nodeclaims", "claim-0")]
    [(resource, name, body)] = found.patches
    assert (resource, name) == ("nodeclaims", "claim-0")
    assert TERMINATION_TIMESTAMP in body["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("type_", "cloud", "minutes"),
    [
        ("Ready", "EC2NodeClass", 29),
        ("KernelReady", "EC2NodeClass", 29),
        ("AcceleratedHardwareReady", "EC2NodeClass", 9),
        ("Ready", "KWOKNodeClass", 9),
        ("KernelReady", "KWOKNodeClass", 100),
        ("DiskPressure", "EC2NodeClass", 100),
    ],
)
async def test_until_then_and_for_what_no_policy_names_it_is_put_up_with(
    type_: str, cloud: str, minutes: float
) -> None:
    found = board(sick=1, sound=4, minutes=minutes, type_=type_, cloud=cloud)
    await repaired(found)
    assert not found.deleted
    assert not found.recorded


@pytest.mark.parametrize(("type_", "cloud"), [("AcceleratedHardwareReady", "EC2NodeClass"), ("Ready", "KWOKNodeClass")])
async def test_accelerators_and_nodes_of_kwok_are_given_ten_minutes(type_: str, cloud: str) -> None:
    found = board(sick=1, sound=4, minutes=11, type_=type_, cloud=cloud)
    await repaired(found)
    assert found.deleted == [("nodeclaims", "claim-0")]


async def test_more_than_a_fifth_of_a_pool_is_an_outage_of_which_it_is_told_every_five_minutes() -> None:
    found = board(sick=2, sound=3, minutes=31)
    repair = Repair(found.hands)
    for _ in range(2):
        await repaired(found, repair)
    assert not found.deleted
    assert found.recorded == [("Node", f"node-{number}", "NodeRepairBlocked") for number in (0, 1)]
    found.at += 5 * MINUTE
    await repaired(found, repair)
    assert len(found.recorded) == 4


@pytest.mark.parametrize(("sound", "deleted"), [(3, []), (7, ["claim-0", "claim-1"])])
async def test_for_a_nodeclaim_of_no_pool_the_whole_cluster_counts(sound: int, deleted: list[str]) -> None:
    found = board(sick=2, sound=sound, minutes=31)
    for claim in list(found.world.of("nodeclaims").values()):
        found.show("nodeclaims", replace(claim, metadata=replace(claim.metadata, labels={})))
    await repaired(found)
    assert [name for _, name in found.deleted] == deleted


async def test_a_fifth_rounded_up_is_still_repaired() -> None:
    found = board(sick=2, sound=4, minutes=31)
    await repaired(found)
    assert found.deleted == [("nodeclaims", "claim-0"), ("nodeclaims", "claim-1")]
