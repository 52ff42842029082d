"""NodeOverlays: prices and capacities that an operator states, and which of them count."""

from karptui.engine.disruption import disrupt
from karptui.engine.explain import explain_claim
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.node_claim import node_claim_object
from karptui.model.decision import Plan
from karptui.model.labels import CAPACITY_TYPE, IN, INSTANCE_TYPE, NODEPOOL, ON_DEMAND, SPOT
from karptui.model.metadata import Metadata
from karptui.model.node import RequirementSpec
from karptui.model.node_overlay import NodeOverlay
from karptui.model.resources import parse_resources
from karptui.model.snapshot import Options, Snapshot
from tests.engine.cluster import asks, pod, pool, requests, snapshot

ON = Options(feature_gates={"NodeOverlay": True})


def overlay(
    name: str, *requirements: RequirementSpec, capacity: dict[str, str] | None = None, **spec: object
) -> NodeOverlay:
    amounts = None if capacity is None else parse_resources(capacity)
    return NodeOverlay(Metadata(name), requirements, capacity=amounts, **spec)  # pyright: ignore[reportArgumentType]


def overlaid(*overlays: NodeOverlay, objects: tuple[object, ...] = (), options: Options = ON) -> Snapshot:
    given = objects or (pool(), pod("p"))
    return snapshot(*given, options=options, node_overlays={entry.key: entry for entry in overlays})


def first(answer: Plan) -> tuple[str, float, str]:
    claim = answer.claims[0]
    return claim.instance_types[0], round(claim.price, 6), claim.capacity_type


def test_a_price_a_difference_and_a_percentage_change_what_is_cheapest() -> None:
    huge = asks(INSTANCE_TYPE, IN, "huge")
    assert first(plan(overlaid(overlay("a", huge, price="0.001")))) == ("huge", 0.001, ON_DEMAND)
    assert first(plan(overlaid(overlay("a", huge, price_adjustment="-0.84")))) == ("huge", 0.01, SPOT)
    assert first(plan(overlaid(overlay("a", huge, price_adjustment="-99%")))) == ("huge", 0.0085, SPOT)
    assert first(plan(overlaid(overlay("a", huge, price_adjustment="-5")))) == ("huge", 0.0, ON_DEMAND)


def test_an_overlay_on_a_capacity_type_changes_its_offerings_alone() -> None:
    answer = plan(overlaid(overlay("dear-spot", asks(CAPACITY_TYPE, IN, SPOT), price_adjustment="+100%")))
    assert first(answer) == ("small", 0.1, ON_DEMAND)


def test_the_heavier_overlay_wins_an_offering_and_the_lighter_one_fills_in_the_rest() -> None:
    everything = overlay("light", price="0.5")
    spot = overlay("heavy", asks(CAPACITY_TYPE, IN, SPOT), price="0.4", weight=5)
    answer = plan(overlaid(everything, spot))
    assert answer.overlays == {"heavy": "", "light": ""}
    assert first(answer) == ("arm-medium", 0.4, SPOT)


def test_equal_weights_on_one_offering_are_a_conflict_and_the_earlier_name_loses_everything() -> None:
    a, b = overlay("a", price="0.5", capacity={"example.com/dongle": "1"}), overlay("b", price="0.7")
    answer = plan(overlaid(a, b))
    assert answer.overlays == {"a": "conflict with another overlay", "b": ""}
    assert first(answer)[1] == 0.7
    assert plan(overlaid(a, objects=(pool(), pod("p", requests(**{"example.com/dongle": "1"}))))).claims
    assert not plan(overlaid(a, b, objects=(pool(), pod("p", requests(**{"example.com/dongle": "1"}))))).claims


def test_capacity_that_an_overlay_adds_holds_pods_that_ask_for_it() -> None:
    dongle = overlay("dongles", asks(INSTANCE_TYPE, IN, "large"), capacity={"example.com/dongle": "2"})
    pods = tuple(pod(f"p{number}", requests(**{"example.com/dongle": "1"})) for number in range(3))
    answer = plan(overlaid(dongle, objects=(pool(), *pods)))
    assert [claim.instance_types for claim in answer.claims] == [("large",), ("large",)]


def test_each_pool_sees_the_overlays_that_are_meant_for_it() -> None:
    pools = (pool("a", labels={"team": "red"}), pool("b", labels={"team": "blue"}))
    red = asks("team", IN, "red")
    made = overlaid(overlay("red", red, price="3"), objects=(*pools, pod("p"), pod("q", node_selector={"team": "red"})))
    found = {claim.node_pool: claim for claim in plan(made).claims}
    assert (found["a"].price, found["b"].price) == (3.0, 0.05)
    assert (found["a"].price_overlays, found["b"].price_overlays) == (("red",), ())
    named = overlay("named", asks(NODEPOOL, IN, "b"), price="2")
    both = plan(overlaid(overlay("red", red, price="3"), named, objects=(*pools, pod("p"))))
    assert both.overlays == {"named": "", "red": ""}
    assert both.claims[0].price == 2.0


def test_without_the_gate_overlays_are_named_and_change_nothing() -> None:
    answer = plan(overlaid(overlay("a", price="0.001"), options=Options()))
    assert answer.overlays == {"a": "the feature gate NodeOverlay is off"}
    assert first(answer) == ("small", 0.05, SPOT)


def test_an_overlay_that_asks_for_what_it_may_not_is_refused_and_changes_nothing() -> None:
    refused = (
        overlay("restricted", asks("karpenter.sh/own", IN, "x"), price="0.1"),
        overlay("standard", price="0.2", capacity={"cpu": "64"}),
        overlay("operator", asks("team", "Near", "x"), price="0.3"),
        overlay("no-number", price="cheap"),
        overlay("no-change", price_adjustment="10%"),
    )
    answer = plan(overlaid(*refused))
    assert all(answer.overlays.values())
    assert first(answer) == ("small", 0.05, SPOT)


def test_a_claim_says_that_overlays_had_a_hand_in_it_and_every_type_says_which() -> None:
    made = overlaid(
        overlay("deal", asks(INSTANCE_TYPE, IN, "huge"), price="0.01", capacity={"example.com/dongle": "1"})
    )
    claim = plan(made).claims[0]
    annotations = node_claim_object(claim, made.node_pools["default"])["metadata"]["annotations"]
    assert annotations["karpenter.sh/price-overlay-applied"] == "true"
    assert annotations["karpenter.sh/capacity-overlay-applied"] == "true"
    verdicts = {entry.instance_type: entry for entry in explain_claim(made, claim).verdicts}
    assert (verdicts["huge"].price_overlay, verdicts["small"].price_overlay) == ("deal", "")
    assert verdicts["huge"].capacity_overlays == {"example.com/dongle": "deal"}


def test_a_pass_of_disruption_names_overlays_as_a_plan_does() -> None:
    assert disrupt(overlaid(overlay("a", price="cheap"))).overlays == {"a": "price 'cheap' is no decimal number"}
