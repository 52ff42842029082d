"""NodeClaims in capacity reservations that end, and how soon that is seen."""

from dataclasses import replace
from typing import Any

from karptui.cloud.provider import Launched, NotFound
from karptui.control.instance.reservations import LOOK_SECONDS, OVER, CapacityReservations
from karptui.control.nodepool.readiness import NodeClassReadiness
from karptui.model.labels import CAPACITY_RESERVATION_ID, CAPACITY_TYPE
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodeClass
from tests.control.noted import NOW, Noted


class Cloud:
    node_class = "EC2NodeClass"

    def __init__(self) -> None:
        self.capacity_type = "reserved"
        self.asked = 0

    async def get(self, provider_id: str) -> Launched:
        self.asked += 1
        return Launched(provider_id, "m5.large", "us-east-1a", self.capacity_type, "ami-1")


def node_class(state: str, **spec: Any) -> NodeClass:
    status = {"capacityReservations": [{"id": "cr-1", "state": state}]}
    ready = (Condition("Ready", "True", "Ready"),)
    return NodeClass(Metadata("default", uid="class", generation=1), "EC2NodeClass", spec, status, ready)


def board(state: str) -> tuple[Noted, Cloud, CapacityReservations]:
    cloud = Cloud()
    found = Noted(cloud)
    found.show("nodeclasses", node_class(state))
    labels = {CAPACITY_TYPE: "reserved", CAPACITY_RESERVATION_ID: "cr-1"}
    for name, own in (("kept", labels), ("other", {CAPACITY_TYPE: "spot"})):
        metadata = Metadata(name, uid=name, labels=own)
        found.show("nodeclaims", NodeClaim(metadata, provider_id=f"aws:///us-east-1a/i-{name}", node_name=name))
        found.show("nodes", Node(Metadata(name, labels=own)))
    return found, cloud, CapacityReservations(found.hands)


async def test_nodes_of_a_capacity_block_are_drained_before_it_is_reclaimed() -> None:
    found, cloud, reservations = board("expiring")
    assert list(reservations.due()) == ["kept"]
    await reservations.reconcile("kept")
    assert found.deleted == [("nodeclaims", "kept")] and not cloud.asked


async def test_a_node_whose_reservation_is_over_is_one_on_demand() -> None:
    found, cloud, reservations = board("active")
    assert list(reservations.due()) == ["kept"]
    await reservations.reconcile("kept")
    assert not found.patches and not list(reservations.due())
    found.at += LOOK_SECONDS
    cloud.capacity_type = "on-demand"
    assert list(reservations.due()) == ["kept"]
    await reservations.reconcile("kept")
    assert [(resource, name) for resource, name, _ in found.patches] == [("nodes", "kept"), ("nodeclaims", "kept")]
    assert all(body["metadata"]["labels"] == OVER for _, _, body in found.patches)
    assert not found.deleted


class Gone(Cloud):
    async def get(self, provider_id: str) -> Launched:
        self.asked += 1
        raise NotFound(f"{provider_id} is gone")


async def test_an_instance_that_is_gone_is_asked_about_once_a_minute() -> None:
    found, _, _ = board("active")
    cloud = Gone()
    gone = Noted(cloud)
    reservations = CapacityReservations(replace(gone.hands, world=found.world))
    await reservations.reconcile("kept")
    assert cloud.asked == 1
    assert not list(reservations.due())
    gone.at += LOOK_SECONDS
    assert list(reservations.due()) == ["kept"]


class Resolves(Cloud):
    async def node_class_status(self, *_: Any, **__: Any) -> Any:
        raise AssertionError


def test_a_nodeclass_with_reservations_is_looked_at_every_minute() -> None:
    for terms, seconds in (({"capacityReservationSelectorTerms": [{"id": "cr-1"}]}, 61.0), ({}, 301.0)):
        found = Noted(Resolves())
        found.show("nodeclasses", node_class("active", **terms))
        readiness = NodeClassReadiness(found.hands)
        (key,) = readiness.due()
        vars(readiness)["_resolved"][key] = (1, NOW)
        found.at = NOW + seconds - 2
        assert not list(readiness.due()), terms
        found.at = NOW + seconds
        assert list(readiness.due()) == [key], terms
