"""What can be bought and at what price: from the shipped file, or asked of EC2."""

import asyncio
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from karptui.cloud.catalogue import DEFAULT_SEED, ZONE_LETTERS, shipped_price
from karptui.cloud.ec2.api.client import AwsClients, pricing_region
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.ec2.instance_type.facts import TypeFacts, from_description, shipped_facts, shipped_file
from karptui.cloud.ec2.instance_type.instance_types import Price
from karptui.cloud.ec2.pricing.commitments import account_commitments
from karptui.cloud.ec2.pricing.price_list import on_demand_prices
from karptui.cloud.provider import CloudError
from karptui.model.commitment import Commitment
from karptui.model.labels import ON_DEMAND


class Market(Struct, frozen=True, eq=False):
    """Types of a region, their prices, and where both come from. `priced` is epoch seconds."""

    region: str
    facts: tuple[TypeFacts, ...]
    price: Price
    source: str
    priced: float
    spot_synthetic: bool
    zones: tuple[str, ...]
    commitments: tuple[Commitment, ...] = ()
    commitments_unknown: tuple[str, ...] = ()


def shipped_market(region: str, seed: str = DEFAULT_SEED) -> Market:
    """The shipped types and prices; spot prices are made up from the seed."""
    book = shipped_file()
    zones = tuple(f"{region}{letter}" for letter in ZONE_LETTERS)
    return Market(region, shipped_facts(), shipped_price(seed), f"shipped {book.as_of}", 0.0, True, zones)


class Quotes(Struct, frozen=True):
    """What an account told of its region, in a form that can be kept. `spot` is USD an hour by type and zone."""

    region: str
    facts: tuple[TypeFacts, ...]
    spot: dict[str, dict[str, float]]
    source: str
    priced: float
    zones: tuple[str, ...]
    commitments: tuple[Commitment, ...] = ()
    commitments_unknown: tuple[str, ...] = ()


def market_of(quotes: Quotes) -> Market:
    """A spot price that EC2 does not quote is none, so that offering cannot be bought."""
    spot = quotes.spot

    def price(capacity_type: str, facts: TypeFacts, zone: str) -> float | None:
        return facts.on_demand if capacity_type == ON_DEMAND else spot.get(facts.name, {}).get(zone)

    return Market(
        quotes.region,
        quotes.facts,
        price,
        quotes.source,
        quotes.priced,
        False,
        quotes.zones,
        quotes.commitments,
        quotes.commitments_unknown,
    )


async def account_quotes(clients: AwsClients, region: str, now: float, before: Quotes | None = None) -> Quotes:
    """Types, zones and prices as AWS tells them; a price known `before` of which it says nothing stays.

    Where the Pricing API does not answer, on-demand prices are those, or as shipped, which `source` says. Raises
    CloudError.
    """
    committed = asyncio.ensure_future(account_commitments(clients, region))
    try:
        found = await _priced(clients, region, now, before)
        commitments, unknown = await committed
    finally:
        committed.cancel()
    return replace(found, commitments=commitments, commitments_unknown=unknown)


async def _priced(clients: AwsClients, region: str, now: float, before: Quotes | None) -> Quotes:
    """Types, prices, where those come from, zones."""
    ec2 = await clients.get("ec2")
    offered = await _offered(ec2, region)
    on_demand, source = await _on_demand(clients, region, before)
    facts = [
        replace(entry, on_demand=on_demand.get(entry.name), offered={region: "".join(sorted(offered[entry.name]))})
        for entry in await _described(ec2)
        if entry.name in offered
    ]
    quoted = await _spot_prices(ec2, now)
    known = before.spot if before is not None else {}
    spot = {name: known.get(name, {}) | quoted.get(name, {}) for name in known.keys() | quoted.keys()}
    zones = sorted({f"{region}{letter}" for letters in offered.values() for letter in letters})
    return Quotes(region, tuple(sorted(facts, key=lambda entry: entry.name)), spot, source, now, tuple(zones))


async def _on_demand(clients: AwsClients, region: str, before: Quotes | None) -> tuple[dict[str, float | None], str]:
    """USD an hour by type, those of the Pricing API over those known before and those that ship with karptui; and
    where they come from."""
    book = shipped_file()
    prices: dict[str, float | None] = {entry.name: entry.on_demand for entry in shipped_facts()}
    if before is not None:
        prices |= {entry.name: entry.on_demand for entry in before.facts if entry.on_demand is not None}
    if not pricing_region(region):
        return prices, f"aws, on-demand shipped {book.as_of}"
    try:
        found = await on_demand_prices(await clients.get("pricing"), region)
    except CloudError:
        shipped = f"aws, on-demand shipped {book.as_of} (the Pricing API does not tell)"
        return prices, before.source if before is not None else shipped
    return prices | found, "aws"


def with_overrides(market: Market, overrides: Mapping[str, float]) -> Market:
    """The market at a person's own prices: `m7i.large` on demand, `m7i.large/spot` for spot; USD an hour."""
    if not overrides:
        return market
    told = market.price

    def price(capacity_type: str, facts: TypeFacts, zone: str) -> float | None:
        own = overrides.get(facts.name if capacity_type == ON_DEMAND else f"{facts.name}/{capacity_type}")
        return told(capacity_type, facts, zone) if own is None else own

    return replace(market, price=price, source=f"{market.source}, {len(overrides)} of your own")


async def _described(ec2: Any) -> list[TypeFacts]:
    filters = [
        {"Name": "supported-virtualization-type", "Values": ["hvm"]},
        {"Name": "processor-info.supported-architecture", "Values": ["x86_64", "arm64"]},
    ]
    found: list[TypeFacts] = []
    with calling("ec2", "DescribeInstanceTypes"):
        async for page in ec2.get_paginator("describe_instance_types").paginate(Filters=filters):
            found += [from_description(entry) for entry in page["InstanceTypes"]]
    return found


async def _offered(ec2: Any, region: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    paginator = ec2.get_paginator("describe_instance_type_offerings")
    with calling("ec2", "DescribeInstanceTypeOfferings"):
        async for page in paginator.paginate(LocationType="availability-zone"):
            for row in page["InstanceTypeOfferings"]:
                found.setdefault(row["InstanceType"], set()).add(row["Location"].removeprefix(region))
    return found


async def _spot_prices(ec2: Any, now: float) -> dict[str, dict[str, float]]:
    from datetime import UTC, datetime

    found: dict[str, dict[str, float]] = {}
    asked = {
        "ProductDescriptions": ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"],
        "StartTime": datetime.fromtimestamp(now, UTC),
    }
    with calling("ec2", "DescribeSpotPriceHistory"):
        async for page in ec2.get_paginator("describe_spot_price_history").paginate(**asked):
            for row in page["SpotPriceHistory"]:
                found.setdefault(row["InstanceType"], {})[row["AvailabilityZone"]] = float(row["SpotPrice"])
    return found
