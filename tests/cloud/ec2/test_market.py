"""Types and prices asked of an account instead of taken from the shipped file."""

import pytest

from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.lab.ec2 import Ec2Lab
from karptui.model.quantity import parse
from tests.cloud.ec2.cluster import Clock, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_accounts_types_are_those_it_offers_at_the_prices_it_quotes(lab: Ec2Lab) -> None:
    cluster = ClusterSettings("lab", service_cidr="10.96.0.0/12")
    provider = Ec2Provider(lab.account(), cluster, ask_prices=True, now=Clock())
    catalogue = await provider.instance_types(await ready_node_class(provider))
    await provider.close()
    assert (catalogue.source, catalogue.spot_synthetic, catalogue.priced) == ("aws", False, Clock().at)
    known = {entry.name: entry for entry in catalogue.types}
    assert len(known) > 1300 and "hpc6a.48xlarge" not in known, "that one is offered elsewhere"
    assert known["m5.large"].allocatable["memory"] == parse("6903Mi")
    # moto quotes one spot price for everything, where a type is offered.
    first, second = known["m5.large"].offerings[:2]
    assert (first.capacity_type, first.price) == ("on-demand", 0.096)
    assert (second.capacity_type, second.price, second.available) == ("spot", 0.00001, True)
    # A type is on offer in its own zones only.
    assert {offering.zone for offering in known["p4de.24xlarge"].offerings} == {"us-east-1b", "us-east-1c"}
