"""Launch templates: what an instance is made of, created once for equal content and deleted a minute after use."""

import asyncio
import base64
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from hashlib import blake2b
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.errors import ALREADY_EXISTS_CODES, calling, code_of
from karptui.cloud.ec2.instance.interfaces import network_interfaces
from karptui.cloud.ec2.nodeclass.reservations import BLOCK, Reservation
from karptui.cloud.provider import CloudError, NotFound
from karptui.model.labels import SPOT
from karptui.model.quantity import NANO, parse

TTL = 60.0
"""Seconds after its last use until a template is deleted; Karpenter's own figure."""

LISTED_AT_ONCE = 200
"""Values in one filter of a describe call, EC2's limit."""

INTERRUPTIBLE = "interruptible-capacity-reservation"
_GIB = 2**30


class LaunchTemplate(Struct, frozen=True):
    """A template's name, which tells its content, and the content as CreateLaunchTemplate takes it."""

    name: str
    data: dict[str, Any]
    tags: dict[str, str]


class NodeKind(Struct, frozen=True):
    """What tells the nodes of one launch apart: types that differ in none of it share a template.

    `pods` is the type's capacity, `efa` how many EFA interfaces the claim gets.
    """

    image: str
    pods: int
    efa: int
    reservation: Reservation | None = None


class Placement(Struct, frozen=True):
    """Where instances are put: on shared or dedicated hardware, in a placement group, in one of its partitions."""

    tenancy: str = "default"
    group: str = ""
    partition: int | None = None


def launch_template(
    spec: Mapping[str, Any],
    status: Mapping[str, Any],
    cluster: ClusterSettings,
    *,
    family: str,
    kind: NodeKind,
    user_data: str,
    capacity_type: str,
    placement: Placement,
    tags: dict[str, str],
) -> LaunchTemplate:
    """The template for one kind of node (the spec's 3.5)."""
    data: dict[str, Any] = {
        "ImageId": kind.image,
        "UserData": base64.b64encode(user_data.encode()).decode(),
        "Monitoring": {"Enabled": bool(spec.get("detailedMonitoring"))},
        "EnclaveOptions": {"Enabled": False},
        "Placement": _placement(placement),
        "MetadataOptions": _metadata_options(spec, cluster),
        "NetworkInterfaces": network_interfaces(spec, status, kind.efa, cluster.is_ipv6),
        "TagSpecifications": tagged(
            tags, ["network-interface", *(["spot-instances-request"] if capacity_type == SPOT else [])]
        ),
    }
    if cluster.reserved_capacity:
        data["CapacityReservationSpecification"] = _reservation(kind.reservation)
    if market := _market(kind.reservation):
        data["InstanceMarketOptions"] = {"MarketType": market}
    if status.get("instanceProfile"):
        data["IamInstanceProfile"] = {"Name": status["instanceProfile"]}
    if nested := (spec.get("cpuOptions") or {}).get("nestedVirtualization"):
        data["CpuOptions"] = {"NestedVirtualization": nested}
    if devices := _block_devices(spec, family):
        data["BlockDeviceMappings"] = devices
    digest = blake2b(json.dumps([data, tags], sort_keys=True).encode(), digest_size=8).digest()
    return LaunchTemplate(f"karpenter.k8s.aws/{int.from_bytes(digest, 'big')}", data, tags)


def _placement(placement: Placement) -> dict[str, Any]:
    told: dict[str, Any] = {"Tenancy": placement.tenancy}
    if placement.group:
        told["GroupId"] = placement.group
    if placement.partition is not None:
        told["PartitionNumber"] = placement.partition
    return told


def _reservation(reservation: Reservation | None) -> dict[str, Any]:
    if reservation is None:
        # Otherwise a launch would use up somebody's open reservation.
        return {"CapacityReservationPreference": "none"}
    target = {"CapacityReservationId": reservation.id}
    return {"CapacityReservationPreference": "capacity-reservations-only", "CapacityReservationTarget": target}


def _market(reservation: Reservation | None) -> str:
    if reservation is None:
        return ""
    if reservation.kind == BLOCK:
        return "capacity-block"
    return INTERRUPTIBLE if reservation.interruptible else ""


def tagged(tags: Mapping[str, str], kinds: Iterable[str]) -> list[dict[str, Any]]:
    """The same tags for several kinds of resources."""
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return [{"ResourceType": kind, "Tags": listed} for kind in kinds]


def _metadata_options(spec: Mapping[str, Any], cluster: ClusterSettings) -> dict[str, Any]:
    own: Mapping[str, Any] | None = spec.get("metadataOptions")
    if own is None:
        # The API server fills the block in; what by-passed it gets Karpenter's own fallback, odd as it is.
        protocol = "enabled" if cluster.is_ipv6 else "disabled"
        own = {"httpEndpoint": "disabled", "httpProtocolIPv6": protocol, "httpPutResponseHopLimit": 2}
    return {
        "HttpEndpoint": own.get("httpEndpoint", "enabled"),
        "HttpProtocolIpv6": own.get("httpProtocolIPv6", "disabled"),
        "HttpPutResponseHopLimit": own.get("httpPutResponseHopLimit", 1),
        "HttpTokens": own.get("httpTokens", "required"),
        "InstanceMetadataTags": "disabled",
    }


