"""The hash of an EC2NodeClass' spec, as Karpenter v1.14.1 writes it into its annotations (version v5).

64-bit FNV-1 over the fields as hashstructure walks them (the spec's 3.12): every nested part is hashed on its own,
lists and maps regardless of order, structs field by field. Which fields count, under which Go names and of which width,
is in `_SPEC`. One bit off would mark every node of a cluster as drifted, so it is tested with the provider's answers.
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from karptui.model.quantity import format_quantity, parse, quantity_format

VERSION = "v5"

_OFFSET, _PRIME, _MASK = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1

Part = Callable[[Any], int]
Fields = tuple[tuple[str, str, Part, bool], ...]
"""(name in JSON, name in Go, how to hash it, whether it is a pointer: a zero behind one counts)."""


def _fnv(data: bytes) -> int:
    value = _OFFSET
    for byte in data:
        value = (value * _PRIME & _MASK) ^ byte
    return value


def _ordered(first: int, second: int) -> int:
    return _fnv(first.to_bytes(8, "little") + second.to_bytes(8, "little"))


def _finished(value: int) -> int:
    return _fnv(value.to_bytes(8, "little"))


def _text(value: str) -> int:
    return _fnv(value.encode())


def _truth(value: bool) -> int:
    return _fnv(b"\1" if value else b"\0")


def _int32(value: int) -> int:
    return _fnv(value.to_bytes(4, "little", signed=True))


def _int64(value: int) -> int:
    return _fnv(value.to_bytes(8, "little", signed=True))


def _quantity(value: object) -> int:
    written = quantity_format(str(value))
    return _text(format_quantity(parse(str(value)), written == "BinarySI", written == "DecimalExponent"))


def _list_of(part: Part) -> Part:
    return lambda values: reduce(lambda known, value: known ^ part(value), values, 0)


def _map_of(part: Part) -> Part:
    def hashed(entries: Mapping[str, Any]) -> int:
        return _finished(
            reduce(lambda known, entry: known ^ _ordered(_text(entry[0]), part(entry[1])), entries.items(), 0)
        )

    return hashed


def _struct(name: str, fields: Fields) -> Part:
    def hashed(value: Mapping[str, Any]) -> int:
        total = _text(name)
        for told, named, part, pointer in fields:
            member = value.get(told)
            if member is None or (not pointer and member in ("", False, 0)):
                continue
            total = _finished(total ^ _ordered(_text(named), part(member)))
        return total

    return hashed


_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(text: str) -> int:
    """A Go duration such as 1m30s."""
    total = sum(round(float(number) * _NANOSECONDS[unit]) for number, unit in _DURATION.findall(text))
    return -total if text.startswith("-") else total


def _duration(value: str) -> int:
    return _struct("Duration", (("d", "Duration", _int64, False),))({"d": nanoseconds(value)})


_KUBELET = _struct(
    "KubeletConfiguration",
    (
        ("clusterDNS", "ClusterDNS", _list_of(_text), True),
        ("maxPods", "MaxPods", _int32, True),
        ("podsPerCore", "PodsPerCore", _int32, True),
        ("systemReserved", "SystemReserved", _map_of(_text), True),
        ("kubeReserved", "KubeReserved", _map_of(_text), True),
        ("evictionHard", "EvictionHard", _map_of(_text), True),
        ("evictionSoft", "EvictionSoft", _map_of(_text), True),
        ("evictionSoftGracePeriod", "EvictionSoftGracePeriod", _map_of(_duration), True),
        ("evictionMaxPodGracePeriod", "EvictionMaxPodGracePeriod", _int32, True),
        ("imageGCHighThresholdPercent", "ImageGCHighThresholdPercent", _int32, True),
        ("imageGCLowThresholdPercent", "ImageGCLowThresholdPercent", _int32, True),
        ("cpuCFSQuota", "CPUCFSQuota", _truth, True),
    ),
)
_VOLUME = _struct(
    "BlockDevice",
    (
        ("deleteOnTermination", "DeleteOnTermination", _truth, True),
        ("encrypted", "Encrypted", _truth, True),
        ("iops", "IOPS", _int64, True),
        ("kmsKeyID", "KMSKeyID", _text, True),
        ("snapshotID", "SnapshotID", _text, True),
        ("throughput", "Throughput", _int64, True),
        ("volumeInitializationRate", "VolumeInitializationRate", _int32, True),
        ("volumeSize", "VolumeSize", _quantity, True),
        ("volumeType", "VolumeType", _text, True),
    ),
)
_DEVICE = _struct(
    "BlockDeviceMapping",
    (
        ("deviceName", "DeviceName", _text, True),
        ("ebs", "EBS", _VOLUME, True),
        ("rootVolume", "RootVolume", _truth, False),
    ),
)
_INTERFACE = _struct(
    "NetworkInterface",
    (
        ("networkCardIndex", "NetworkCardIndex", _int32, False),
        ("deviceIndex", "DeviceIndex", _int32, False),
        ("interfaceType", "InterfaceType", _text, False),
    ),
)
_METADATA_OPTIONS = _struct(
    "MetadataOptions",
    (
        ("httpEndpoint", "HTTPEndpoint", _text, True),
        ("httpProtocolIPv6", "HTTPProtocolIPv6", _text, True),
        ("httpPutResponseHopLimit", "HTTPPutResponseHopLimit", _int64, True),
        ("httpTokens", "HTTPTokens", _text, True),
    ),
)
_TRACKING = _struct(
    "ConnectionTracking",
    (
        ("tcpEstablishedTimeout", "TCPEstablishedTimeout", _int32, True),
        ("udpStreamTimeout", "UDPStreamTimeout", _int32, True),
        ("udpTimeout", "UDPTimeout", _int32, True),
    ),
)
_GROUP = _struct("PlacementGroupSelector", (("name", "Name", _text, False), ("id", "ID", _text, False)))
_CPU = _struct("CPUOptions", (("nestedVirtualization", "NestedVirtualization", _text, True),))
_SPEC = _struct(
    "EC2NodeClassSpec",
    (
        ("placementGroupSelector", "PlacementGroupSelector", _GROUP, True),
        ("associatePublicIPAddress", "AssociatePublicIPAddress", _truth, True),
        ("userData", "UserData", _text, True),
        ("role", "Role", _text, False),
        ("instanceProfile", "InstanceProfile", _text, True),
        ("tags", "Tags", _map_of(_text), True),
        ("kubelet", "Kubelet", _KUBELET, True),
        ("blockDeviceMappings", "BlockDeviceMappings", _list_of(_DEVICE), True),
        ("instanceStorePolicy", "InstanceStorePolicy", _text, True),
        ("networkInterfaces", "NetworkInterfaces", _list_of(_INTERFACE), True),
        ("detailedMonitoring", "DetailedMonitoring", _truth, True),
        ("metadataOptions", "MetadataOptions", _METADATA_OPTIONS, True),
        ("connectionTracking", "ConnectionTracking", _TRACKING, True),
        ("context", "Context", _text, True),
        ("cpuOptions", "CPUOptions", _CPU, True),
    ),
)


def node_class_hash(spec: Mapping[str, Any], family: str, ca_bundle: str) -> str:
    """The hash in decimal. `family` is the AMI family's name, `ca_bundle` the cluster's in base64, "" for none."""
    return str(_SPEC(spec) ^ _text(family) ^ _text(ca_bundle))
