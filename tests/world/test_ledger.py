"""What the cluster costs: always the sum of what its nodes cost, and never more than is known."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.cloud.kwok.catalogue import built_in
from karptui.model.decision import Decision, DecisionKind, PlannedClaim
from karptui.views.spending.cost import ledger_line
from karptui.world import events
from karptui.world.events import Change
from karptui.world.world import World
from tests.world.recorded import STARTED, decode, node, seen, world_until

SPOT_4X = 0.7 * (0.025 * 4 + 0.001 * 8 * 2**30 / 1e9)


def priced() -> World:
    world = World()
    world.apply(events.CatalogueSeen(STARTED, built_in()))
    return world


def test_the_bill_of_the_recorded_cluster_is_the_sum_of_its_nodes() -> None:
    world = world_until(30)
    prices = [entry.price for entry in world.ledger.nodes.values()]
    assert len(prices) == 4
    assert None not in prices
    assert world.ledger.hourly == pytest.approx(sum(price for price in prices if price is not None))
    assert sum(world.ledger.by_pool().values()) == pytest.approx(world.ledger.hourly)
    assert sum(world.ledger.by_capacity_type().values()) == pytest.approx(world.ledger.hourly)


def test_nodes_seen_before_the_prices_are_priced_when_these_come() -> None:
    late = world_until(30, catalogue=False)
    assert late.ledger.hourly == 0.0
    assert len(late.ledger.unpriced) == 4
    late.apply(events.CatalogueSeen(STARTED + 30, built_in()))
    assert late.ledger.hourly == pytest.approx(world_until(30).ledger.hourly)
    assert not late.ledger.unpriced


def test_a_node_of_an_unknown_type_is_unpriced_and_in_no_sum() -> None:
    world = priced()
    world.apply(seen(node("n1"), change=Change.ADDED))
    world.apply(seen(node("n2", price_of="z9.mystery"), change=Change.ADDED))
    assert world.ledger.unpriced == ["n2"]
    assert world.ledger.hourly == pytest.approx(SPOT_4X)


def test_what_was_spent_grows_with_time_while_nothing_happens() -> None:
    world = priced()
    world.apply(seen(node("n1"), STARTED, Change.ADDED))
    assert world.ledger.spent_by(STARTED + 3600) == pytest.approx(SPOT_4X)
    world.apply(seen(node("n1"), STARTED + 1800, Change.DELETED))
    assert world.ledger.spent_by(STARTED + 3600) == pytest.approx(SPOT_4X / 2)


_changes = st.lists(
    st.tuples(
        st.sampled_from(list(Change)),
        st.builds(
            node,
            st.sampled_from(["n1", "n2", "n3"]),
            price_of=st.sampled_from(["c-1x-amd64-linux", "m-64x-arm64-linux", "unknown"]),
            pool=st.sampled_from(["a", "b"]),
        ),
    ),
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(_changes)
def test_the_running_bill_is_always_what_a_recount_gives(changes: list[tuple[Change, object]]) -> None:
    world = priced()
    for second, (change, found) in enumerate(changes):
        world.apply(seen(found, STARTED + second, change))
    prices = {type_.name: type_.offerings[0].price for type_ in built_in().types}
    counted = sum(prices.get(found.instance_type, 0.0) for found in world.of("nodes").values())
    assert world.ledger.hourly == pytest.approx(counted, abs=1e-9)
    assert sorted(world.ledger.unpriced) == sorted(
        name for name, found in world.of("nodes").items() if found.instance_type not in prices
    )


def claim(name: str) -> Any:
    labels = {
        "node.kubernetes.io/instance-type": "c-4x-amd64-linux",
        "topology.kubernetes.io/zone": "test-zone-a",
        "karpenter.sh/capacity-type": "spot",
        "karpenter.sh/nodepool": "default",
    }
    return decode("nodeclaims", {"metadata": {"name": name, "labels": labels}, "spec": {}})


def planned(price: float) -> PlannedClaim:
    return PlannedClaim("default", (), (), ("c-4x-amd64-linux",), {}, price=price)


def carried_out(world: World, at: float, decision: Decision, *claims: str) -> None:
    world.apply(events.DecisionMade(at, decision))
    for name in claims or ("",):
        world.apply(events.DecisionCarriedOut(at, decision.id, name))


def test_a_move_with_several_replacements_earned_what_is_left_after_all_of_them() -> None:
    world = priced()
    for name in ("n1", "n2", "n3"):
        world.apply(seen(node(name), change=Change.ADDED))
    for name in ("c1", "c2"):
        world.apply(seen(claim(name), change=Change.ADDED))
    kind, going = DecisionKind.REPLACE, ("n1", "n2", "n3")
    replaced = Decision(
        "D-1", STARTED, kind, nodes=going, claim=planned(SPOT_4X), more=(planned(SPOT_4X),), price_change=-SPOT_4X
    )
    carried_out(world, STARTED, replaced, "c1", "c2")
    for name in going:
        world.apply(seen(node(name), STARTED + 60, Change.DELETED))
    assert world.ledger.moves[0].real == pytest.approx(-SPOT_4X)


def test_a_node_that_is_launched_again_soon_after_is_booked_as_having_come_back() -> None:
    world = priced()
    for name in ("n1", "n2"):
        world.apply(seen(node(name), change=Change.ADDED))
    for at, name in ((0, "n1"), (300, "n2")):
        moved = Decision(f"D-{name}", STARTED + at, DecisionKind.DELETE, nodes=(name,), price_change=-SPOT_4X)
        carried_out(world, STARTED + at, moved)
    back = Decision("D-3", STARTED + 400, DecisionKind.LAUNCH, claim=planned(1.5 * SPOT_4X))
    carried_out(world, STARTED + 400, back, "c3", "c3")
    assert [move.back for move in world.ledger.moves] == pytest.approx([0.5 * SPOT_4X, SPOT_4X])
    assert "of it launched again soon after" in ledger_line(world)


def test_a_launch_long_after_a_move_is_no_node_that_came_back() -> None:
    world = priced()
    world.apply(seen(node("n1"), change=Change.ADDED))
    carried_out(world, STARTED, Decision("D-1", STARTED, DecisionKind.DELETE, nodes=("n1",), price_change=-SPOT_4X))
    later = STARTED + 3600
    carried_out(world, later, Decision("D-2", later, DecisionKind.LAUNCH, claim=planned(SPOT_4X)), "c1")
    assert [move.back for move in world.ledger.moves] == [0.0]
