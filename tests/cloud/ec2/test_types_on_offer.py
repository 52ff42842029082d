"""What a provider remembers of its NodeClasses' types."""

from msgspec.structs import replace

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import Account
from karptui.cloud.ec2.pricing.market import shipped_market
from karptui.cloud.ec2.provider import Ec2Provider
from tests.cloud.ec2.cluster import Clock, node_class


async def test_types_of_a_nodeclass_that_is_no_more_are_forgotten_and_those_of_one_in_use_are_not() -> None:
    provider = Ec2Provider(Account("us-east-1"), ClusterSettings("lab"), now=Clock())
    market = shipped_market("us-east-1")
    provider.use_market(replace(market, facts=market.facts[:3]))
    gone, used = node_class(kubelet={"maxPods": 1}), node_class(kubelet={"maxPods": 2})
    first, kept = await provider.instance_types(gone), await provider.instance_types(used)
    for number in range(3, 103):
        await provider.instance_types(node_class(kubelet={"maxPods": number}))
        assert await provider.instance_types(used) is kept
    assert await provider.instance_types(gone) is not first
    await provider.leave()
