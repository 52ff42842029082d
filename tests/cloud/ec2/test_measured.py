"""Memory as nodes have it in place of the estimate (spec/aws.md 1.7)."""

from typing import Any

import pytest

from karptui.cloud.ec2.instance_type.measured import KEPT_SECONDS
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import InsufficientCapacity, Measured
from karptui.lab.ec2 import Ec2Lab
from karptui.model.instance_type import InstanceType
from karptui.model.nodepool import NodeClass
from karptui.model.quantity import parse
from tests.cloud.ec2.cluster import Clock, claim, provider_of, ready_node_class

pytestmark = pytest.mark.asyncio(loop_scope="session")

ESTIMATED, LEAST = parse("7577Mi"), parse("7400Mi")


async def m5_large(provider: Ec2Provider, resolved: NodeClass, *measured: Measured) -> InstanceType:
    catalogue = await provider.instance_types(resolved, measured)
    return next(entry for entry in catalogue.types if entry.name == "m5.large")


def image_of(resolved: NodeClass) -> str:
    """The image of plain x86 machines."""

    def plain(entry: dict[str, Any]) -> bool:
        wanted = {(item["key"], item["operator"], *item.get("values", ())) for item in entry["requirements"]}
        absent = ("karpenter.k8s.aws/instance-gpu-count", "DoesNotExist")
        return ("kubernetes.io/arch", "In", "amd64") in wanted and absent in wanted

    return next(entry["id"] for entry in resolved.status["amis"] if plain(entry))


async def test_the_least_memory_that_a_node_had_replaces_the_estimate_and_nothing_else(lab: Ec2Lab) -> None:
    clock = Clock()
    provider = provider_of(lab, clock)
    resolved = await ready_node_class(provider)
    image = image_of(resolved)
    before = await m5_large(provider, resolved)
    assert before.capacity["memory"] == ESTIMATED
    for memory, expected in (("7450Mi", "7450Mi"), ("7400Mi", "7400Mi"), ("7500Mi", "7400Mi")):
        found = await m5_large(provider, resolved, Measured("m5.large", image, parse(memory)))
        assert found.capacity["memory"] == parse(expected)
    assert found.overhead == before.overhead
    assert found.allocatable["memory"] == before.allocatable["memory"] - (ESTIMATED - LEAST)
    assert await m5_large(provider, resolved) is found, "what nobody says anew is kept"
    clock.at += KEPT_SECONDS + 1
    assert (await m5_large(provider, resolved)).capacity["memory"] == ESTIMATED
    await provider.close()


async def test_a_node_of_another_image_says_nothing(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    resolved = await ready_node_class(provider)
    other = Measured("m5.large", "ami-of-last-month", LEAST)
    assert (await m5_large(provider, resolved, other)).capacity["memory"] == ESTIMATED
    await provider.close()


async def test_a_claim_is_launched_on_what_its_type_turned_out_to_have(lab: Ec2Lab) -> None:
    provider = provider_of(lab)
    resolved = await ready_node_class(provider)
    found = await m5_large(provider, resolved, Measured("m5.large", image_of(resolved), LEAST))
    wanted = claim(("m5.large",))
    launched = await provider.create(wanted, resolved)
    assert launched.allocatable["memory"] == found.allocatable["memory"]
    too_much = claim(("m5.large",))
    too_much.requests["memory"] = found.allocatable["memory"] + 10**9
    with pytest.raises(InsufficientCapacity):
        await provider.create(too_much, resolved)
    await provider.close()
