"""What NodePools see of the cloud when they have NodeClasses of their own."""

from collections.abc import Collection, Iterable

import pytest
from msgspec.structs import replace

from karptui.cloud.catalogue import region_of, shipped_price
from karptui.cloud.ec2.instance_type.facts import shipped_facts
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, resolve
from karptui.cloud.for_pools import for_all
from karptui.cloud.provider import CloudError, Measured
from karptui.control.provisioning.offerings import Offerings
from karptui.engine.disruption.drift_reasons import drift_reason
from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.overlays import overlaid
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, NODEPOOL, ZONE
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim, NodeClassReference
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import NodeClass, NodePool, NodeTemplate
from karptui.model.snapshot import Options, Snapshot
from karptui.world import events
from tests.control.noted import NOW, Noted

NAMES = ("c6a.large", "m5.large")


def types(*zones: str, **spec: object) -> tuple[InstanceType, ...]:
    facts = [entry for entry in shipped_facts() if entry.name in NAMES]
    shape = NodeClassShape(spec=spec)
    return resolve(facts, region_of("us-east-1", zones), shipped_price(), shape)


PLAIN = Catalogue(types("us-east-1a", "us-east-1b"), source="a")
OTHER = Catalogue(types("us-east-1c", kubelet={"maxPods": 5}), source="a")


class Cloud:
    """Sells by NodeClass; `refused` of them it cannot tell of."""

    node_class = "EC2NodeClass"

    def __init__(self, **sold: Catalogue) -> None:
        self.sold = sold
        self.refused: set[str] = set()
        self.measured: dict[str, list[Measured]] = {}

    async def instance_types(self, node_class: NodeClass, measured: Collection[Measured] = ()) -> Catalogue:
        self.measured[node_class.name] = list(measured)
        if node_class.name in self.refused:
            raise CloudError("ec2 does not answer")
        return self.sold[node_class.name]


def node_class(name: str) -> NodeClass:
    return NodeClass(Metadata(name, uid=name), "EC2NodeClass")


def pool(name: str, of: str) -> NodePool:
    reference = NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", of)
    return NodePool(Metadata(name, uid=name), template=NodeTemplate(node_class=reference))


def board(cloud: Cloud, pools: Iterable[NodePool]) -> tuple[Noted, Offerings]:
    found = Noted(cloud)
    found.show("nodeclasses", *(node_class(name) for name in cloud.sold))
    found.show("nodepools", *pools)
    return found, Offerings(found.hands)


def pods_seen(catalogue: Catalogue, of: str) -> set[int]:
    prepared = PreparedCatalogue(catalogue)
    seen = prepared.visible(of)
    return {entry.capacity["pods"] // 10**9 for bit, entry in enumerate(prepared.types) if seen >> bit & 1}


async def test_each_nodepool_sees_what_its_own_nodeclass_makes_of_the_types() -> None:
    cloud = Cloud(default=PLAIN, dense=OTHER)
    found, offerings = board(cloud, [pool("a", "default"), pool("b", "default"), pool("c", "dense")])
    for _ in range(3):
        await offerings.look()
    told = [event for event in found.told if isinstance(event, events.CatalogueSeen)]
    assert len(told) == 1, "it is told once, and not of each NodeClass in turn"
    assert pods_seen(found.world.catalogue, "a") == {29} and pods_seen(found.world.catalogue, "c") == {5}
    cloud.sold["dense"] = PLAIN
    await offerings.look()
    assert found.world.catalogue is PLAIN


async def test_a_nodeclass_that_cannot_be_told_of_keeps_what_was_known_of_it() -> None:
    cloud = Cloud(default=PLAIN, dense=OTHER)
    found, offerings = board(cloud, [pool("a", "default"), pool("c", "dense")])
    await offerings.look()
    known = found.world.catalogue
    cloud.refused.add("dense")
    await offerings.look()
    assert found.world.catalogue is known


async def test_the_provider_is_told_what_memory_registered_nodes_have() -> None:
    found, offerings = board(Cloud(default=PLAIN, dense=OTHER), [pool("a", "default")])
    reference = NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "dense")
    for name, registered in (("one", "True"), ("two", "Unknown")):
        metadata = Metadata(name, uid=name, labels={INSTANCE_TYPE: "m5.large"})
        conditions = (Condition("Registered", registered),)
        claim = NodeClaim(metadata, reference, node_name=name, image_id="ami-1", conditions=conditions)
        found.show("nodeclaims", claim)
        found.show("nodes", Node(Metadata(name), capacity={"memory": 7}))
    await offerings.look()
    cloud = found.hands.provider
    assert isinstance(cloud, Cloud)
    assert cloud.measured == {"default": [], "dense": [Measured("m5.large", "ami-1", 7)]}


