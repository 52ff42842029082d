"""How a node is taken over by its NodeClaim (spec/lifecycle.md 1.4)."""

import pytest

from karptui.control.nodeclaim.register import Registration
from karptui.control.nodeclaim.registration_health import RegistrationHealth
from karptui.model.labels import DO_NOT_SYNC_TAINTS, UNREGISTERED
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim
from karptui.model.taints import Taint
from tests.control.noted import Noted

STARTUP = Taint("node.cilium.io/agent-not-ready", "", "NoExecute")
WAITING = Taint(UNREGISTERED, "", "NoExecute")
PROVIDER_ID = "aws:///us-east-1a/i-1"


def claim(*conditions: Condition) -> NodeClaim:
    launched = Condition("Launched", "True", "Launched")
    return NodeClaim(
        Metadata("general-1", uid="claim-1"),
        startup_taints=(STARTUP,),
        provider_id=PROVIDER_ID,
        conditions=(launched, *conditions),
    )


def node(name: str = "ip-1", *taints: Taint, **labels: str) -> Node:
    return Node(Metadata(name, labels=labels), taints=taints, provider_id=PROVIDER_ID)


def noted(*nodes: Node, seen: NodeClaim | None = None) -> tuple[Noted, Registration]:
    board = Noted()
    board.show("nodeclaims", seen or claim())
    board.show("nodes", *nodes)
    return board, Registration(board.hands, RegistrationHealth(board.hands))


@pytest.mark.parametrize(("says", "taints"), [("true", []), ("false", [STARTUP.key])])
async def test_a_node_that_was_told_its_taints_at_boot_gets_none_back(says: str, taints: list[str]) -> None:
    board, registration = noted(node("ip-1", WAITING, **{DO_NOT_SYNC_TAINTS: says}))
    await registration.reconcile("general-1")
    resource, name, body = board.patches[0]
    assert (resource, name) == ("nodes", "ip-1")
    assert [taint["key"] for taint in body["spec"]["taints"]] == taints
    assert board.statuses("general-1")["Registered"] == ("True", "Registered")
    assert not board.recorded


async def test_a_node_that_never_had_the_taint_is_told_of_and_taken_over_all_the_same() -> None:
    board, registration = noted(node())
    await registration.reconcile("general-1")
    assert board.recorded == [("NodeClaim", "general-1", "UnregisteredTaintMissing")]
    assert board.statuses("general-1")["Registered"][0] == "True"


async def test_of_two_nodes_for_one_instance_neither_is_taken_and_nobody_looks_again() -> None:
    board, registration = noted(node("ip-1", WAITING), node("ip-2", WAITING))
    await registration.reconcile("general-1")
    assert [resource for resource, _, _ in board.patches] == ["nodeclaims"]
    assert board.statuses("general-1")["Registered"] == ("False", "MultipleNodesFound")
    board.show("nodeclaims", claim(Condition("Registered", "False", "MultipleNodesFound")))
    assert not list(registration.due())


async def test_a_claim_without_a_node_says_so_once() -> None:
    board, registration = noted()
    assert list(registration.due()) == ["general-1"]
    await registration.reconcile("general-1")
    assert board.statuses("general-1")["Registered"] == ("Unknown", "NodeNotFound")
    board.show("nodeclaims", claim(Condition("Registered", "Unknown", "NodeNotFound")))
    assert not list(registration.due())
    board.show("nodes", node("ip-1", WAITING))
    assert list(registration.due()) == ["general-1"]
