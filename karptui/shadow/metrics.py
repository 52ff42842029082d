"""Karpenter's own metrics: its version, and the prices and availability that it reckons with."""

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from karptui.model.instance_type import Catalogue, InstanceType, Offering

_LINE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
PRICE = "karpenter_cloudprovider_instance_type_offering_price_estimate"
AVAILABLE = "karpenter_cloudprovider_instance_type_offering_available"
BUILD = "karpenter_build_info"
Key = tuple[str, str, str]


class Told(Struct, frozen=True, gc=False):
    """What a scrape says. Keys are instance type, zone and capacity type; prices USD an hour."""

    version: str = ""
    prices: dict[Key, float] = {}
    available: dict[Key, bool] = {}


def told_by(text: str) -> Told:
    """Read a scrape in Prometheus' text format; what is not understood is passed over."""
    version, prices, available = "", dict[Key, float](), dict[Key, bool]()
    for name, labels, value in _samples(text):
        if name == BUILD:
            version = labels.get("version", "").lstrip("v")
            continue
        key = (labels.get("instance_type", ""), labels.get("zone", ""), labels.get("capacity_type", ""))
        if name == PRICE:
            prices[key] = value
        else:
            available[key] = value > 0
    return Told(version, prices, available)


def with_told(catalogue: Catalogue, told: Told, at: float) -> Catalogue:
    """The catalogue with Karpenter's prices and availability; the same object where nothing differs."""
    types: list[InstanceType] = []
    changed = False
    for type_ in catalogue.types:
        offerings = tuple(_told(type_.name, offering, told) for offering in type_.offerings)
        if any(new is not old for new, old in zip(offerings, type_.offerings, strict=True)):
            changed = True
            type_ = replace(type_, offerings=offerings)
        types.append(type_)
    return replace(catalogue, types=tuple(types), source="Karpenter's metrics", priced=at) if changed else catalogue


def _told(name: str, offering: Offering, told: Told) -> Offering:
    if offering.reservation_id:
        return offering
    key = (name, offering.zone, offering.capacity_type)
    price = told.prices.get(key, offering.price)
    available = told.available.get(key, offering.available)
    if price == offering.price and available == offering.available:
        return offering
    return replace(offering, price=price, available=available)


def _samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in text.splitlines():
        if not line.startswith((PRICE, AVAILABLE, BUILD)):
            continue
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        yield match[1], dict(_LABEL.findall(match[2] or "")), value
