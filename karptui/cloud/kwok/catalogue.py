"""Instance types of Karpenter's KWOK provider (kwok/cloudprovider of Karpenter v1.14.1): its own, or those of a file.

The 144 of its own, read off running nodes: 16 pods a cpu (1,024 at most), overhead 100m cpu and 10Mi memory, the
on-demand price 0.025 USD a cpu and 0.001 USD a gigabyte (10^9 bytes), spot 0.7 of it, in every zone.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from karptui.model.instance_type import Catalogue, InstanceType, Offering, Overhead
from karptui.model.labels import ARCH, CAPACITY_TYPE, INSTANCE_TYPE, ON_DEMAND, OS, SPOT, ZONE
from karptui.model.quantity import parse
from karptui.model.requirements import Requirement, Requirements, requirement
from karptui.model.resources import parse_resources, subtract

NODE_CLASS_KIND = "KWOKNodeClass"
ZONES = ("test-zone-a", "test-zone-b", "test-zone-c", "test-zone-d")
_GIB_PER_CPU = {"c": 2, "s": 4, "m": 8}
_CPUS = (1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256)
_OVERHEAD = {"cpu": parse("100m"), "memory": parse("10Mi")}


@lru_cache(1)
def built_in() -> Catalogue:
    """All of them."""
    types = [
        _type(family, cpu, arch, os)
        for family in _GIB_PER_CPU
        for cpu in _CPUS
        for arch in ("amd64", "arm64")
        for os in ("linux", "windows")
    ]
    return Catalogue(types=tuple(types), source="KWOK's own")


_SIZE = re.compile(r"\w+\.(nano|micro|small|medium|large|\d*xlarge|metal)")
_FAMILY = re.compile(r"[.-]")
_PODS = "110"


def of_file(entries: Iterable[Mapping[str, Any]]) -> Catalogue:
    """The types of a file in KWOK's format: name, architecture, operatingSystems, resources and offerings, each with
    Price and Requirements. All offerings are available, whatever the file says. Raises KeyError, QuantityError.
    """
    return Catalogue(types=tuple(_of_file(entry) for entry in entries), source="KWOK's file")


def _of_file(entry: Mapping[str, Any]) -> InstanceType:
    name, resources = str(entry["name"]), {"pods": _PODS, **entry["resources"]}
    cpu, memory = str(resources.get("cpu", "")), str(resources.get("memory", ""))
    size, family = _SIZE.fullmatch(name), _FAMILY.split(name, 1)
    offerings = tuple(_offering(offering) for offering in entry["offerings"])
    capacity = parse_resources(resources)
    requirements = Requirements(
        [
            _one(INSTANCE_TYPE, name),
            _one(ARCH, entry["architecture"]),
            _one(OS, *entry["operatingSystems"]),
            _one(ZONE, *dict.fromkeys(offering.zone for offering in offerings)),
            _one(CAPACITY_TYPE, *dict.fromkeys(offering.capacity_type for offering in offerings)),
            _one("karpenter.kwok.sh/instance-family", family[0] if len(family) > 1 else name[:1]),
            _one("karpenter.kwok.sh/instance-size", size[1] if size else cpu),
            _one("karpenter.kwok.sh/instance-cpu", cpu),
            _one("karpenter.kwok.sh/instance-memory", memory),
        ]
    )
    overhead = Overhead(kube_reserved=_OVERHEAD)
    return InstanceType(name, requirements, capacity, overhead, subtract(capacity, _OVERHEAD), offerings)


def _offering(entry: Mapping[str, Any]) -> Offering:
    requirements = Requirements(
        requirement(wanted["key"], wanted["operator"], wanted.get("values") or ()) for wanted in entry["Requirements"]
    )
    zone, kind = requirements.of(ZONE).any_value(), requirements.of(CAPACITY_TYPE).any_value()
    return Offering(requirements, zone, kind, float(entry["Price"]))


def _one(key: str, *values: str) -> Requirement:
    return requirement(key, "In", values)


def _type(family: str, cpu: int, arch: str, os: str) -> InstanceType:
    name = f"{family}-{cpu}x-{arch}-{os}"
    memory = cpu * _GIB_PER_CPU[family]
    capacity = parse_resources(
        {"cpu": str(cpu), "memory": f"{memory}Gi", "pods": str(min(cpu * 16, 1024)), "ephemeral-storage": "20Gi"}
    )
    on_demand = 0.025 * cpu + 0.001 * memory * 2**30 / 1e9
    offerings = tuple(
        Offering(Requirements([_one(CAPACITY_TYPE, kind), _one(ZONE, zone)]), zone, kind, price)
        for kind, price in ((SPOT, 0.7 * on_demand), (ON_DEMAND, on_demand))
        for zone in ZONES
    )
    requirements = Requirements(
        [
            _one(INSTANCE_TYPE, name),
            _one(ARCH, arch),
            _one(OS, os),
            _one(ZONE, *ZONES),
            _one(CAPACITY_TYPE, SPOT, ON_DEMAND),
            _one("karpenter.kwok.sh/instance-family", family),
            _one("karpenter.kwok.sh/instance-size", str(cpu)),
            _one("karpenter.kwok.sh/instance-cpu", str(cpu)),
            _one("karpenter.kwok.sh/instance-memory", f"{memory}Gi"),
        ]
    )
    overhead = Overhead(kube_reserved=_OVERHEAD)
    return InstanceType(name, requirements, capacity, overhead, subtract(capacity, _OVERHEAD), offerings)
