"""From what is known of instance types, a NodeClass and the zones to the types and offerings that are scheduled on.

Requirements, capacity, overhead and offerings as in Karpenter's AWS provider v1.14.1 (the spec's 1.3 to 1.8). Not
modelled: zonal shift.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.instance_type import capacity
from karptui.cloud.ec2.instance_type.compatibility import efa_only, suits
from karptui.cloud.ec2.instance_type.facts import EFA, TypeFacts
from karptui.cloud.ec2.instance_type.special_offerings import Free, in_group, reserved, special_requirements
from karptui.cloud.ec2.nodeclass.images import windows_build
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.ec2.nodeclass.reservations import Reservation
from karptui.model import labels
from karptui.model.instance_type import InstanceType, Offering
from karptui.model.quantity import NANO, parse
from karptui.model.requirements import Requirement, Requirements

Price = Callable[[str, TypeFacts, str], float | None]
"""(capacity type, type, zone) → USD an hour, None where there is no price."""

Unavailable = Callable[[str, str, str], bool]
"""(capacity type, instance type, zone) → whether EC2 lately had no capacity there."""

RESERVATION_KEYS = (
    labels.CAPACITY_RESERVATION_ID,
    labels.CAPACITY_RESERVATION_TYPE,
    labels.CAPACITY_RESERVATION_INTERRUPTIBLE,
)

OPTIONAL_KEYS = (
    labels.WINDOWS_BUILD,
    labels.INSTANCE_CPU_MANUFACTURER,
    labels.INSTANCE_CPU_CLOCK_SPEED,
    labels.INSTANCE_EBS_BANDWIDTH,
    labels.INSTANCE_NETWORK_BANDWIDTH,
    labels.INSTANCE_CATEGORY,
    labels.INSTANCE_CAPABILITY_FLEX,
    labels.INSTANCE_FAMILY,
    labels.INSTANCE_GENERATION,
    labels.INSTANCE_LOCAL_NVME,
    labels.INSTANCE_SIZE,
    labels.INSTANCE_GPU_NAME,
    labels.INSTANCE_GPU_MANUFACTURER,
    labels.INSTANCE_GPU_COUNT,
    labels.INSTANCE_GPU_MEMORY,
    labels.INSTANCE_ACCELERATOR_NAME,
    labels.INSTANCE_ACCELERATOR_MANUFACTURER,
    labels.INSTANCE_ACCELERATOR_COUNT,
    *RESERVATION_KEYS,
)
"""Keys that a type has as DoesNotExist where it has no value for them."""

CAPACITY_TYPES = (labels.ON_DEMAND, labels.SPOT)
GIGABYTE = 10**9

_EPHEMERAL_DEVICES = {"AL2": "/dev/xvda", "AL2023": "/dev/xvda", "Bottlerocket": "/dev/xvdb"}
_PODS_WITHOUT_ENI = 110
_PRIVATE_ADDRESS = "vpc.amazonaws.com/PrivateIPv4Address"


_SHAPING = (
    "kubelet",
    "blockDeviceMappings",
    "instanceStorePolicy",
    "networkInterfaces",
    "ipPrefixCount",
    "connectionTracking",
    "cpuOptions",
)


def shaping(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What of a NodeClass' spec changes its instance types."""
    return {key: spec[key] for key in _SHAPING if key in spec}


class NodeClassShape(Struct, frozen=True):
    """What shapes instance types: the AMI family, the spec of the NodeClass as it stands, and what it resolved to."""

    family: str = "AL2023"
    spec: Mapping[str, Any] = {}
    reservations: tuple[Reservation, ...] = ()
    group: PlacementGroup | None = None
    vm_memory_overhead: float = capacity.VM_MEMORY_OVERHEAD
    reserved_enis: int = 0

    @property
    def kubelet(self) -> Mapping[str, Any]:
        """spec.kubelet."""
        return self.spec.get("kubelet") or {}

    @property
    def windows(self) -> bool:
        """Whether nodes run Windows."""
        return self.family.startswith("Windows")


class Region(Struct, frozen=True):
    """Where types are offered: the region's name and its zones with their ids; `closed` have nothing on offer now."""

    name: str
    zone_ids: Mapping[str, str]
    closed: frozenset[str] = frozenset()

    def zones_of(self, facts: TypeFacts) -> tuple[str, ...]:
        """The zones that offer a type; all of them where nothing is known about it."""
        letters = facts.offered.get(self.name)
        if letters is None:
            return tuple(self.zone_ids)
        return tuple(zone for zone in self.zone_ids if zone.removeprefix(self.name) in letters)


