"""One NodeClaim, one instance: which, where, and what happens when EC2 refuses."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from karptui.cloud.catalogue import region_of, shipped_price
from karptui.cloud.ec2.instance.describe import to_launched
from karptui.cloud.ec2.instance_type.facts import shipped_facts
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, resolve
from karptui.cloud.ec2.nodeclass.reservations import Reservation
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CreateError, InsufficientCapacity, NodeClassNotReady, NotFound, Unauthorized
from karptui.lab.ec2 import Ec2Lab
from karptui.model import labels
from karptui.model.instance_type import Offering
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.quantity import parse
from karptui.model.taints import Taint
from tests.cloud.ec2.cluster import Clock, claim, node_class, provider_of, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")

TYPES = ("m5.large", "c6a.large", "r5.large")
"""c6a.large is the cheapest of these on-demand, then m5.large."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(loop_scope="session")
async def provider(lab: Ec2Lab, clock: Clock) -> AsyncIterator[Ec2Provider]:
    provider = provider_of(lab, clock)
    yield provider
    await provider.close()


async def instances(provider: Ec2Provider, wanted: NodeClaim) -> list[dict[str, Any]]:
    """Instances that were launched for a claim, whatever became of them."""
    ec2 = await provider.clients.get("ec2")
    filters = [{"Name": "tag:karpenter.sh/nodeclaim", "Values": [wanted.key]}]
    answer = await ec2.describe_instances(Filters=filters)
    return [entry for reservation in answer["Reservations"] for entry in reservation["Instances"]]


async def offerings(provider: Ec2Provider, resolved: NodeClass, name: str) -> tuple[Offering, ...]:
    catalogue = await provider.instance_types(resolved)
    return next(entry for entry in catalogue.types if entry.name == name).offerings


async def test_the_cheapest_type_is_launched_with_everything_a_claim_records(provider: Ec2Provider) -> None:
    wanted, resolved = claim(TYPES), await ready_node_class(provider)
    launched = await provider.create(wanted, resolved)
    assert (launched.instance_type, launched.capacity_type) == ("c6a.large", "on-demand")
    assert launched.provider_id == f"aws:///{launched.zone}/{launched.instance_id}"
    assert launched.capacity["cpu"] == parse("2") and launched.allocatable["memory"] == parse("3114Mi")
    assert launched.labels[labels.INSTANCE_FAMILY] == "c6a"
    assert launched.labels[labels.ZONE] == launched.zone and labels.ZONE_ID in launched.labels
    assert launched.labels[labels.NODEPOOL] == "default"
    assert launched.image_id in {entry["id"] for entry in resolved.status["amis"]}
    (instance,) = await instances(provider, wanted)
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["karpenter.sh/nodepool"] == "default" and tags["karpenter.sh/nodeclaim"] == wanted.key
    assert tags["kubernetes.io/cluster/lab"] == "owned" and tags["eks:eks-cluster-name"] == "lab"


async def test_the_instance_is_told_its_labels_taints_and_pods(provider: Ec2Provider) -> None:
    taints = (Taint("dedicated", "gpu", "NoSchedule"),)
    wanted = claim(("m5.large",), taints=taints)
    launched = await provider.create(wanted, await ready_node_class(provider))
    ec2 = await provider.clients.get("ec2")
    answer = await ec2.describe_instance_attribute(InstanceId=launched.instance_id, Attribute="userData")
    told = base64.b64decode(answer["UserData"]["Value"]).decode()
    assert "maxPods: 29" in told
    assert "karpenter.sh/unregistered" in told and "key: dedicated" in told
    assert "karpenter.sh/nodepool=default" in told and "karpenter.sh/capacity-type=on-demand" in told


