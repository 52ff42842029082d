"""The 144 instance types that Karpenter's KWOK provider has built in (kwok/cloudprovider of Karpenter v1.14.1).

Figures read off running nodes: 16 pods a cpu (1,024 at most), overhead 100m cpu and 10Mi memory, the on-demand price
0.025 USD a cpu and 0.001 USD a gigabyte (10^9 bytes), spot 0.7 of it, in every zone.
"""

from functools import lru_cache

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
