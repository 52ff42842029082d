"""Types and prices asked of an account instead of taken from the shipped file."""

import pytest

from karptui.cloud.ec2.client import Account
from karptui.cloud.ec2.market import account_market
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.lab.ec2 import Ec2Lab
from tests.cloud.ec2.cluster import Clock, provider_of, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_accounts_types_are_those_it_offers_at_the_prices_it_quotes(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    market = await account_market(await provider.clients.get("ec2"), "us-east-1", 1_800_000_000.0)
    await provider.close()
    known = {entry.name: entry for entry in market.facts}
    assert len(known) > 1300 and "hpc6a.48xlarge" not in known, "that one is offered elsewhere"
    large = known["m5.large"]
    assert large.offered == {"us-east-1": "abcdf"} and large.address_pods == 29
    assert market.price("on-demand", large, "us-east-1a") == 0.096
    # moto quotes one price for everything, where a type is offered.
    assert market.price("spot", large, "us-east-1a") == 0.00001
    assert market.price("spot", large, "us-east-1e") is None
    assert not market.spot_synthetic and "us-east-1f" in market.zones


async def test_a_provider_that_asks_says_where_its_prices_come_from(lab: Ec2Lab) -> None:
    account = Account(lab.region, lab.endpoint, access_key_id="lab", secret_access_key="lab")
    provider = Ec2Provider(account, ClusterSettings("lab"), ask_prices=True, now=Clock())
    catalogue = await provider.instance_types(await ready_node_class(provider))
    await provider.close()
    assert (catalogue.source, catalogue.spot_synthetic, catalogue.priced) == ("aws", False, Clock().at)
