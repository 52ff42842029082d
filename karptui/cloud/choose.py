"""Which catalogue a cluster buys from, told by what is seen of it: its NodePools, NodeClasses and nodes."""

import re
from functools import lru_cache

from msgspec import Struct

from karptui.cloud.catalogue import DEFAULT_REGION, ZONE_LETTERS, shipped
from karptui.cloud.kwok.catalogue import NODE_CLASS_KIND as KWOK_KIND
from karptui.cloud.kwok.catalogue import built_in
from karptui.model.instance_type import Catalogue
from karptui.model.labels import ZONE
from karptui.world.world import World

_ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)(?:-[a-z]+-\d+)?[a-z]")
EC2_KIND = "EC2NodeClass"


class Choice(Struct, frozen=True):
    """A catalogue by name: the kind of NodeClass it is for, and for EC2 the region and its zones, sorted."""

    kind: str
    region: str = ""
    zones: tuple[str, ...] = ()


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
        return shipped(choice.region, choice.zones)
    return Catalogue(types=(), source=f"nobody: the prices of {choice.kind} are not known")


def choice_for(world: World, region: str = DEFAULT_REGION) -> Choice:
    """NodePools say which provider (EC2 where there are none); nodes, NodePools and NodeClasses say which zones."""
    kinds = [pool.template.node_class.kind for pool in world.of("nodepools").values()]
    kind = max(sorted(set(kinds)), key=kinds.count, default="") or EC2_KIND
    if kind == KWOK_KIND and _has_types_of_ec2(world):
        kind = EC2_KIND
    if kind != EC2_KIND:
        return Choice(kind)
    subnets = {
        str(subnet.get("zone"))
        for node_class in world.of("nodeclasses").values()
        for subnet in node_class.status.get("subnets") or ()
        if isinstance(subnet, dict) and subnet.get("zone")
    }
    seen = _zones_seen(world)
    found = region_of_zone(min(subnets or seen, default="")) or region
    # Karpenter launches where there are subnets. Where they are not known: the region's first zones and those seen.
    zones = subnets or {f"{found}{letter}" for letter in ZONE_LETTERS} | seen
    return Choice(kind, found, tuple(sorted(zone for zone in zones if region_of_zone(zone) == found)))


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
