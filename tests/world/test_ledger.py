"""What the cluster costs: always the sum of what its nodes cost, and never more than is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.cloud.kwok.catalogue import built_in
from karptui.world import events
from karptui.world.events import Change
from karptui.world.world import World
from tests.world.recorded import STARTED, node, seen, world_until

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
