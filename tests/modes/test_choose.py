"""Which prices a cluster gets, told by what is seen of it."""

from typing import Any

import pytest

from karptui.cloud.choose import catalogue_for, choice_for, region_of_zone
from karptui.cloud.kwok.catalogue import built_in
from karptui.model.instance_type import InstanceType
from karptui.world import events
from karptui.world.events import Change
from karptui.world.world import World
from tests.world.recorded import STARTED, decode, node, seen, world_until


def pool(name: str, kind: str, zones: list[str] | None = None) -> events.ObjectSeen:
    requirements: list[dict[str, Any]] = []
    if zones:
        requirements.append({"key": "topology.kubernetes.io/zone", "operator": "In", "values": zones})
    manifest = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {
            "template": {
                "spec": {
                    "nodeClassRef": {"group": "karpenter.example", "kind": kind, "name": "default"},
                    "requirements": requirements,
                }
            }
        },
    }
    return seen(decode("nodepools", manifest), STARTED, Change.ADDED)


def world_of(*what: events.Event) -> World:
    world = World()
    for event in what:
        world.apply(event)
    return world


def test_a_cluster_with_kwoks_nodepools_has_kwoks_prices() -> None:
    assert catalogue_for(world_until(30)) is built_in()


def test_kwok_with_types_of_its_own_file_has_those_of_ec2() -> None:
    world = world_of(pool("default", "KWOKNodeClass"), seen(node("n1", price_of="m5.large"), change=Change.ADDED))
    assert choice_for(world).kind == "EC2NodeClass"


def test_the_region_and_its_zones_are_those_that_nodes_and_nodepools_show() -> None:
    world = world_of(
        pool("default", "EC2NodeClass", ["eu-west-1a"]),
        seen(node("n1", zone="eu-west-1f"), change=Change.ADDED),
    )
    choice = choice_for(world)
    assert choice.region == "eu-west-1"
    assert choice.zones == ("eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d", "eu-west-1f")
    zones = {offering.zone for type_ in catalogue_for(world).types for offering in type_.offerings}
    assert zones == set(choice.zones)


def test_where_the_nodeclass_knows_its_subnets_their_zones_are_all() -> None:
    manifest = {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": "default"},
        "spec": {},
        "status": {"subnets": [{"id": "subnet-1", "zone": "us-west-2b"}, {"id": "subnet-2", "zone": "us-west-2c"}]},
    }
    seen_class = events.ObjectSeen(STARTED, "ec2nodeclasses", Change.ADDED, decode("ec2nodeclasses", manifest))
    choice = choice_for(world_of(pool("default", "EC2NodeClass"), seen_class))
    assert (choice.region, choice.zones) == ("us-west-2", ("us-west-2b", "us-west-2c"))


def test_an_empty_cluster_has_ec2s_prices_of_the_region_asked_for() -> None:
    assert choice_for(World(), "ap-south-1").region == "ap-south-1"


def test_a_provider_whose_prices_nobody_knows_has_none() -> None:
    catalogue = catalogue_for(world_of(pool("default", "AKSNodeClass")))
    assert not catalogue.types
    assert "AKSNodeClass" in catalogue.source


def test_the_same_cluster_has_the_same_catalogue_object() -> None:
    first = world_of(pool("default", "EC2NodeClass", ["us-east-1a"]))
    second = world_of(pool("other", "EC2NodeClass", ["us-east-1b"]))
    assert catalogue_for(first) is catalogue_for(second)


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("us-west-2c", "us-west-2"),
        ("us-gov-east-1a", "us-gov-east-1"),
        ("us-west-2-lax-1a", "us-west-2"),
        ("test-zone-a", ""),
        ("eastus-1", ""),
        ("", ""),
    ],
)
def test_the_region_of_a_zone(zone: str, region: str) -> None:
    assert region_of_zone(zone) == region


def of_class(name: str, node_class: str) -> events.ObjectSeen:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class}
    spec = {"template": {"spec": {"nodeClassRef": reference, "requirements": []}}}
    manifest = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": spec}
    return seen(decode("nodepools", manifest), STARTED, Change.ADDED)


def node_class(name: str, zones: str = "", **spec: Any) -> events.ObjectSeen:
    subnets = [{"id": f"subnet-{letter}", "zone": f"us-west-2{letter}"} for letter in zones]
    manifest = {
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": name},
        "spec": {"amiSelectorTerms": [{"alias": "al2023@latest"}], **spec},
        "status": {"subnets": subnets},
    }
    return events.ObjectSeen(STARTED, "ec2nodeclasses", Change.ADDED, decode("ec2nodeclasses", manifest))


def seen_by(world: World, of: str, name: str = "m5.large") -> InstanceType:
    catalogue = catalogue_for(world)
    return catalogue.variants.get(of, {}).get(name) or next(type_ for type_ in catalogue.types if type_.name == name)


def pods(type_: InstanceType) -> int:
    return type_.capacity["pods"] // 10**9


def test_each_nodepool_sees_the_types_as_its_own_nodeclass_makes_them() -> None:
    world = world_of(
        of_class("a", "default"),
        of_class("b", "dense"),
        of_class("c", "rocket"),
        of_class("d", "unknown"),
        node_class("default", "ab"),
        node_class("dense", "b", kubelet={"maxPods": 110}),
        node_class("rocket", "ab", amiSelectorTerms=[{"alias": "bottlerocket@latest"}], kubelet={"maxPods": 110}),
    )
    assert [pods(seen_by(world, of)) for of in "abcd"] == [29, 110, 110, 29]
    zones = [{offering.zone for offering in seen_by(world, of).offerings} for of in "abcd"]
    both = {"us-west-2a", "us-west-2b"}
    assert zones == [both, {"us-west-2b"}, both, both]
    memory = [seen_by(world, of).allocatable["memory"] for of in "abc"]
    assert memory[0] == memory[1] > memory[2], "what Bottlerocket keeps for itself follows maxPods"
    assert catalogue_for(world) is catalogue_for(world)


def test_nodeclasses_that_make_the_same_of_the_types_leave_one_catalogue_for_all() -> None:
    world = world_of(
        of_class("a", "x"), of_class("b", "y"), node_class("x", "ab", tags={"team": "core"}), node_class("y")
    )
    assert not catalogue_for(world).variants and not choice_for(world).own


@pytest.mark.parametrize(
    "spec",
    [
        {"kubelet": {"maxPods": "many"}},
        {"kubelet": {"kubeReserved": {"cpu": "much"}}},
        {"kubelet": [1]},
        {"amiSelectorTerms": ["al2023"]},
        {"kubelet": 3},
    ],
)
def test_a_nodeclass_in_a_file_that_no_api_server_would_take_changes_nothing(spec: dict[str, Any]) -> None:
    world = world_of(of_class("a", "odd"), node_class("odd", "ab", **spec))
    assert pods(seen_by(world, "a")) == 29