async def test_where_a_pool_is_empty_the_next_cheapest_is_taken_and_the_pool_remembered(
    provider: Ec2Provider, lab: Ec2Lab, clock: Clock
) -> None:
    resolved = await ready_node_class(provider)
    await lab.set_capacity("c6a.large")
    first = await provider.create(claim(TYPES), resolved)
    assert first.instance_type == "m5.large"
    assert not any(o.available for o in await offerings(provider, resolved, "c6a.large") if o.capacity_type != "spot")
    assert all(o.available for o in await offerings(provider, resolved, "c6a.large") if o.capacity_type == "spot")
    # The pool is full again, but it is left alone for three minutes.
    await lab.set_capacity("c6a.large", left=None)
    assert (await provider.create(claim(TYPES), resolved)).instance_type == "m5.large"
    clock.at += 181
    assert (await provider.create(claim(TYPES), resolved)).instance_type == "c6a.large"


async def test_the_catalogue_is_the_same_object_until_something_changes(provider: Ec2Provider, lab: Ec2Lab) -> None:
    resolved = await ready_node_class(provider)
    before = await provider.instance_types(resolved)
    assert await provider.instance_types(resolved) is before
    await lab.set_capacity("c6a.large")
    await provider.create(claim(TYPES), resolved)
    after = await provider.instance_types(resolved)
    assert after is not before
    changed = [new.name for old, new in zip(before.types, after.types, strict=True) if old is not new]
    assert changed == ["c6a.large"]


async def test_spot_is_preferred_and_on_demand_taken_when_spot_ran_out(provider: Ec2Provider, lab: Ec2Lab) -> None:
    resolved = await ready_node_class(provider)
    both = ("spot", "on-demand")
    assert (await provider.create(claim(TYPES, both), resolved)).capacity_type == "spot"
    await lab.set_capacity(capacity_type="spot")
    with pytest.raises(InsufficientCapacity, match="InsufficientInstanceCapacity"):
        await provider.create(claim(TYPES, both), resolved)
    assert (await provider.create(claim(TYPES, both), resolved)).capacity_type == "on-demand"


async def test_a_claim_for_which_nothing_has_capacity_is_told_so_without_an_instance(
    provider: Ec2Provider, lab: Ec2Lab
) -> None:
    resolved, wanted = await ready_node_class(provider), claim(TYPES)
    await lab.set_capacity()
    with pytest.raises(InsufficientCapacity, match="no capacity"):
        await provider.create(wanted, resolved)
    assert await instances(provider, wanted) == []
    with pytest.raises(InsufficientCapacity, match="unavailable during launch"):
        await provider.create(wanted, resolved)


async def test_a_claim_that_is_launched_again_gets_the_instance_it_has(provider: Ec2Provider, lab: Ec2Lab) -> None:
    resolved, wanted = await ready_node_class(provider), claim(TYPES)
    first = await provider.create(wanted, resolved)
    assert (await provider.create(wanted, resolved)).provider_id == first.provider_id
    # A new process knows nothing of the launch.
    other = provider_of(lab)
    again = await other.create(wanted, await ready_node_class(other))
    await other.close()
    told = ("provider_id", "instance_type", "zone", "capacity_type", "image_id", "capacity", "allocatable")
    for name in (*told, "labels", "annotations", "node_pool", "claim", "uid"):
        assert getattr(again, name) == getattr(first, name), name
    assert len(await instances(provider, wanted)) == 1


async def test_a_launch_that_ec2_already_carried_out_is_not_repeated_even_where_the_look_up_misses_it(
    provider: Ec2Provider, lab: Ec2Lab
) -> None:
    resolved, wanted = await ready_node_class(provider), claim(TYPES)
    first = await provider.create(wanted, resolved)
    ec2 = await provider.clients.get("ec2")
    # Descriptions lag behind launches in EC2; here the tag that is looked for is not there yet.
    await ec2.delete_tags(Resources=[first.instance_id], Tags=[{"Key": "karptui/nodeclaim-uid"}])
    other = provider_of(lab)
    again = await other.create(wanted, await ready_node_class(other))
    await other.close()
    assert again.provider_id == first.provider_id
    assert len(await instances(provider, wanted)) == 1


async def test_a_claim_that_could_be_an_exotic_type_gets_a_plain_one(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)
    launched = await provider.create(claim(("m5.metal", "g4dn.xlarge", "m5.4xlarge")), resolved)
    assert launched.instance_type == "m5.4xlarge"


