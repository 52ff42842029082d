"""What a placement group has no room for is out in that group, and nowhere else."""

import pytest

from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CloudError, InsufficientCapacity
from karptui.lab.ec2 import Ec2Lab
from karptui.model import labels
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from tests.cloud.ec2.cluster import claim, ready_node_class
from tests.control.faulty_aws import FaultyAws

pytestmark = pytest.mark.asyncio(loop_scope="session")

TYPES = ("c6a.large", "m5.large")
SPREAD = "You've reached the limit of instances in this spread placement group"
GROUP = {"name": "together"}


def described(strategy: str, partitions: int = 0) -> str:
    """What EC2 says of the group; moto does not know placement groups."""
    count = f"<partitionCount>{partitions}</partitionCount>" if partitions else ""
    entry = f"<groupName>together</groupName><groupId>pg-1</groupId><strategy>{strategy}</strategy>{count}"
    return (
        '<DescribePlacementGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><placementGroupSet>'
        f"<item>{entry}<state>available</state></item></placementGroupSet></DescribePlacementGroupsResponse>"
    )


async def zones_on_offer(provider: Ec2Provider, resolved: NodeClass, name: str, partition: str = "") -> set[str]:
    """Zones in which a type can be bought on demand."""
    entry = next(entry for entry in (await provider.instance_types(resolved)).types if entry.name == name)
    return {
        offering.zone
        for offering in entry.offerings
        if offering.available and offering.capacity_type == "on-demand"
        if not partition or offering.requirements.of(labels.PLACEMENT_GROUP_PARTITION).has(partition)
    }


def zonal(
    types: tuple[str, ...] = TYPES, partitions: tuple[str, ...] = (), capacity_types: tuple[str, ...] = ("on-demand",)
) -> NodeClaim:
    wanted = [RequirementSpec(labels.ZONE, "In", ("us-east-1a",))]
    if partitions:
        wanted.append(RequirementSpec(labels.PLACEMENT_GROUP_PARTITION, "In", partitions))
    return claim(types, capacity_types, requirements=wanted)


async def test_a_want_of_capacity_in_a_group_is_none_outside_of_it(
    provider: Ec2Provider, lab: Ec2Lab, aws: FaultyAws
) -> None:
    aws.answer("DescribePlacementGroups", described("cluster"))
    grouped = await ready_node_class(provider, placementGroupSelector=GROUP)
    plain = await ready_node_class(provider)
    await lab.set_capacity("c6a.large", zone="us-east-1a")
    assert (await provider.create(zonal(), grouped)).instance_type == "m5.large"
    assert "us-east-1a" not in await zones_on_offer(provider, grouped, "c6a.large")
    assert "us-east-1a" in await zones_on_offer(provider, plain, "c6a.large")
    await provider.create(zonal(), plain)
    assert "us-east-1a" not in await zones_on_offer(provider, plain, "c6a.large"), "that is its own experience"


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "InstanceLimitExceeded"])
async def test_a_spread_group_that_is_full_in_a_zone_takes_no_type_there(
    provider: Ec2Provider, lab: Ec2Lab, aws: FaultyAws, code: str
) -> None:
    aws.answer("DescribePlacementGroups", described("spread"))
    spread = await ready_node_class(provider, placementGroupSelector=GROUP)
    plain = await ready_node_class(provider)
    await lab.set_capacity("c6a.large", zone="us-east-1a", code=code, message=f"{SPREAD}. A spread")
    await lab.set_capacity("m5.large", zone="us-east-1a", code=code, message=f"{SPREAD}. A spread")
    with pytest.raises(CloudError):
        await provider.create(zonal(("c6a.large",)), spread)
    assert "us-east-1a" in await zones_on_offer(provider, spread, "m5.large"), "it was not asked for"
    launched = await provider.create(zonal(("m5.large", "r5.large")), spread)
    assert launched.instance_type == "r5.large", "an error counts also beside an instance"
    for name in (*TYPES, "r5.large"):
        assert await zones_on_offer(provider, spread, name) == {f"us-east-1{letter}" for letter in "bcd"}
        assert "us-east-1a" in await zones_on_offer(provider, plain, name)
    with pytest.raises(InsufficientCapacity, match="unavailable during launch"):
        await provider.create(zonal((*TYPES, "r5.large")), spread)


async def test_a_partition_without_room_leaves_the_others_to_the_next_launch(
    provider: Ec2Provider, lab: Ec2Lab, aws: FaultyAws
) -> None:
    aws.answer("DescribePlacementGroups", described("partition", 3))
    grouped = await ready_node_class(provider, placementGroupSelector=GROUP)
    await lab.set_capacity("c6a.large", zone="us-east-1a")
    wanted = zonal(("c6a.large",), ("1", "2"))
    with pytest.raises(InsufficientCapacity):
        await provider.create(wanted, grouped)
    assert "us-east-1a" not in await zones_on_offer(provider, grouped, "c6a.large", "1")
    assert "us-east-1a" in await zones_on_offer(provider, grouped, "c6a.large", "2")
    await lab.set_capacity("c6a.large", zone="us-east-1a", left=None)
    launched = await provider.create(zonal(("c6a.large",), ("1", "2")), grouped)
    assert launched.labels[labels.PLACEMENT_GROUP_PARTITION] == "2"


async def test_a_partition_that_has_room_for_on_demand_alone_is_not_taken_for_spot(
    provider: Ec2Provider, lab: Ec2Lab, aws: FaultyAws
) -> None:
    aws.answer("DescribePlacementGroups", described("partition", 3))
    grouped = await ready_node_class(provider, placementGroupSelector=GROUP)
    await lab.set_capacity("c6a.large", zone="us-east-1a", capacity_type="spot")
    with pytest.raises(InsufficientCapacity):
        await provider.create(zonal(("c6a.large",), ("1",), ("spot",)), grouped)
    await lab.set_capacity("c6a.large", zone="us-east-1a", capacity_type="spot", left=None)
    launched = await provider.create(zonal(("c6a.large",), ("1", "2"), ("spot", "on-demand")), grouped)
    assert (launched.capacity_type, launched.labels[labels.PLACEMENT_GROUP_PARTITION]) == ("spot", "2")


async def test_a_zone_in_which_another_partition_has_room_is_not_asked_for_this_one(
    provider: Ec2Provider, lab: Ec2Lab, aws: FaultyAws
) -> None:
    aws.answer("DescribePlacementGroups", described("partition", 3))
    grouped = await ready_node_class(provider, placementGroupSelector=GROUP)
    await lab.set_capacity("c6a.large", zone="us-east-1a")
    with pytest.raises(InsufficientCapacity):
        await provider.create(zonal(("c6a.large",), ("1",)), grouped)
    await lab.set_capacity("c6a.large", zone="us-east-1a", left=None)
    wanted = [
        RequirementSpec(labels.ZONE, "In", ("us-east-1a", "us-east-1b")),
        RequirementSpec(labels.PLACEMENT_GROUP_PARTITION, "In", ("1", "2")),
    ]
    launched = await provider.create(claim(("c6a.large",), requirements=wanted), grouped)
    assert (launched.labels[labels.PLACEMENT_GROUP_PARTITION], launched.zone) == ("1", "us-east-1b")
