"""NodeOverlays at launch: which type is bought, at which priority, and what the NodeClaim then promises."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from karptui.cloud.catalogue import shipped
from karptui.cloud.ec2.instance_type.facts import TypeFacts
from karptui.cloud.ec2.pricing.market import shipped_market
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.control.nodeclaim.launch import Launch
from karptui.control.nodeclaim.overlays_at_launch import OverlaysAtLaunch
from karptui.lab.ec2 import Ec2Lab
from karptui.model import labels
from karptui.model.instance_type import Catalogue
from karptui.model.labels import TERMINATION_FINALIZER
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import NodePool
from karptui.model.quantity import parse
from karptui.model.snapshot import Options
from karptui.world import events
from tests.cloud.ec2.cluster import Clock, claim, provider_of, ready_node_class
from tests.control.noted import Noted

pytestmark = pytest.mark.asyncio(loop_scope="session")

TYPES = ("m5.large", "c6a.large")
"""c6a.large is the cheaper one."""
DONGLE = "example.com/dongle"


@pytest_asyncio.fixture(loop_scope="session")
async def provider(lab: Ec2Lab) -> AsyncIterator[Ec2Provider]:
    provider = provider_of(lab, Clock())
    yield provider
    await provider.close()


def overlay(name: str, types: tuple[str, ...], **spec: Any) -> NodeOverlay:
    return NodeOverlay(Metadata(name), (RequirementSpec(labels.INSTANCE_TYPE, "In", types),), **spec)


async def launched(
    provider: Ec2Provider, wanted: NodeClaim, *overlays: NodeOverlay, gate: bool = True
) -> dict[str, Any]:
    """What is written of a claim that is launched under these overlays, labels included."""
    board, node_class = Noted(provider), await ready_node_class(provider)
    metadata = replace(wanted.metadata, finalizers=(TERMINATION_FINALIZER,))
    board.world.options = Options(feature_gates={"NodeOverlay": gate})
    board.show("nodeclasses", node_class)
    board.show("nodepools", NodePool(Metadata("default")), NodePool(Metadata("other")))
    board.show("nodeoverlays", *overlays)
    board.show("nodeclaims", replace(wanted, metadata=metadata))
    board.world.apply(events.CatalogueSeen(board.at, await provider.instance_types(node_class)))
    await Launch(board.hands).reconcile(wanted.key)
    written: dict[str, Any] = {}
    for _, _, body in board.patches:
        written |= body.get("metadata", {}) | body.get("status", {})
    return written


def applied(wanted: NodeClaim, value: str) -> NodeClaim:
    annotations = {labels.PRICE_OVERLAY_APPLIED: value}
    return replace(wanted, metadata=replace(wanted.metadata, annotations=annotations))


CHEAP = overlay("cheap", ("m5.large",), price="0.001")


@pytest.mark.parametrize("value", ["true", "false", ""])
async def test_the_type_that_an_overlay_makes_cheapest_is_bought(provider: Ec2Provider, value: str) -> None:
    told = await launched(provider, applied(claim(TYPES), value), CHEAP)
    assert told["labels"][labels.INSTANCE_TYPE] == "m5.large"


async def test_without_the_gate_an_overlay_changes_nothing(provider: Ec2Provider) -> None:
    told = await launched(provider, applied(claim(TYPES), "true"), CHEAP, gate=False)
    assert told["labels"][labels.INSTANCE_TYPE] == "c6a.large"


async def test_an_overlay_that_conflicts_in_another_nodepool_counts_in_none(provider: Ec2Provider) -> None:
    other = RequirementSpec(labels.NODEPOOL, "In", ("other",))
    dear = NodeOverlay(Metadata("dear"), (other,), price_adjustment="+1%")
    told = await launched(provider, applied(claim(TYPES), "true"), CHEAP, dear)
    assert told["labels"][labels.INSTANCE_TYPE] == "c6a.large"


async def test_spot_that_an_overlay_makes_dearer_than_on_demand_is_not_bought(provider: Ec2Provider) -> None:
    spot = RequirementSpec(labels.CAPACITY_TYPE, "In", ("spot",))
    dear = NodeOverlay(Metadata("dear"), (spot,), price="50")
    wanted = claim(TYPES, ("spot", "on-demand"))
    assert (await launched(provider, wanted))["labels"][labels.CAPACITY_TYPE] == "spot"
    wanted = claim(TYPES, ("spot", "on-demand"))
    assert (await launched(provider, wanted, dear))["labels"][labels.CAPACITY_TYPE] == "on-demand"


async def test_a_claim_gets_a_type_that_has_what_it_wants_by_an_overlay_and_says_so_also_when_found_again(
    provider: Ec2Provider, lab: Ec2Lab
) -> None:
    wanted = claim(TYPES)
    wanted = replace(wanted, requests=wanted.requests | {DONGLE: parse("1")})
    dongles = overlay("dongles", ("m5.large",), capacity={DONGLE: parse("2")})
    first = await launched(provider, wanted, dongles)
    assert first["labels"][labels.INSTANCE_TYPE] == "m5.large"
    assert first["capacity"][DONGLE] == first["allocatable"][DONGLE] == "2"
    other = provider_of(lab, Clock())  # as a new process, which looks for an earlier launch
    again = await launched(other, wanted, dongles)
    await other.close()
    assert (again["providerID"], again["capacity"]) == (first["providerID"], first["capacity"])


async def test_what_overlays_make_of_a_catalogue_is_worked_out_anew_when_either_changes() -> None:
    board, pool = Noted(), NodePool(Metadata("default"))
    board.world.options = Options(feature_gates={"NodeOverlay": True})
    board.show("nodepools", pool)
    board.show("nodeoverlays", CHEAP)
    overlays, first, second = OverlaysAtLaunch(board.hands), shipped(), shipped("us-east-1", ["us-east-1a"])

    def price(catalogue: Catalogue) -> set[float]:
        seen = overlays.of("default")(catalogue)
        assert overlays.of("default")(catalogue) is seen, "the same object as long as nothing changes"
        entry = next(entry for entry in seen.types if entry.name == "m5.large")
        plain = next(entry for entry in catalogue.types if entry.name == "m5.large")
        assert [offering.zone for offering in entry.offerings] == [offering.zone for offering in plain.offerings]
        return {offering.price for offering in entry.offerings}

    assert price(first) == price(second) == {0.001}
    board.show("nodeoverlays", overlay("cheap", ("m5.large",), price="0.002"))
    assert price(second) == {0.002}
    elsewhere = RequirementSpec("team", "In", ("b",))
    board.show("nodeoverlays", NodeOverlay(Metadata("cheap"), (elsewhere,), price="0.003"))
    assert 0.003 not in price(second)
    board.show("nodepools", replace(pool, template=replace(pool.template, labels={"team": "b"})))
    assert price(second) == {0.003}


UNPRICED = "m5.large"


@pytest.mark.parametrize(
    ("of", "bought"),
    [
        (overlay("named", (UNPRICED,), price="0.1"), True),
        (overlay("change", (UNPRICED,), price_adjustment="+0.1"), False),
        (NodeOverlay(Metadata("other"), (RequirementSpec("k", "NotIn", ("v",)),), price="0.1"), False),
        (
            NodeOverlay(
                Metadata("more"),
                (
                    RequirementSpec(labels.INSTANCE_TYPE, "In", (UNPRICED,)),
                    RequirementSpec(labels.CAPACITY_TYPE, "In", ("on-demand",)),
                ),
                price="0.1",
            ),
            False,
        ),
    ],
)
async def test_a_type_without_a_price_is_bought_only_if_an_overlay_of_its_name_gives_it_one(
    provider: Ec2Provider, of: NodeOverlay, bought: bool
) -> None:
    market = shipped_market("us-east-1")

    def price(kind: str, facts: TypeFacts, zone: str) -> float | None:
        return None if facts.name == UNPRICED else market.price(kind, facts, zone)

    provider.use_market(replace(market, price=price))
    told = await launched(provider, claim((UNPRICED,)), of)
    assert ("providerID" in told) is bought