async def test_a_nodeclass_of_no_pool_is_nobodys_catalogue() -> None:
    found, offerings = board(Cloud(default=PLAIN, dense=OTHER), [pool("c", "dense")])
    await offerings.look()
    assert found.world.catalogue is OTHER


async def test_nodepools_are_told_when_a_zonal_shift_begins_and_ends() -> None:
    cloud = Cloud(default=PLAIN, dense=OTHER)
    found, offerings = board(cloud, [pool("a", "default"), pool("c", "dense")])
    await offerings.look()
    assert not found.recorded
    cloud.sold["dense"] = replace(OTHER, shifted=("us-east-1c",))
    for _ in range(2):
        await offerings.look()
    assert found.recorded == [("NodePool", "c", "ZonalShiftActive")], "the other one has nothing in that zone"
    cloud.sold["dense"] = OTHER
    for _ in range(2):
        await offerings.look()
    assert found.recorded[1:] == [("NodePool", "c", "ZonalShiftCleared")]


async def test_that_zonal_shifts_cannot_be_known_is_told_once_until_they_can() -> None:
    cloud = Cloud(default=PLAIN, dense=OTHER)
    found, offerings = board(cloud, [pool("a", "default"), pool("c", "dense")])

    def told() -> list[str]:
        return [event.message for event in found.told if isinstance(event, events.Problem)]

    for trouble in ("ARC is down", "ARC is still down", "", "ARC is down again"):
        cloud.sold = {name: replace(sold, shifts_unknown=trouble) for name, sold in cloud.sold.items()}
        await offerings.look()
    assert [words.partition(";")[0] for words in told()] == ["ARC is down", "ARC is down again"]


def test_types_that_only_one_nodeclass_has_are_seen_by_its_pools_alone() -> None:
    fewer = Catalogue(PLAIN.types[:1])
    together = for_all({"x": fewer, "y": PLAIN}, {"a": "x", "b": "y"})
    seen = {of: {together.types[0].name, *together.by_pool[of]} for of in ("a", "b")}
    assert seen == {"a": {fewer.types[0].name}, "b": set(NAMES)}


@pytest.mark.parametrize(("of", "gone"), [("c", ""), ("a", "InstanceTypeNotFound")])
def test_whether_a_type_is_still_on_offer_is_asked_of_the_pools_own_nodeclass(of: str, gone: str) -> None:
    pools = {name: pool(name, key) for name, key in (("a", "default"), ("c", "dense"))}
    together = for_all({"default": PLAIN, "dense": OTHER}, {"a": "default", "c": "dense"})
    labels = {NODEPOOL: of, INSTANCE_TYPE: "m5.large", ZONE: "us-east-1c", CAPACITY_TYPE: "on-demand"}
    claim = NodeClaim(Metadata("old", labels=labels, created=NOW - 7200))
    assert (drift_reason(claim, pools[of], Snapshot(1, NOW, catalogue=together)) or "") == gone


def test_node_overlays_lie_over_what_each_pool_sees() -> None:
    pools = {name: pool(name, key) for name, key in (("a", "default"), ("c", "dense"))}
    together = for_all({"default": PLAIN, "dense": OTHER}, {"a": "default", "c": "dense"})
    overlay = NodeOverlay(Metadata("cheap"), price_adjustment="-50%")
    grounds = Snapshot(
        1,
        NOW,
        Options(feature_gates={"NodeOverlay": True}),
        together,
        node_pools=pools,
        node_overlays={"cheap": overlay},
    )
    found = overlaid(grounds).catalogue
    assert pods_seen(found, "a") == {29} and pods_seen(found, "c") == {5}
    for of, zone in (("a", "us-east-1a"), ("c", "us-east-1c")):
        type_ = found.variants.get(of, {}).get("m5.large") or next(e for e in found.types if e.name == "m5.large")
        prices = {o.price for o in type_.offerings if (o.zone, o.capacity_type) == (zone, "on-demand")}
        assert prices == {0.048}