def _gp3(device: str, size: str) -> dict[str, Any]:
    return {"deviceName": device, "ebs": {"volumeSize": size, "volumeType": "gp3", "encrypted": True}}


_DEVICES = {
    "AL2": [_gp3("/dev/xvda", "20Gi")],
    "AL2023": [_gp3("/dev/xvda", "20Gi")],
    "Bottlerocket": [_gp3("/dev/xvda", "4Gi"), _gp3("/dev/xvdb", "20Gi")],
    "Custom": [],
}
_WINDOWS_DEVICES = [_gp3("/dev/sda1", "50Gi")]


def _block_devices(spec: Mapping[str, Any], family: str) -> list[dict[str, Any]]:
    own: list[Mapping[str, Any]] = spec.get("blockDeviceMappings") or []
    return [_block_device(device) for device in own or _DEVICES.get(family, _WINDOWS_DEVICES)]


def _block_device(device: Mapping[str, Any]) -> dict[str, Any]:
    volume: Mapping[str, Any] = device.get("ebs") or {}
    ebs: dict[str, Any] = {}
    for ours, theirs in (
        ("deleteOnTermination", "DeleteOnTermination"),
        ("encrypted", "Encrypted"),
        ("volumeType", "VolumeType"),
        ("iops", "Iops"),
        ("throughput", "Throughput"),
        ("kmsKeyID", "KmsKeyId"),
        ("snapshotID", "SnapshotId"),
        ("volumeInitializationRate", "VolumeInitializationRate"),
    ):
        value = volume.get(ours)
        # A false is said, a zero is left out.
        if value is False or value:
            ebs[theirs] = value
    if volume.get("volumeSize"):
        ebs["VolumeSize"] = -(-parse(str(volume["volumeSize"])) // (_GIB * NANO))
    return {"DeviceName": device.get("deviceName", ""), "Ebs": ebs}


class LaunchTemplates:
    """Templates that this process made or found. `now` gives epoch seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._used: dict[str, float] = {}
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ensure(self, ec2: Any, templates: Iterable[LaunchTemplate]) -> None:
        """Every one of these exists in EC2 afterwards; those not used for a minute are deleted."""
        wanted = {template.name: template for template in templates}
        async with AsyncExitStack() as stack:
            # The launches of a batch want the same ones: the first makes them. In order, so that no two wait in a ring.
            for name in sorted(wanted.keys() - self._used.keys()):
                await stack.enter_async_context(self._making.setdefault(name, asyncio.Lock()))
            unknown = [name for name in wanted if name not in self._used]
            known = await self._existing(ec2, unknown)
            await asyncio.gather(*(_create(ec2, wanted[name]) for name in unknown if name not in known))
            self._used.update(dict.fromkeys(wanted, self._now()))
        now = self._now()
        # A launch does not fail of what it leaves behind: `tidy` finds it again, and tells why it cannot be deleted.
        with suppress(CloudError):
            await self._delete(ec2, [name for name, used in self._used.items() if used + TTL < now])

    def forget(self, names: Iterable[str]) -> None:
        """EC2 does not know these (any more)."""
        for name in names:
            self._used.pop(name, None)

    async def tidy(self, ec2: Any, known: Mapping[str, str], node_classes: Collection[str]) -> None:
        """Delete those of `known` (name → NodeClass) that were made for other NodeClasses, the rest at their time.

        Those that an earlier run left behind live on for as long as if they had just been used.
        """
        now = self._now()
        for name in known:
            self._used.setdefault(name, now)
        dead = [name for name, node_class in known.items() if node_class and node_class not in node_classes]
        late = [name for name, used in self._used.items() if used + TTL < now]
        await self._delete(ec2, sorted({*dead, *late}))

    async def delete_all(self, ec2: Any) -> None:
        """Delete everything that this process made or found."""
        await self._delete(ec2, list(self._used))

    async def _existing(self, ec2: Any, names: list[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(names), LISTED_AT_ONCE):
            filters = [{"Name": "launch-template-name", "Values": names[start : start + LISTED_AT_ONCE]}]
            with calling("ec2", "DescribeLaunchTemplates"):
                async for page in ec2.get_paginator("describe_launch_templates").paginate(Filters=filters):
                    found |= {entry["LaunchTemplateName"] for entry in page["LaunchTemplates"]}
        return found

    async def _delete(self, ec2: Any, names: list[str]) -> None:
        # Two launches may find the same ones late: whoever takes a name out of the list deletes it.
        ours = [name for name in names if self._used.pop(name, None) is not None]
        for name in ours:
            try:
                with calling("ec2", "DeleteLaunchTemplate"):
                    await ec2.delete_launch_template(LaunchTemplateName=name)
            except NotFound:
                continue


async def _create(ec2: Any, template: LaunchTemplate) -> None:
    try:
        with calling("ec2", "CreateLaunchTemplate"):
            await ec2.create_launch_template(
                LaunchTemplateName=template.name,
                LaunchTemplateData=template.data,
                TagSpecifications=tagged(template.tags, ["launch-template"]),
            )
    except CloudError as problem:
        # Another launch made it a moment ago, with the same content since the name is a hash of it.
        if problem.__cause__ is None or code_of(problem.__cause__) not in ALREADY_EXISTS_CODES:
            raise
