"""Launch templates: what an instance is made of, created once for equal content and deleted a minute after use."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.errors import ALREADY_EXISTS_CODES, calling, code_of
from karptui.cloud.provider import CloudError, NotFound
from karptui.model.labels import SPOT
from karptui.model.quantity import NANO, parse

TTL = 60.0
"""Seconds after its last use until a template is deleted; Karpenter's own figure."""

LISTED_AT_ONCE = 200
"""Values in one filter of a describe call, EC2's limit."""

_GIB = 2**30


class LaunchTemplate(Struct, frozen=True):
    """A template's name, which tells its content, and the content as CreateLaunchTemplate takes it."""

    name: str
    data: dict[str, Any]
    tags: dict[str, str]


def launch_template(
    spec: Mapping[str, Any],
    status: Mapping[str, Any],
    *,
    family: str,
    image: str,
    user_data: str,
    capacity_type: str,
    efa: int,
    tenancy: str,
    tags: dict[str, str],
) -> LaunchTemplate:
    """The template for one image and one kind of node (the spec's 3.5)."""
    data: dict[str, Any] = {
        "ImageId": image,
        "UserData": base64.b64encode(user_data.encode()).decode(),
        "Monitoring": {"Enabled": bool(spec.get("detailedMonitoring"))},
        "EnclaveOptions": {"Enabled": False},
        "Placement": {"Tenancy": tenancy},
        "MetadataOptions": _metadata_options(spec),
        "NetworkInterfaces": _interfaces(spec, status, efa),
        "TagSpecifications": _tagged(
            tags, ["network-interface", *(["spot-instances-request"] if capacity_type == SPOT else [])]
        ),
        # Otherwise a launch would use up somebody's open reservation.
        "CapacityReservationSpecification": {"CapacityReservationPreference": "none"},
    }
    if status.get("instanceProfile"):
        data["IamInstanceProfile"] = {"Name": status["instanceProfile"]}
    if nested := (spec.get("cpuOptions") or {}).get("nestedVirtualization"):
        data["CpuOptions"] = {"NestedVirtualization": nested}
    if devices := _block_devices(spec, family):
        data["BlockDeviceMappings"] = devices
    digest = blake2b(json.dumps([data, tags], sort_keys=True).encode(), digest_size=8).digest()
    return LaunchTemplate(f"karpenter.k8s.aws/{int.from_bytes(digest, 'big')}", data, tags)


def _tagged(tags: Mapping[str, str], kinds: Iterable[str]) -> list[dict[str, Any]]:
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return [{"ResourceType": kind, "Tags": listed} for kind in kinds]


def tag_specifications(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The tags of one launch, as CreateFleet takes them."""
    return _tagged(tags, ("instance", "volume", "fleet"))


def _metadata_options(spec: Mapping[str, Any]) -> dict[str, Any]:
    own: Mapping[str, Any] = spec.get("metadataOptions") or {}
    return {
        "HttpEndpoint": own.get("httpEndpoint", "enabled"),
        "HttpProtocolIpv6": own.get("httpProtocolIPv6", "disabled"),
        "HttpPutResponseHopLimit": own.get("httpPutResponseHopLimit", 1),
        "HttpTokens": own.get("httpTokens", "required"),
        "InstanceMetadataTags": "disabled",
    }


def _interfaces(spec: Mapping[str, Any], status: Mapping[str, Any], efa: int) -> list[dict[str, Any]]:
    groups = [group["id"] for group in status.get("securityGroups") or []]
    own: Mapping[str, Any] = spec.get("connectionTracking") or {}
    tracking = {key[0].upper() + key[1:]: seconds for key, seconds in own.items() if seconds}
    interfaces: list[dict[str, Any]] = []
    for card in range(max(1, efa)):
        interface: dict[str, Any] = {"DeviceIndex": 1 if card else 0, "Groups": groups}
        if efa:
            interface |= {"NetworkCardIndex": card, "InterfaceType": "efa"}
        if tracking:
            interface["ConnectionTrackingSpecification"] = tracking
        if spec.get("associatePublicIPAddress") is not None:
            interface["AssociatePublicIpAddress"] = bool(spec["associatePublicIPAddress"])
        interfaces.append(interface)
    if spec.get("ipPrefixCount"):
        interfaces[0]["Ipv4PrefixCount"] = spec["ipPrefixCount"]
    return interfaces


def _block_devices(spec: Mapping[str, Any], family: str) -> list[dict[str, Any]]:
    own: list[Mapping[str, Any]] = spec.get("blockDeviceMappings") or []
    if not own:
        if family == "Custom":
            return []
        own = [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "20Gi", "volumeType": "gp3", "encrypted": True}}]
    return [_block_device(device) for device in own]


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

    async def ensure(self, ec2: Any, templates: Iterable[LaunchTemplate]) -> None:
        """Every one of these exists in EC2 afterwards; those not used for a minute are deleted."""
        wanted = {template.name: template for template in templates}
        unknown = [name for name in wanted if name not in self._used]
        known = await self._existing(ec2, unknown)
        await asyncio.gather(*(_create(ec2, wanted[name]) for name in unknown if name not in known))
        now = self._now()
        self._used.update(dict.fromkeys(wanted, now))
        await self._delete(ec2, [name for name, used in self._used.items() if used + TTL < now])

    def forget(self, names: Iterable[str]) -> None:
        """EC2 does not know these (any more)."""
        for name in names:
            self._used.pop(name, None)

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
        for name in names:
            self._used.pop(name, None)
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
                TagSpecifications=_tagged(template.tags, ["launch-template"]),
            )
    except CloudError as problem:
        # Another launch made it a moment ago, with the same content since the name is a hash of it.
        if problem.__cause__ is None or code_of(problem.__cause__) not in ALREADY_EXISTS_CODES:
            raise
