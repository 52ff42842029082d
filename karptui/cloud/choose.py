"""Which catalogue a cluster buys from, told by what is seen of it: its NodePools, NodeClasses and nodes."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from karptui.cloud.catalogue import DEFAULT_REGION, ZONE_LETTERS, shipped
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, shaping
from karptui.cloud.ec2.nodeclass.images import family_of
from karptui.cloud.for_pools import for_all
from karptui.cloud.kwok.catalogue import NODE_CLASS_KIND as KWOK_KIND
from karptui.cloud.kwok.catalogue import built_in
from karptui.model.instance_type import Catalogue
from karptui.model.labels import ZONE
from karptui.model.nodepool import NodeClass, NodePool
from karptui.world.world import World

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)(?:-[a-z]+-\d+)?[a-z]")
EC2_KIND = "EC2NodeClass"


_MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of a spec that no API server lets in; a file may hold anything."""

PLAIN = json.dumps(["AL2023", {}])


class OwnTypes(Struct, frozen=True):
    """What a NodeClass makes of the types: its zones, sorted, and family and settings that shape a node, as JSON."""

    zones: tuple[str, ...]
    shape: str = PLAIN


class Choice(Struct, frozen=True):
    """A catalogue by name: the kind of NodeClass it is for, and for EC2 the region and its zones, sorted.

    `own` gives for each NodePool what its NodeClass makes of the types; empty where that is nothing special for any.
    """

    kind: str
    region: str = ""
    zones: tuple[str, ...] = ()
    own: tuple[tuple[str, OwnTypes], ...] = ()


def catalogue_for(world: World, region: str = DEFAULT_REGION) -> Catalogue:
    """The catalogue of what `world` shows now: the same object while the choice stays the same.

    `region` is taken where no zone tells one.
    """
    return catalogue_of(choice_for(world, region))


@lru_cache(8)
def catalogue_of(choice: Choice) -> Catalogue:
    """The catalogue of a choice; empty for a provider whose prices karptui does not know."""
    if choice.kind == KWOK_KIND:
        return built_in()
    if choice.kind == EC2_KIND:
        if not choice.own:
            return shipped(choice.region, choice.zones)
        kinds = {_text_of(own): own for _, own in choice.own}
        by_class = {key: _own_types(choice.region, own) for key, own in kinds.items()}
        return for_all(by_class, {pool: _text_of(own) for pool, own in choice.own})
    return Catalogue(types=(), source=f"nobody: the prices of {choice.kind} are not known")


def choice_for(world: World, region: str = DEFAULT_REGION) -> Choice:
    """NodePools say which provider (EC2 where there are none); nodes, NodePools and NodeClasses say which zones."""
    kinds = [pool.template.node_class.kind for pool in world.of("nodepools").values()]
    kind = max(sorted(set(kinds)), key=kinds.count, default="") or EC2_KIND
    if kind == KWOK_KIND and _has_types_of_ec2(world):
        kind = EC2_KIND
    if kind != EC2_KIND:
        return Choice(kind)
    subnets = {zone for node_class in world.of("nodeclasses").values() for zone in _subnet_zones(node_class)}
    seen = _zones_seen(world)
    found = region_of_zone(min(subnets or seen, default="")) or region
    # Karpenter launches where there are subnets. Where they are not known: the region's first zones and those seen.
    zones = subnets or {f"{found}{letter}" for letter in ZONE_LETTERS} | seen
    chosen = _in_region(zones, found)
    own = {pool.key: _own(world, pool.template.node_class.key, found, chosen) for pool in _pools(world)}
    special = any(entry != OwnTypes(chosen) for entry in own.values())
    return Choice(kind, found, chosen, tuple(sorted(own.items())) if special else ())


def _pools(world: World) -> list[NodePool]:
    return list(world.of("nodepools").values())


def _subnet_zones(node_class: NodeClass) -> set[str]:
    """Zones in which a NodeClass has subnets, as its status says."""
    subnets = node_class.status.get("subnets") or ()
    return {str(subnet["zone"]) for subnet in subnets if isinstance(subnet, dict) and subnet.get("zone")}


def _in_region(zones: Iterable[str], region: str) -> tuple[str, ...]:
    return tuple(sorted(zone for zone in zones if region_of_zone(zone) == region))


def _own(world: World, key: str, region: str, zones: tuple[str, ...]) -> OwnTypes:
    """What the NodeClass of a NodePool makes of the types; nothing special where it is not known."""
    node_class: NodeClass | None = world.of("nodeclasses").get(key)
    if node_class is None or node_class.kind != EC2_KIND:
        return OwnTypes(zones)
    own = _in_region(_subnet_zones(node_class), region) or zones
    try:
        spec = node_class.spec
        pods = [
            spec.get("ipPrefixCount"),
            *((spec.get("kubelet") or {}).get(key) for key in ("maxPods", "podsPerCore")),
        ]
        if not all(number is None or isinstance(number, int) for number in pods):
            return OwnTypes(own)
        told = "amiFamily" in spec or "amiSelectorTerms" in spec
        return OwnTypes(own, json.dumps([family_of(spec) if told else "AL2023", shaping(spec)], sort_keys=True))
    except _MISTAKES:
        return OwnTypes(own)


@lru_cache(16)
def _own_types(region: str, own: OwnTypes) -> Catalogue:
    family, spec = json.loads(own.shape)
    try:
        return shipped(region, own.zones, shape=NodeClassShape(family, spec))
    except _MISTAKES:
        return shipped(region, own.zones)


def _text_of(own: OwnTypes) -> str:
    """A name for it, the same for the same."""
    return f"{','.join(own.zones)} {own.shape}"


def _zones_seen(world: World) -> set[str]:
    zones = {node.zone for node in world.of("nodes").values()}
    for pool in world.of("nodepools").values():
        for entry in pool.template.requirements:
            if entry.key == ZONE and entry.operator == "In":
                zones.update(entry.values)
    return {zone for zone in zones if region_of_zone(zone)}


def region_of_zone(zone: str) -> str:
    """`us-west-2` of `us-west-2c` and of the local zone `us-west-2-lax-1a`; "" for what is no zone of EC2."""
    match = _ZONE.fullmatch(zone)
    return match[1] if match is not None else ""


def _has_types_of_ec2(world: World) -> bool:
    """KWOK's provider can be told to take its types from a file: then nodes are of none of its own."""
    own = {type_.name for type_ in built_in().types}
    return any(
        node.instance_type and node.instance_type not in own for node in world.of("nodes").values() if node.node_pool
    )
