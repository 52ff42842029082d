"""Types and prices asked of an account instead of taken from the shipped file."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import pricing_region
from karptui.cloud.ec2.pricing.price_list import on_demand_prices
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CloudError
from karptui.lab.ec2 import Ec2Lab
from karptui.model.quantity import parse
from tests.cloud.ec2.cluster import Clock, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_accounts_types_are_those_it_offers_at_the_prices_it_quotes(lab: Ec2Lab) -> None:
    cluster = ClusterSettings("lab", service_cidr="10.96.0.0/12")
    provider = Ec2Provider(lab.account(), cluster, ask_prices=True, now=Clock())
    catalogue = await provider.instance_types(await ready_node_class(provider))
    await provider.close()
    assert catalogue.source.startswith("aws, on-demand shipped 20"), "moto has no Pricing API"
    assert (catalogue.spot_synthetic, catalogue.priced) == (False, Clock().at)
    known = {entry.name: entry for entry in catalogue.types}
    assert len(known) > 1300 and "hpc6a.48xlarge" not in known, "that one is offered elsewhere"
    assert known["m5.large"].allocatable["memory"] == parse("6903Mi")
    # moto quotes one spot price for everything, where a type is offered.
    first, second = known["m5.large"].offerings[:2]
    assert (first.capacity_type, first.price) == ("on-demand", 0.096)
    assert (second.capacity_type, second.price, second.available) == ("spot", 0.00001, True)
    # A type is on offer in its own zones only.
    assert {offering.zone for offering in known["p4de.24xlarge"].offerings} == {"us-east-1b", "us-east-1c"}


class Paginator:
    """Answers as the Pricing API does: JSON texts, with products that say nothing usable among them."""

    def __init__(self, told: Mapping[str, Mapping[str, object]]) -> None:
        self._told = told
        self.asked: list[dict[str, str]] = []

    def get_paginator(self, name: str) -> "Paginator":
        assert name == "get_products"
        return self

    async def paginate(self, **asked: Any) -> AsyncIterator[dict[str, list[str]]]:
        filters = {entry["Field"]: entry["Value"] for entry in asked["Filters"]}
        self.asked.append(filters)
        yield {"PriceList": [_product(name, unit) for name, unit in self._told[filters["tenancy"]].items()]}


def _product(name: str, unit: object) -> str:
    dimension = {"x": {"pricePerUnit": unit}}
    terms = {"OnDemand": {"y": {"priceDimensions": dimension}}}
    return json.dumps({"product": {"attributes": {"instanceType": name}}, "terms": terms})


async def test_on_demand_prices_are_those_of_both_questions_to_the_pricing_api() -> None:
    shared = {"m7i.large": {"USD": "0.1008"}, "free": {"USD": "0.0000"}, "odd": {"USD": "n/a"}, "yuan": {"CNY": "1"}}
    pricing = Paginator({"Shared": shared, "Dedicated": {"m7i.metal-24xl": {"USD": "4.8384"}}})
    assert await on_demand_prices(pricing, "eu-west-1") == {"m7i.large": 0.1008, "m7i.metal-24xl": 4.8384}
    assert {asked["regionCode"] for asked in pricing.asked} == {"eu-west-1"}
    assert [asked["productFamily"] for asked in pricing.asked] == ["Compute Instance", "Compute Instance (bare metal)"]
    with pytest.raises(CloudError, match="bare metal"):
        await on_demand_prices(Paginator({"Shared": shared, "Dedicated": {}}), "eu-west-1")


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("ap-east-1", "ap-south-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("eu-west-3", "eu-central-1"),
        ("us-gov-west-1", ""),
    ],
)
async def test_the_pricing_api_of_a_region_is_elsewhere(region: str, asked: str) -> None:
    assert pricing_region(region) == asked


async def test_a_persons_own_prices_win(lab: Ec2Lab) -> None:
    cluster = ClusterSettings("lab", service_cidr="10.96.0.0/12")
    own = {"m5.large": 0.05, "m5.xlarge/spot": 0.01}
    provider = Ec2Provider(lab.account(), cluster, now=Clock(), prices=own)
    catalogue = await provider.instance_types(await ready_node_class(provider))
    await provider.close()
    known = {
        entry.name: {offering.capacity_type: offering.price for offering in entry.offerings}
        for entry in catalogue.types
    }
    assert known["m5.large"]["on-demand"] == 0.05 and known["m5.large"]["spot"] != 0.05
    assert known["m5.xlarge"]["spot"] == 0.01 and known["m5.xlarge"]["on-demand"] == 0.192
    assert catalogue.source.endswith("2 of your own")
