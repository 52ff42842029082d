"""Instances as EC2 describes them, and what they mean for a NodeClaim."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.instance.template import Placement
from karptui.cloud.ec2.own_tags import CLAIM_TAG, CLAIM_UID_TAG, CLUSTER_TAG, NODE_CLASS_TAG
from karptui.cloud.provider import Launched, NotFound
from karptui.model import labels
from karptui.model.instance_type import InstanceType, Offering
from karptui.model.quantity import NANO

STATES = ("pending", "running", "stopping", "stopped", "shutting-down")
"""States of an instance that has not ended: a terminated one counts as not found."""


_PROVIDER_ID = re.compile(r".*:///(?P<zone>.*)/(?P<instance>.*)")

TypeOf = Callable[[str, str], InstanceType | None]
"""(instance type, name of the NodeClass) → the type, None where it is not known."""


def provider_id(zone: str, instance_id: str) -> str:
    """How a Node and a NodeClaim name an EC2 instance."""
    return f"aws:///{zone}/{instance_id}"


def instance_id_of(provider: str) -> str:
    """The instance id of a provider id. Raises NotFound where it is none of EC2's."""
    match = _PROVIDER_ID.fullmatch(provider)
    if match is None:
        raise NotFound(f"{provider!r} is not the provider id of an EC2 instance")
    return match["instance"]


