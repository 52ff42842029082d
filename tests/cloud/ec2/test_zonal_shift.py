"""A zone that traffic is shifted away from: nothing is launched there, and what is there is left alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from msgspec.structs import replace

from karptui.cloud.catalogue import region_of, shipped_price
from karptui.cloud.ec2.instance_type.facts import shipped_facts
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, resolve
from karptui.cloud.ec2.nodeclass.reservations import Reservation
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CloudError, InsufficientCapacity, NotFound
from karptui.lab.ec2 import Ec2Lab
from karptui.model import labels
from karptui.model.node import NodeClaim, RequirementSpec
from tests.cloud.ec2.cluster import Clock, claim, provider_of, ready_node_class
from tests.control.faulty_aws import FaultyAws

pytestmark = pytest.mark.asyncio(loop_scope="session")

ARN = "arn:aws:eks:us-east-1:123456789012:cluster/lab"
ASKED = f"GET /managedresources/{ARN}"
ZONE = "us-east-1a"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(loop_scope="session")
async def provider(lab: Ec2Lab, aws: FaultyAws, clock: Clock) -> AsyncIterator[Ec2Provider]:
    provider = provider_of(lab, clock, endpoint=aws.url, zonal_shift=ARN)
    yield provider
    await provider.close()


def shift(aws: FaultyAws, clock: Clock, zone_id: str, *, status: str = "APPLIED", minutes: float = 60) -> None:
    """ARC says this from now on; moto does not know it."""
    one = {
        "appliedStatus": status,
        "awayFrom": zone_id,
        "comment": "",
        "resourceIdentifier": ARN,
        "zonalShiftId": "1",
        "startTime": datetime.fromtimestamp(clock(), UTC).timestamp(),
        "expiryTime": datetime.fromtimestamp(clock() + 60 * minutes, UTC).timestamp(),
    }
    told = {"appliedWeights": {}, "zonalShifts": [one] if zone_id else []}
    aws.answer(ASKED, json.dumps(told))


def zonal() -> NodeClaim:
    return claim(("m5.large",), requirements=[RequirementSpec(labels.ZONE, "In", (ZONE,))])


async def zones(provider: Ec2Provider) -> set[str]:
    """Zones in which m5.large can be bought."""
    types = (await provider.instance_types(await ready_node_class(provider))).types
    entry = next(entry for entry in types if entry.name == "m5.large")
    return {offering.zone for offering in entry.offerings if offering.available}


async def test_nothing_is_launched_in_a_zone_that_is_shifted_away_from_until_the_shift_ends(
    provider: Ec2Provider, aws: FaultyAws, clock: Clock
) -> None:
    shift(aws, clock, "")
    resolved = await ready_node_class(provider)
    launched = await provider.create(zonal(), resolved)
    shift(aws, clock, launched.labels[labels.ZONE_ID])
    assert ZONE in await zones(provider), "it is asked for every half minute"
    clock.at += 30
    assert await zones(provider) == {f"us-east-1{letter}" for letter in "bcd"}
    with pytest.raises(InsufficientCapacity, match="unavailable during launch"):
        await provider.create(zonal(), resolved)
    aws.refuse(ASKED, "InternalServerException", status=500, times=1_000_000)
    aws.faults.insert(0, aws.faults.pop())
    clock.at += 30
    assert ZONE not in await zones(provider), "without an answer the shift goes on"
    async with asyncio.timeout(60):
        while not (catalogue := await provider.instance_types(resolved)).shifts_unknown:
            await asyncio.sleep(0.05)
    assert "GetManagedResource" in catalogue.shifts_unknown and catalogue.shifted == (ZONE,)
    clock.at += 3600
    assert ZONE in await zones(provider), "but not longer than it was to last"
    shift(aws, clock, "")
    while (await provider.instance_types(resolved)).shifts_unknown:
        clock.at += 30
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(("status", "minutes"), [("NOT_APPLIED", 60), ("APPLIED", -1)])
async def test_a_shift_that_does_not_count_changes_nothing(
    provider: Ec2Provider, aws: FaultyAws, clock: Clock, status: str, minutes: float
) -> None:
    shift(aws, clock, "")
    launched = await provider.create(zonal(), await ready_node_class(provider))
    shift(aws, clock, launched.labels[labels.ZONE_ID], status=status, minutes=minutes)
    clock.at += 30
    assert ZONE in await zones(provider)
    await provider.delete(launched.provider_id)


async def test_instances_in_such_a_zone_are_neither_asked_about_nor_ended(
    provider: Ec2Provider, aws: FaultyAws, clock: Clock
) -> None:
    shift(aws, clock, "")
    resolved = await ready_node_class(provider)
    wanted = zonal()
    inside = await provider.create(wanted, resolved)
    outside = await provider.create(
        claim(("m5.large",), requirements=[RequirementSpec(labels.ZONE, "NotIn", (ZONE,))]), resolved
    )
    shift(aws, clock, inside.labels[labels.ZONE_ID])
    clock.at += 30
    await provider.instance_types(resolved)
    asked = aws.calls["DescribeInstances"]
    assert (await provider.get(inside.provider_id)).instance_id == inside.instance_id
    with pytest.raises(CloudError, match="shifted away"):
        await provider.delete(inside.provider_id)
    with pytest.raises(CloudError, match="shifted away"):
        await provider.create(replace(wanted, provider_id=inside.provider_id, node_name="one"), resolved)
    assert aws.calls["DescribeInstances"] == asked
    assert not aws.calls["TerminateInstances"] and not aws.calls["CreateTags"]
    await provider.delete(outside.provider_id)
    assert aws.calls["TerminateInstances"] == 1
    aws.hide_new_instances(3600)  # as EC2 may tell nothing of such a zone
    assert inside.instance_id not in {entry.instance_id for entry in await provider.list()}
    assert (await provider.get(inside.provider_id)).instance_id == inside.instance_id


async def test_what_is_reserved_in_such_a_zone_is_not_on_offer_either() -> None:
    held = [Reservation(f"cr-{letter}", "m5.large", f"us-east-1{letter}", "", "targeted", "default") for letter in "ab"]
    facts = [entry for entry in shipped_facts() if entry.name == "m5.large"]
    region = replace(region_of("us-east-1", ["us-east-1a", "us-east-1b"]), closed=frozenset({ZONE}))
    shape = NodeClassShape(reservations=tuple(held))
    (entry,) = resolve(facts, region, shipped_price(), shape, free=lambda _: 1)
    assert {offering.zone for offering in entry.offerings if offering.reservation_id} == {ZONE, "us-east-1b"}
    assert {offering.zone for offering in entry.offerings if offering.available} == {"us-east-1b"}


async def test_a_launch_does_not_wait_for_arc_and_what_it_answers_late_counts_then(
    provider: Ec2Provider, aws: FaultyAws, clock: Clock
) -> None:
    shift(aws, clock, "")
    resolved = await ready_node_class(provider)
    launched = await provider.create(zonal(), resolved)
    shift(aws, clock, launched.labels[labels.ZONE_ID])
    answer = asyncio.Event()

    async def slow(when: str, _: int, action: str) -> None:
        if (when, action) == ("before", ASKED):
            await answer.wait()

    aws.hook = slow
    clock.at += 30
    async with asyncio.timeout(10):
        await provider.create(zonal(), resolved)
        clock.at += 30
        await provider.create(zonal(), resolved)
        assert aws.calls[ASKED] == 2, "one question at a time"
        answer.set()
        while ZONE in await zones(provider):
            await asyncio.sleep(0.01)


async def test_a_cluster_that_is_not_registered_is_told_so_at_the_start(provider: Ec2Provider, aws: FaultyAws) -> None:
    aws.refuse(ASKED, "ResourceNotFoundException", status=404)
    with pytest.raises(NotFound, match="not registered for zonal shift"):
        await provider.shift.check()
