"""On-demand prices as the Pricing API tells them (spec/aws.md 2)."""

import json
from collections.abc import Iterator
from typing import Any

from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import CloudError

PAGE = 100
_COMMON = {
    "serviceCode": "AmazonEC2",
    "preInstalledSw": "NA",
    "operatingSystem": "Linux",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
_QUERIES = (
    {"tenancy": "Shared", "productFamily": "Compute Instance"},
    {"tenancy": "Dedicated", "productFamily": "Compute Instance (bare metal)"},
)


async def on_demand_prices(pricing: Any, region: str) -> dict[str, float]:
    """Instance type → USD an hour (CNY in China). Raises CloudError, also where one of the two answers is empty."""
    found: dict[str, float] = {}
    for query in _QUERIES:
        wanted = {"regionCode": region, **_COMMON, **query}
        filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
        page = dict(_prices(await _products(pricing, filters), "CNY" if region.startswith("cn-") else "USD"))
        if not page:
            raise CloudError(f"the Pricing API knows no {query['productFamily']} in {region}")
        found |= page
    return found


async def _products(pricing: Any, filters: list[dict[str, str]]) -> list[str]:
    found: list[str] = []
    with calling("pricing", "GetProducts"):
        paginator = pricing.get_paginator("get_products")
        async for page in paginator.paginate(
            ServiceCode="AmazonEC2", Filters=filters, PaginationConfig={"PageSize": PAGE}
        ):
            found += page["PriceList"]
    return found


def _prices(listed: list[str], currency: str) -> Iterator[tuple[str, float]]:
    """What can be read of it; a product that says nothing usable is left out."""
    for text in listed:
        product = json.loads(text)
        name = product.get("product", {}).get("attributes", {}).get("instanceType")
        for term in (product.get("terms", {}).get("OnDemand") or {}).values():
            for dimension in (term.get("priceDimensions") or {}).values():
                try:
                    price = float(dimension["pricePerUnit"][currency])
                except (KeyError, TypeError, ValueError):
                    continue
                if name and price > 0:
                    yield name, price