async def test_a_gpu_claim_gets_a_gpu_type_with_the_gpu_image(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)
    wanted = claim(requirements=[RequirementSpec(labels.INSTANCE_GPU_NAME, "In", ("t4",))])
    launched = await provider.create(wanted, resolved)
    assert launched.instance_type == "g4dn.xlarge"
    image = next(entry for entry in resolved.status["amis"] if entry["id"] == launched.image_id)
    assert "nvidia" in image["name"]


async def test_a_claim_with_min_values_that_cannot_be_met_is_refused(provider: Ec2Provider) -> None:
    wanted = claim(requirements=[RequirementSpec(labels.INSTANCE_FAMILY, "In", ("m5", "c5"), 3)])
    with pytest.raises(InsufficientCapacity, match="minValues"):
        await provider.create(wanted, await ready_node_class(provider))


async def test_a_template_that_somebody_deleted_is_made_again(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)
    await provider.create(claim(TYPES), resolved)
    ec2 = await provider.clients.get("ec2")
    for template in (await ec2.describe_launch_templates())["LaunchTemplates"]:
        await ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    assert (await provider.create(claim(TYPES), resolved)).instance_type == "c6a.large"


async def test_templates_are_deleted_a_minute_after_their_last_use_and_when_the_provider_closes(
    lab: Ec2Lab, clock: Clock
) -> None:
    provider = provider_of(lab, clock)
    resolved = await ready_node_class(provider, tags={"purpose": "templates"})
    ec2 = await provider.clients.get("ec2")

    async def names() -> set[str]:
        answer = await ec2.describe_launch_templates(Filters=[{"Name": "tag:purpose", "Values": ["templates"]}])
        return {entry["LaunchTemplateName"] for entry in answer["LaunchTemplates"]}

    await provider.create(claim(("m5.large",)), resolved)
    first = await names()
    assert len(first) == 2, "one of the launch, one of the dry run before it"
    clock.at += 61
    await provider.create(claim(("m5.xlarge",)), resolved)
    assert len(await names()) == 1 and not first & await names()
    await provider.create(claim(("m5.4xlarge",)), resolved)
    late = await names()
    assert len(late) == 2
    clock.at += 61
    for_three = (provider.create(claim((name,)), resolved) for name in ("m5.large", "c5.large", "r5.large"))
    await asyncio.gather(*for_three)  # each finds both late, and neither may be deleted twice
    assert not late & await names()
    other = provider_of(lab)
    ec2 = await other.clients.get("ec2")
    await provider.close()
    assert await names() == set()
    await other.close()


async def test_a_terminated_instance_is_not_found_any_more(provider: Ec2Provider) -> None:
    launched = await provider.create(claim(TYPES), await ready_node_class(provider))
    assert launched.provider_id in {entry.provider_id for entry in await provider.list()}
    found = await provider.get(launched.provider_id)
    assert found.instance_type == launched.instance_type and found.allocatable == launched.allocatable
    await provider.delete(launched.provider_id)
    for call in (provider.get, provider.delete):
        with pytest.raises(NotFound):
            await call(launched.provider_id)
    assert launched.provider_id not in {entry.provider_id for entry in await provider.list()}


async def test_an_instance_that_never_was_is_not_found(provider: Ec2Provider) -> None:
    with pytest.raises(NotFound, match="i-0123456789abcdef0"):
        await provider.get("aws:///us-east-1a/i-0123456789abcdef0")
    with pytest.raises(NotFound, match="kwok"):
        await provider.delete("kwok://node-1")