async def describe(ec2: Any, filters: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Descriptions of instances that have not ended."""
    asked = [*filters, {"Name": "instance-state-name", "Values": list(STATES)}]
    found: list[Any] = []
    with calling("ec2", "DescribeInstances"):
        async for page in ec2.get_paginator("describe_instances").paginate(Filters=asked):
            for reservation in page["Reservations"]:
                found += reservation["Instances"]
    return found


async def describe_by_id(ec2: Any, instance_ids: list[str]) -> dict[str, Any]:
    """The same of these instances, at most 200, by id. With a filter, as EC2 refuses all ids for one unknown one."""
    found = await describe(ec2, [{"Name": "instance-id", "Values": instance_ids}])
    return {entry["InstanceId"]: entry for entry in found}


async def describe_by_claim(ec2: Any, uids: list[str]) -> dict[str, Any]:
    """Those that were launched for these NodeClaims and run or are about to, by the claim's UID; at most 200."""
    found: dict[str, Any] = {}
    for entry in await describe(ec2, [{"Name": f"tag:{CLAIM_UID_TAG}", "Values": uids}]):
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags") or []}
        if entry["State"]["Name"] in ("pending", "running"):
            found.setdefault(tags.get(CLAIM_UID_TAG, ""), entry)
    return found


def cluster_filters(cluster: str) -> list[dict[str, Any]]:
    """Instances of one cluster that Karpenter, or karptui in its place, launched."""
    return [
        {"Name": "tag-key", "Values": [labels.NODEPOOL]},
        {"Name": "tag-key", "Values": [NODE_CLASS_TAG]},
        {"Name": f"tag:{CLUSTER_TAG}", "Values": [cluster]},
    ]


def to_launched(
    instance: Mapping[str, Any], type_of: TypeOf, zone_ids: Mapping[str, str], *, efa: bool = False
) -> Launched:
    """An instance's description in the words of the seam; `efa`: whether its EFA interfaces were asked for."""
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags") or []}
    zone = instance["Placement"]["AvailabilityZone"]
    spot = bool(instance.get("SpotInstanceRequestId")) or instance.get("InstanceLifecycle") == "spot"
    instance_type = type_of(instance["InstanceType"], tags.get(NODE_CLASS_TAG, ""))
    reservation = reservation_of(instance)
    held = instance_type.offerings if instance_type is not None and reservation else ()
    capacity_type = labels.RESERVED if reservation else labels.SPOT if spot else labels.ON_DEMAND
    launched = instance.get("LaunchTime")
    return launched_of(
        instance_id=instance["InstanceId"],
        type_name=instance["InstanceType"],
        zone=zone,
        # Also of a NodeClass that is gone, or not looked at yet by this process.
        zone_id=zone_ids.get(zone) or instance["Placement"].get("AvailabilityZoneId") or "",
        capacity_type=capacity_type,
        image=instance.get("ImageId", ""),
        tags=tags,
        instance_type=instance_type,
        efa=efa,
        reserved=next((offering for offering in held if offering.reservation_id == reservation), None),
        launched=launched.timestamp() if launched else 0.0,
        state=instance["State"]["Name"],
        private_dns=instance.get("PrivateDnsName", ""),
        security_groups=_groups_of(instance),
        subnet=instance.get("SubnetId", ""),
        placement=_placement_of(instance["Placement"]),
    )


def reservation_of(instance: Mapping[str, Any]) -> str:
    """The capacity reservation that an instance was launched into; "" also where it only fell into an open one."""
    preference = (instance.get("CapacityReservationSpecification") or {}).get("CapacityReservationPreference")
    return instance.get("CapacityReservationId") or "" if preference == "capacity-reservations-only" else ""


def _groups_of(instance: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of the instance, which some simulators tell only of its network interfaces."""
    interfaces = instance.get("NetworkInterfaces") or []
    groups = instance.get("SecurityGroups") or [group for entry in interfaces for group in entry.get("Groups") or []]
    return tuple(sorted({group["GroupId"] for group in groups}))


def _placement_of(told: Mapping[str, Any]) -> Placement:
    return Placement(told.get("Tenancy") or "default", told.get("GroupId") or "", told.get("PartitionNumber"))


def launched_of(
    *,
    instance_id: str,
    type_name: str,
    zone: str,
    zone_id: str,
    capacity_type: str,
    image: str,
    tags: Mapping[str, str],
    instance_type: InstanceType | None,
    efa: bool = False,
    placement: Placement,
    reserved: Offering | None = None,
    annotations: dict[str, str] | None = None,
    **more: Any,
) -> Launched:
    """The same from what CreateFleet answers and what is known of the launch."""
    own: dict[str, str] = {}
    capacity: dict[str, int] = {}
    allocatable: dict[str, int] = {}
    if instance_type is not None:
        for key, entry in instance_type.requirements.items():
            if not entry.complement and len(entry.values) == 1 and key not in _RESERVATION_LABELS:
                own[key] = next(iter(entry.values))
        capacity = {key: amount for key, amount in instance_type.capacity.items() if amount}
        allocatable = {key: amount for key, amount in instance_type.allocatable.items() if amount}
        if not efa:
            capacity.pop("vpc.amazonaws.com/efa", None)
            allocatable.pop("vpc.amazonaws.com/efa", None)
    own |= {
        labels.INSTANCE_TYPE: type_name,
        labels.ZONE: zone,
        labels.CAPACITY_TYPE: capacity_type,
        labels.INSTANCE_TENANCY: placement.tenancy,
    }
    own |= _special_labels(instance_type, placement, reserved)
    own.pop(labels.ZONE_ID, None)
    if zone_id:
        own[labels.ZONE_ID] = zone_id
    if labels.NODEPOOL in tags:
        own[labels.NODEPOOL] = tags[labels.NODEPOOL]
    return Launched(
        provider_id=provider_id(zone, instance_id),
        instance_type=type_name,
        zone=zone,
        capacity_type=capacity_type,
        image_id=image,
        capacity=capacity,
        allocatable=allocatable,
        labels=own,
        annotations=annotations or {},
        node_pool=tags.get(labels.NODEPOOL, ""),
        claim=tags.get(CLAIM_TAG, ""),
        uid=tags.get(CLAIM_UID_TAG, ""),
        **more,
    )


_RESERVATION_LABELS = (
    labels.CAPACITY_RESERVATION_ID,
    labels.CAPACITY_RESERVATION_TYPE,
    labels.CAPACITY_RESERVATION_INTERRUPTIBLE,
)


def _special_labels(
    instance_type: InstanceType | None, placement: Placement, reserved: Offering | None
) -> dict[str, str]:
    """What only nodes in a reservation or a placement group carry."""
    found: dict[str, str] = {}
    if reserved is not None:
        found = {key: reserved.requirements.of(key).any_value() for key in _RESERVATION_LABELS}
    if placement.group:
        found[labels.PLACEMENT_GROUP_ID] = placement.group
        partitioned = instance_type is not None and labels.PLACEMENT_GROUP_PARTITION in instance_type.requirements
        if placement.partition is not None or partitioned:
            # Which partition EC2 chose is told only later.
            found[labels.PLACEMENT_GROUP_PARTITION] = str(placement.partition or "")
    return found


def pods_of(instance_type: InstanceType) -> int:
    """How many pods a node of this type takes."""
    return instance_type.capacity.get("pods", 0) // NANO