def resolve(
    facts: Iterable[TypeFacts],
    region: Region,
    price: Price,
    shape: NodeClassShape | None = None,
    unavailable: Unavailable | None = None,
    free: Free | None = None,
    measured: Mapping[str, int] | None = None,
) -> tuple[InstanceType, ...]:
    """Instance types as a NodePool with this NodeClass sees them, in the given order.

    `measured` is the memory in nano-bytes that nodes of a type turned out to have, by name.

    A type that the region does not offer, that has no price, or that the NodeClass cannot use stays in the list with
    every offering unavailable (price 0 where it has none), so that a decision can say why it was not taken.
    """
    return _Resolution(region, price, shape or NodeClassShape(), unavailable, free, measured or {}).of(facts)


def _capacity(facts: TypeFacts, shape: NodeClassShape, root_disk: int) -> dict[str, int]:
    """In nano-units; only what there is any of."""
    local = facts.labels.get(labels.INSTANCE_LOCAL_NVME)
    striped = local is not None and shape.spec.get("instanceStorePolicy") == "RAID0"
    amounts = {
        "cpu": facts.vcpus * NANO,
        "memory": capacity.usable_memory(facts.memory_mib, facts.arm, shape.vm_memory_overhead),
        "ephemeral-storage": int(local) * GIGABYTE * NANO if striped and local else root_disk,
        "pods": _pods(facts, shape) * NANO,
    }
    for resource, count in facts.resources.items():
        amounts[resource] = count * NANO
    if shape.spec.get("networkInterfaces"):
        amounts[EFA] = efa_only(shape.spec) * NANO
    if shape.windows and facts.network is not None:
        amounts[_PRIVATE_ADDRESS] = (facts.network.addresses - 1) * NANO
    return amounts


def _address_pods(facts: TypeFacts, shape: NodeClassShape, reserved_enis: int) -> int:
    if facts.network is None:
        return facts.address_pods
    return facts.network.pods(reserved_enis + efa_only(shape.spec, facts.network.default_card))


def _pods(facts: TypeFacts, shape: NodeClassShape) -> int:
    kubelet = shape.kubelet
    pods = kubelet.get("maxPods")
    if pods is None:
        pods = _PODS_WITHOUT_ENI if shape.windows else _address_pods(facts, shape, shape.reserved_enis)
    per_core = kubelet.get("podsPerCore") or 0
    if per_core > 0 and shape.family != "Bottlerocket":
        pods = min(pods, per_core * facts.vcpus)
    return pods


def _root_disk(shape: NodeClassShape) -> int:
    """Size of the root volume in nano-bytes."""
    devices = shape.spec.get("blockDeviceMappings") or []
    chosen = [device for device in devices if device.get("rootVolume")]
    if not chosen and shape.family == "Custom":
        chosen = devices[-1:]
    elif not chosen:
        name = _EPHEMERAL_DEVICES.get(shape.family, "/dev/sda1")
        chosen = [device for device in devices if device.get("deviceName") == name]
    size = (chosen[0].get("ebs") or {}).get("volumeSize") if chosen else None
    if size:
        return parse(size)
    # Windows images need a larger disk.
    return 50 * 2**30 * NANO if shape.windows else capacity.DEFAULT_EPHEMERAL_STORAGE


def _one_of(key: str, *values: str) -> Requirement:
    """`key In values`; without values DoesNotExist."""
    return Requirement(key, False, frozenset(values))


_ABSENT = {key: _one_of(key) for key in OPTIONAL_KEYS}
_TENANCY = _one_of(labels.INSTANCE_TENANCY, "default", "dedicated")
_shared_requirements: dict[str, dict[str, Requirement]] = {}
"""Label → value → `label In [value]`, shared by all types that have that value."""


class _Place(Struct, frozen=True, gc=False):
    """The zones that offer a type, the requirements that follow, and every way to buy there; shared between types."""

    offered: bool
    zones: tuple[str, ...]
    requirements: dict[str, Requirement]
    ways: tuple[tuple[str, str, Requirements], ...]


