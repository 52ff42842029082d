"""The catalogue that ships with karptui: real types and on-demand prices, made-up spot prices, no network needed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from karptui.cloud.ec2.instance_type.facts import TypeFacts, shipped_facts, shipped_file
from karptui.cloud.ec2.instance_type.instance_types import NodeClassShape, Price, Region, Unavailable, resolve
from karptui.cloud.ec2.pricing.prices import synthetic_spot
from karptui.model.instance_type import Catalogue
from karptui.model.labels import ON_DEMAND

DEFAULT_REGION = "us-east-1"
DEFAULT_SEED = "talk"
ZONE_LETTERS = "abcd"


def region_of(region: str = DEFAULT_REGION, zones: Sequence[str] = ()) -> Region:
    """A region with its zones (by default the first four) and their ids, "" where an id is not known."""
    ids = shipped_file().zone_ids
    chosen = tuple(zones) or tuple(f"{region}{letter}" for letter in ZONE_LETTERS)
    return Region(region, {zone: ids.get(zone, "") for zone in chosen})


def shipped_price(seed: str = DEFAULT_SEED) -> Price:
    """On-demand prices as shipped, spot prices made up from the seed."""

    def price(capacity_type: str, facts: TypeFacts, zone: str) -> float | None:
        if facts.on_demand is None:
            return None
        if capacity_type == ON_DEMAND:
            return facts.on_demand
        return synthetic_spot(seed, facts.name, zone, facts.on_demand)

    return price


def shipped(
    region: str = DEFAULT_REGION,
    zones: Sequence[str] = (),
    seed: str = DEFAULT_SEED,
    *,
    shape: NodeClassShape | None = None,
    unavailable: Unavailable | None = None,
) -> Catalogue:
    """The shipped catalogue for a region and its zones.

    Prices are those of us-east-1 in every region, as in Karpenter where it cannot ask; the same seed gives the same
    spot prices. `shape` is the NodeClass the types are for (AL2023 by default), `unavailable` what lately ran out.
    """
    book = shipped_file()
    types = resolve(shipped_facts(), region_of(region, zones), shipped_price(seed), shape, unavailable)
    return Catalogue(
        types=types,
        source=f"shipped {book.as_of}",
        priced=datetime.fromisoformat(book.as_of).replace(tzinfo=UTC).timestamp(),
        spot_synthetic=True,
    )
