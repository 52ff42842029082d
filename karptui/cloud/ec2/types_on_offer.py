"""The catalogue as one NodeClass sees it now, kept until something about it changes."""

import json
from typing import Any

from karptui.cloud.ec2.images import family_of
from karptui.cloud.ec2.instance_types import NodeClassShape, Region, resolve
from karptui.cloud.ec2.market import Market
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.nodepool import NodeClass

_SHAPING = ("kubelet", "blockDeviceMappings", "instanceStorePolicy")


class TypesOnOffer:
    """Instance types by NodeClass. A want of capacity changes only the types it is about."""

    def __init__(self, unavailable: UnavailableOfferings) -> None:
        self._unavailable = unavailable
        self._plain: dict[str, tuple[Market, tuple[InstanceType, ...]]] = {}
        self._current: dict[str, tuple[int, Market, Catalogue, dict[str, InstanceType]]] = {}

    def catalogue(self, market: Market, node_class: NodeClass) -> Catalogue:
        """What can be bought; the same object as long as nothing changed."""
        return self._entry(market, node_class)[2]

    def types(self, market: Market, node_class: NodeClass) -> dict[str, InstanceType]:
        """The same types by name."""
        return self._entry(market, node_class)[3]

    def _entry(self, market: Market, node_class: NodeClass) -> tuple[int, Market, Catalogue, dict[str, InstanceType]]:
        zones = zone_ids(market, node_class)
        spec = {key: node_class.spec[key] for key in _SHAPING if key in node_class.spec}
        shape = NodeClassShape(family_of(node_class.spec), spec)
        key = json.dumps([shape.family, spec, zones], sort_keys=True)
        version = self._unavailable.version
        known = self._current.get(key)
        if known is not None and known[0] == version and known[1] is market:
            return known
        types = self._resolved(key, market, Region(market.region, zones), shape)
        catalogue = Catalogue(
            types=types, source=market.source, priced=market.priced, spot_synthetic=market.spot_synthetic
        )
        entry = (version, market, catalogue, {item.name: item for item in types})
        self._current[key] = entry
        return entry

    def _resolved(self, key: str, market: Market, region: Region, shape: NodeClassShape) -> tuple[InstanceType, ...]:
        plain = self._plain.get(key)
        if plain is None or plain[0] is not market:
            plain = (market, resolve(market.facts, region, market.price, shape))
            self._plain[key] = plain
        short = self._unavailable.short_types()
        if not short:
            return plain[1]
        facts = [entry for entry in market.facts if "*" in short or entry.name in short]
        marked = resolve(facts, region, market.price, shape, self._unavailable.has_pool)
        changed = {entry.name: entry for entry in marked}
        return tuple(changed.get(entry.name, entry) for entry in plain[1])


def zone_ids(market: Market, node_class: NodeClass) -> dict[str, str]:
    """Zone → its id: those of the NodeClass' subnets, or the region's as long as none are known."""
    subnets: list[dict[str, Any]] = node_class.status.get("subnets") or []
    if not subnets:
        return dict.fromkeys(market.zones, "")
    return {entry["zone"]: entry.get("zoneID", "") for entry in sorted(subnets, key=lambda entry: entry["zone"])}
