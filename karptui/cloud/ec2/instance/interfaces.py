"""The network interfaces that a launch template gives an instance."""

from collections.abc import Mapping
from typing import Any

from karptui.cloud.ec2.instance_type.compatibility import EFA_ONLY


def network_interfaces(
    spec: Mapping[str, Any], status: Mapping[str, Any], efa: int, ipv6: bool
) -> list[dict[str, Any]]:
    """As EC2 takes them: those of the NodeClass, else `efa` EFA interfaces, else a plain one."""
    groups = [group["id"] for group in status.get("securityGroups") or []]
    addressed = _addressed(spec, ipv6)
    if own := spec.get("networkInterfaces"):
        return [_own(entry, groups, addressed) for entry in own]
    if not efa:
        return [{"DeviceIndex": 0, "Groups": groups} | addressed]
    return [
        {"NetworkCardIndex": card, "DeviceIndex": min(card, 1), "InterfaceType": "efa", "Groups": groups} | addressed
        for card in range(efa)
    ]


def _own(entry: Mapping[str, Any], groups: list[str], addressed: dict[str, Any]) -> dict[str, Any]:
    kind: str = entry.get("interfaceType") or "interface"
    interface = {
        "NetworkCardIndex": entry.get("networkCardIndex", 0),
        "DeviceIndex": entry.get("deviceIndex", 0),
        "InterfaceType": kind,
        "Groups": groups,
    }
    # An interface for EFA traffic alone has no addresses.
    return interface if kind == EFA_ONLY else interface | addressed


def _addressed(spec: Mapping[str, Any], ipv6: bool) -> dict[str, Any]:
    """What only interfaces with addresses have."""
    told: dict[str, Any] = {}
    own: Mapping[str, Any] = spec.get("connectionTracking") or {}
    if tracking := {key[0].upper() + key[1:]: seconds for key, seconds in own.items() if seconds}:
        told["ConnectionTrackingSpecification"] = tracking
    if spec.get("associatePublicIPAddress") is not None:
        told["AssociatePublicIpAddress"] = bool(spec["associatePublicIPAddress"])
    prefixes = spec.get("ipPrefixCount")
    if ipv6:
        told |= {"PrimaryIpv6": True, "Ipv6AddressCount": 1}
        if prefixes is not None:
            told["Ipv6PrefixCount"] = prefixes
    elif prefixes is not None:
        told["Ipv4PrefixCount"] = prefixes
    return told