class _Resolution:
    """What all types of one region, NodeClass and price list have in common, worked out once."""

    def __init__(
        self,
        region: Region,
        price: Price,
        shape: NodeClassShape,
        unavailable: Unavailable | None,
        free: Free | None,
        measured: Mapping[str, int],
    ) -> None:
        self._region = region
        self._measured = measured
        self._price = price
        self._shape = shape
        self._unavailable = unavailable
        self._free = free
        self._places: dict[tuple[str | None, tuple[str, ...]], _Place] = {}
        self._root_disk = _root_disk(shape)

    def of(self, facts: Iterable[TypeFacts]) -> tuple[InstanceType, ...]:
        """The types, in the given order."""
        return tuple([self._instance_type(entry) for entry in facts])

    def _instance_type(self, facts: TypeFacts) -> InstanceType:
        shape = self._shape
        amounts = _capacity(facts, shape, self._root_disk)
        # What kubelet keeps for itself follows the addresses, not maxPods, on the families of Amazon Linux.
        follows_pods = shape.windows or shape.family == "Bottlerocket"
        pods = amounts["pods"] // NANO if follows_pods else _address_pods(facts, shape, 0)
        taken = capacity.overhead(facts.vcpus, pods, amounts["ephemeral-storage"], amounts["memory"], shape.kubelet)
        if facts.name in self._measured:
            amounts["memory"] = self._measured[facts.name]  # thresholds stay shares of the estimate, as in Karpenter
        where = (facts.offered.get(self._region.name), facts.usage)
        place = self._places.get(where)
        if place is None:
            place = self._places[where] = self._place(facts)
        requirements = _requirements(facts.labels, place.requirements)
        usable = place.offered and suits(facts, shape.family, shape.spec, shape.group)
        offerings = self._offerings(facts, place, usable)
        held = [entry for entry in shape.reservations if entry.instance_type == facts.name]
        if held or shape.group is not None or shape.windows:
            build = windows_build(shape.family)
            for entry in special_requirements(requirements, build, facts.arm, shape.group, held):
                requirements = requirements.replace(entry)
            opened = [zone for zone in place.zones if zone not in self._region.closed]
            offerings += reserved(held, self._region.zone_ids, opened, facts.on_demand, usable, self._free)
            offerings = in_group(offerings, shape.group)
        return InstanceType(facts.name, requirements, amounts, taken, capacity.allocatable(amounts, taken), offerings)

    def _place(self, facts: TypeFacts) -> _Place:
        region = self._region
        offering = region.zones_of(facts)
        zones = offering or tuple(region.zone_ids)
        kinds = tuple(kind for kind in CAPACITY_TYPES if kind in facts.usage)
        ids = tuple(region.zone_ids[zone] for zone in zones if region.zone_ids[zone])
        entries = [
            _one_of(labels.ZONE, *zones),
            *([_one_of(labels.ZONE_ID, *ids)] if ids else []),
            _one_of(labels.REGION, region.name),
            _one_of(labels.CAPACITY_TYPE, *kinds),
            _TENANCY,
        ]
        ways = tuple(
            (zone, kind, _offering_requirements(kind, zone, region.zone_ids[zone])) for zone in zones for kind in kinds
        )
        return _Place(bool(offering), offering, {entry.key: entry for entry in entries}, ways)

    def _offerings(self, facts: TypeFacts, place: _Place, usable: bool) -> tuple[Offering, ...]:
        name, price, unavailable = facts.name, self._price, self._unavailable
        offerings: list[Offering] = []
        for zone, kind, requirements in place.ways:
            cost = price(kind, facts, zone)
            there = usable and zone not in self._region.closed
            there = there and not (unavailable and unavailable(kind, name, zone))
            priced = cost is not None
            offerings.append(
                Offering(requirements, zone, kind, cost or 0.0, there and priced, unpriced=there and not priced)
            )
        return tuple(offerings)


def _requirements(known: Mapping[str, str], place: Mapping[str, Requirement]) -> Requirements:
    by_key: dict[str, Requirement] = {}
    for key, value in known.items():
        shared = _shared_requirements.get(key)
        if shared is None:
            shared = _shared_requirements[key] = {}
        entry = shared.get(value)
        if entry is None:
            entry = shared[value] = _one_of(key, value)
        by_key[key] = entry
    by_key.update(place)
    for key, absent in _ABSENT.items():
        if key not in by_key:
            by_key[key] = absent
    return Requirements.keyed(by_key)


@lru_cache(maxsize=1024)
def _offering_requirements(capacity_type: str, zone: str, zone_id: str) -> Requirements:
    entries = [_one_of(labels.CAPACITY_TYPE, capacity_type), _one_of(labels.ZONE, zone)]
    if zone_id:
        entries.append(_one_of(labels.ZONE_ID, zone_id))
    return Requirements(entries + [_ABSENT[key] for key in RESERVATION_KEYS])


def has_efa(instance_type: InstanceType) -> bool:
    """Whether the type has EFA interfaces."""
    return EFA in instance_type.capacity
