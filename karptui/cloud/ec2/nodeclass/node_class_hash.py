"""The hash of an EC2NodeClass' spec, as Karpenter v1.14.1 writes it into its annotations (version v5).

The routine itself is engine/disruption/hashstructure.py. Which fields count, under which Go names and of which width,
is in `_SPEC` (the spec's 3.12). One bit off would mark every node of a cluster as drifted, so it is tested with the
provider's answers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from karptui.engine.disruption.hashstructure import (
    hash_of_bytes,
    hash_of_map,
    hash_of_number,
    hash_of_set,
    hash_of_struct,
    hash_of_text,
)
from karptui.model.quantity import format_quantity, parse, quantity_format

VERSION = "v5"

Part = Callable[[Any], int]
Fields = tuple[tuple[str, str, Part, bool], ...]
"""(name in JSON, name in Go, how to hash it, whether it is a pointer: a zero behind one counts)."""


def _truth(value: bool) -> int:
    return hash_of_bytes(b"\1" if value else b"\0")


def _int32(value: int) -> int:
    return hash_of_bytes(value.to_bytes(4, "little", signed=True))


def _quantity(value: object) -> int:
    written = quantity_format(str(value))
    return hash_of_text(format_quantity(parse(str(value)), written == "BinarySI", written == "DecimalExponent"))


def _list_of(part: Part) -> Part:
    return lambda values: hash_of_set(map(part, values))


def _map_of(part: Part) -> Part:
    return lambda entries: hash_of_map((key, part(value)) for key, value in entries.items())


def _struct(name: str, fields: Fields) -> Part:
    def counted(value: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        for told, named, part, pointer in fields:
            member = value.get(told)
            if member is not None and (pointer or member not in ("", False, 0)):
                yield named, part(member)

    return lambda value: hash_of_struct(name, counted(value))


_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(text: str) -> int:
    """A Go duration such as 1m30s."""
    total = sum(round(float(number) * _NANOSECONDS[unit]) for number, unit in _DURATION.findall(text))
    return -total if text.startswith("-") else total


def _duration(value: str) -> int:
    return _struct("Duration", (("d", "Duration", hash_of_number, False),))({"d": nanoseconds(value)})


_KUBELET = _struct(
    "KubeletConfiguration",
    (
        ("clusterDNS", "ClusterDNS", _list_of(hash_of_text), True),
        ("maxPods", "MaxPods", _int32, True),
        ("podsPerCore", "PodsPerCore", _int32, True),
        ("systemReserved", "SystemReserved", _map_of(hash_of_text), True),
        ("kubeReserved", "KubeReserved", _map_of(hash_of_text), True),
        ("evictionHard", "EvictionHard", _map_of(hash_of_text), True),
        ("evictionSoft", "EvictionSoft", _map_of(hash_of_text), True),
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
        ("iops", "IOPS", hash_of_number, True),
        ("kmsKeyID", "KMSKeyID", hash_of_text, True),
        ("snapshotID", "SnapshotID", hash_of_text, True),
        ("throughput", "Throughput", hash_of_number, True),
        ("volumeInitializationRate", "VolumeInitializationRate", _int32, True),
        ("volumeSize", "VolumeSize", _quantity, True),
        ("volumeType", "VolumeType", hash_of_text, True),
    ),
)
_DEVICE = _struct(
    "BlockDeviceMapping",
    (
        ("deviceName", "DeviceName", hash_of_text, True),
        ("ebs", "EBS", _VOLUME, True),
        ("rootVolume", "RootVolume", _truth, False),
    ),
)
_INTERFACE = _struct(
    "NetworkInterface",
    (
        ("networkCardIndex", "NetworkCardIndex", _int32, False),
        ("deviceIndex", "DeviceIndex", _int32, False),
        ("interfaceType", "InterfaceType", hash_of_text, False),
    ),
)
_METADATA_OPTIONS = _struct(
    "MetadataOptions",
    (
        ("httpEndpoint", "HTTPEndpoint", hash_of_text, True),
        ("httpProtocolIPv6", "HTTPProtocolIPv6", hash_of_text, True),
        ("httpPutResponseHopLimit", "HTTPPutResponseHopLimit", hash_of_number, True),
        ("httpTokens", "HTTPTokens", hash_of_text, True),
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
_GROUP = _struct("PlacementGroupSelector", (("name", "Name", hash_of_text, False), ("id", "ID", hash_of_text, False)))
_CPU = _struct("CPUOptions", (("nestedVirtualization", "NestedVirtualization", hash_of_text, True),))
_SPEC = _struct(
    "EC2NodeClassSpec",
    (
        ("placementGroupSelector", "PlacementGroupSelector", _GROUP, True),
        ("associatePublicIPAddress", "AssociatePublicIPAddress", _truth, True),
        ("userData", "UserData", hash_of_text, True),
        ("role", "Role", hash_of_text, False),
        ("instanceProfile", "InstanceProfile", hash_of_text, True),
        ("tags", "Tags", _map_of(hash_of_text), True),
        ("kubelet", "Kubelet", _KUBELET, True),
        ("blockDeviceMappings", "BlockDeviceMappings", _list_of(_DEVICE), True),
        ("instanceStorePolicy", "InstanceStorePolicy", hash_of_text, True),
        ("networkInterfaces", "NetworkInterfaces", _list_of(_INTERFACE), True),
        ("detailedMonitoring", "DetailedMonitoring", _truth, True),
        ("metadataOptions", "MetadataOptions", _METADATA_OPTIONS, True),
        ("connectionTracking", "ConnectionTracking", _TRACKING, True),
        ("context", "Context", hash_of_text, True),
        ("cpuOptions", "CPUOptions", _CPU, True),
    ),
)


def node_class_hash(spec: Mapping[str, Any], family: str, ca_bundle: str) -> str:
    """The hash in decimal. `family` is the AMI family's name, `ca_bundle` the cluster's in base64, "" for none."""
    return str(_SPEC(spec) ^ hash_of_text(family) ^ hash_of_text(ca_bundle))