async def test_what_was_made_for_a_node_class_that_is_gone_is_deleted(provider: Ec2Provider) -> None:
    kept = await ready_node_class(provider)
    other = replace(
        node_class(tags={"made-for": "other"}), metadata=Metadata("other", uid="node-class-2", generation=1)
    )
    found = await provider.node_class_status(other)
    conditions = (*found.conditions, Condition("Ready", "True", "Ready", observed_generation=1))
    other = replace(other, status=dict(found.status), conditions=conditions)
    await provider.create(claim(TYPES), kept)
    await provider.create(claim(TYPES), other)
    iam, ec2 = await provider.clients.get("iam"), await provider.clients.get("ec2")

    async def left() -> tuple[set[str], set[str]]:
        profiles = (await iam.list_instance_profiles())["InstanceProfiles"]
        templates = (await ec2.describe_launch_templates())["LaunchTemplates"]
        owners = {tag["Value"] for entry in templates for tag in entry["Tags"] if tag["Key"] == labels.EC2_NODE_CLASS}
        return {entry["InstanceProfileName"] for entry in profiles}, owners

    names = {kept.status["instanceProfile"], other.status["instanceProfile"]}
    profiles, owners = await left()
    assert names <= profiles and {"default", "other"} <= owners
    await provider.tidy([kept], [])
    profiles, owners = await left()
    assert names & profiles == {kept.status["instanceProfile"]}
    assert "other" not in owners and "default" in owners
    assert "KarpenterNodeRole-lab" in profiles, "a profile that nobody made here"


async def test_the_profile_of_an_earlier_role_goes_once_no_claim_names_it(lab: Ec2Lab) -> None:
    clock = Clock()
    provider = provider_of(lab, clock)
    old = await ready_node_class(provider)
    held = claim(TYPES)
    annotations = {"karpenter.k8s.aws/instance-profile-name": old.status["instanceProfile"]}
    held = replace(held, metadata=replace(held.metadata, annotations=annotations))
    iam = await provider.clients.get("iam")
    await iam.create_role(RoleName="another", AssumeRolePolicyDocument="{}")
    new = await ready_node_class(provider, role="another")

    async def profiles() -> set[str]:
        listed = {entry["InstanceProfileName"] for entry in (await iam.list_instance_profiles())["InstanceProfiles"]}
        return listed & {old.status["instanceProfile"], new.status["instanceProfile"]}

    await provider.tidy([new], [])
    assert len(await profiles()) == 2, "within the hour a launch may still be on its way"
    clock.at += 3601
    await provider.tidy([new], [held])
    assert len(await profiles()) == 2, "a claim was launched with it"
    await provider.tidy([new], [])
    assert await profiles() == {new.status["instanceProfile"]}
    await provider.close()


async def test_a_node_class_that_is_not_ready_launches_nothing(provider: Ec2Provider) -> None:
    with pytest.raises(CreateError, match="not resolved yet"):
        await provider.create(claim(TYPES), node_class())
    resolved = await ready_node_class(provider)
    tagged = replace(resolved, spec=resolved.spec | {"tags": {"karpenter.sh/nodepool": "mine"}})
    with pytest.raises(NodeClassNotReady, match=r"karpenter\.sh/nodepool"):
        await provider.create(claim(TYPES), tagged)


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        ("UnauthorizedOperation", "Unauthorized", "may not call ec2:CreateFleet"),
        ("ExpiredToken", "LaunchFailed", "have expired: log in again"),
        ("MaxFleetCountExceeded", "FleetQuotaExceeded", "CreateFleet failed"),
    ],
)
async def test_a_refused_call_is_one_sentence_and_one_reason(
    provider: Ec2Provider, lab: Ec2Lab, code: str, reason: str, sentence: str
) -> None:
    wanted, resolved = claim(TYPES), await ready_node_class(provider)
    await lab.fail("CreateFleet", code, "You may not. Encoded authorization failure message: abcdef")
    with pytest.raises(CreateError, match=sentence) as failed:
        await provider.create(wanted, resolved)
    assert failed.value.reason == reason
    assert failed.value.condition_message.startswith("Error creating fleet request: ")
    assert "abcdef" not in failed.value.message
    # The next try is not hindered by the failed one.
    assert (await provider.create(wanted, resolved)).instance_type == "c6a.large"


async def test_a_throttled_launch_is_tried_again_by_itself(provider: Ec2Provider, lab: Ec2Lab) -> None:
    resolved = await ready_node_class(provider)
    await lab.fail("CreateFleet", "RequestLimitExceeded", "slow down")
    assert (await provider.create(claim(TYPES), resolved)).instance_type == "c6a.large"


async def test_refused_reads_are_one_sentence_too(provider: Ec2Provider, lab: Ec2Lab) -> None:
    await lab.fail("DescribeInstances", "AuthFailure", "no such key")
    with pytest.raises(Unauthorized, match="does not accept the credentials"):
        await provider.list()


async def test_the_launches_of_a_batch_share_their_questions_and_their_templates(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider, tags={"batch": "one"})
    asked: Counter[str] = Counter()

    def note(event_name: str, **_: object) -> None:
        asked[event_name.rpartition(".")[2]] += 1

    (await provider.clients.get("ec2")).meta.events.register("before-send.ec2", note)
    wanted = [claim(TYPES) for _ in range(12)]
    launched = await asyncio.gather(*(provider.create(entry, resolved) for entry in wanted))
    assert asked["CreateFleet"] == len({entry.instance_id for entry in launched}) == 12
    assert asked["DescribeInstances"] == 1
    assert asked["CreateLaunchTemplate"] <= len(TYPES)
    asked.clear()
    new = await asyncio.gather(*(provider.create(claim(TYPES), resolved, new=True) for _ in range(2)))
    assert asked == {"CreateFleet": 2}
    launched += new
    asked.clear()
    await asyncio.gather(*(provider.delete(entry.provider_id) for entry in launched))
    assert (asked["TerminateInstances"], asked["DescribeInstances"]) == (1, 1)


async def test_an_instance_that_has_ended_does_not_stop_others_from_being_ended(provider: Ec2Provider) -> None:
    resolved = await ready_node_class(provider)
    gone, there = [await provider.create(claim(TYPES), resolved) for _ in range(2)]
    ec2 = await provider.clients.get("ec2")
    await ec2.terminate_instances(InstanceIds=[gone.instance_id])
    await asyncio.gather(*(until_ended(provider, entry.provider_id) for entry in (gone, there)))
    with pytest.raises(NotFound):
        await provider.get(there.provider_id)


async def until_ended(provider: Ec2Provider, provider_id: str) -> None:
    with pytest.raises(NotFound):
        async with asyncio.timeout(60):
            while True:
                await provider.delete(provider_id)


@pytest.mark.parametrize(
    ("preference", "capacity_type", "id_"),
    [("capacity-reservations-only", "reserved", "cr-1"), ("open", "on-demand", ""), ("none", "on-demand", "")],
)
async def test_an_instance_is_reserved_only_if_it_was_launched_for_its_reservation(
    preference: str, capacity_type: str, id_: str
) -> None:
    reservation = Reservation("cr-1", "m5.large", "us-east-1a", "", "targeted", "capacity-block")
    facts = [entry for entry in shipped_facts() if entry.name == "m5.large"]
    shape = NodeClassShape(reservations=(reservation,))
    (type_,) = resolve(facts, region_of("us-east-1", ["us-east-1a"]), shipped_price(), shape)
    described = {
        "InstanceId": "i-1",
        "InstanceType": "m5.large",
        "State": {"Name": "running"},
        "Placement": {"AvailabilityZone": "us-east-1a"},
        "CapacityReservationId": "cr-1",
        "CapacityReservationSpecification": {"CapacityReservationPreference": preference},
    }
    found = to_launched(described, lambda *_: type_, {})
    assert found.capacity_type == found.labels[labels.CAPACITY_TYPE] == capacity_type
    assert found.labels.get(labels.CAPACITY_RESERVATION_ID, "") == id_
    assert found.labels.get(labels.CAPACITY_RESERVATION_TYPE, "") == ("capacity-block" if id_ else "")


@pytest.mark.parametrize(("known", "told"), [({}, "use1-az6"), ({"us-east-1a": "use1-az1"}, "use1-az1")])
async def test_the_zones_id_is_that_of_the_subnets_or_else_what_ec2_says(known: dict[str, str], told: str) -> None:
    described = {
        "InstanceId": "i-1",
        "InstanceType": "m5.large",
        "State": {"Name": "running"},
        "Placement": {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az6"},
    }
    assert to_launched(described, lambda *_: None, known).labels[labels.ZONE_ID] == told
