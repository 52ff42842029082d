"""Where a fleet takes its instance from: prices, strategies, shortages."""

from typing import Any

import pytest

from karptui.lab.ec2.pools import Pools, Shortage

PRICES = {"m5.large": 0.096, "c6a.large": 0.0765, "r5.large": 0.126}


def price(capacity_type: str, instance_type: str, zone: str) -> float | None:
    known = PRICES.get(instance_type)
    if known is None:
        return None
    return known if capacity_type == "on-demand" else known * (0.5 if zone == "b" else 0.4)


def overrides(*types: str, zones: str = "ab") -> list[dict[str, Any]]:
    return [{"InstanceType": name, "AvailabilityZone": zone} for name in types for zone in zones]


def shortage(
    instance_type: str | None = None, zone: str | None = None, kind: str | None = None, left: int = 0
) -> Shortage:
    return Shortage(instance_type, zone, kind, left, "InsufficientInstanceCapacity", "none")


def chosen(pools: Pools, asked: list[dict[str, Any]], kind: str = "on-demand", strategy: str = "lowest-price") -> Any:
    override, refused = pools.choose(asked, kind, strategy)
    pool = (override["InstanceType"], override["AvailabilityZone"]) if override else None
    return pool, [(tried["InstanceType"], tried["AvailabilityZone"]) for tried, _ in refused]


@pytest.fixture
def pools() -> Pools:
    return Pools(price, "seed")


def test_the_lowest_price_wins_whatever_the_order_of_overrides(pools: Pools) -> None:
    assert chosen(pools, overrides("r5.large", "m5.large", "c6a.large")) == (("c6a.large", "a"), [])
    assert chosen(pools, overrides("m5.large"), "spot") == (("m5.large", "a"), [])


def test_an_empty_pool_is_refused_and_the_next_one_tried(pools: Pools) -> None:
    pools.set(shortage("c6a.large"))
    asked = overrides("m5.large", "c6a.large")
    assert chosen(pools, asked) == (("m5.large", "a"), [("c6a.large", "a"), ("c6a.large", "b")])
    pools.set(shortage(zone="a"))
    assert chosen(pools, asked)[0] == ("m5.large", "b")
    pools.set(shortage())
    pool, refused = chosen(pools, asked)
    assert pool is None and len(refused) == 4


def test_a_shortage_of_spot_leaves_on_demand_alone(pools: Pools) -> None:
    pools.set(shortage(kind="spot"))
    assert chosen(pools, overrides("m5.large"), "spot")[0] is None
    assert chosen(pools, overrides("m5.large"))[0] == ("m5.large", "a")


def test_a_pool_with_some_left_runs_out(pools: Pools) -> None:
    pools.set(shortage("c6a.large", "a", left=2))
    asked = overrides("c6a.large", zones="ab")
    assert [chosen(pools, asked)[0] for _ in range(4)] == [("c6a.large", zone) for zone in "aabb"]


def test_a_shortage_ends(pools: Pools) -> None:
    pools.set(shortage("c6a.large"))
    pools.set(shortage("m5.large"))
    pools.clear("c6a.large", None, None)
    assert chosen(pools, overrides("c6a.large"))[0] == ("c6a.large", "a")
    assert chosen(pools, overrides("m5.large"))[0] is None
    pools.clear(None, None, None)
    assert chosen(pools, overrides("m5.large"))[0] == ("m5.large", "a")


def test_price_capacity_optimized_weighs_depth_against_price(pools: Pools) -> None:
    asked = overrides("m5.large", zones="cdefgh")
    picks = {chosen(Pools(price, str(seed)), asked, "spot", "price-capacity-optimized")[0] for seed in range(30)}
    assert len(picks) > 1, "pools of one price differ in depth, so it is not always the first zone"
    # A much cheaper pool wins nonetheless.
    both = overrides("m5.large", "r5.large", zones="a")
    for seed in range(30):
        assert chosen(Pools(price, str(seed)), both, "spot", "price-capacity-optimized")[0] == ("m5.large", "a")


def test_prioritized_strategies_follow_priority_and_not_price(pools: Pools) -> None:
    asked = [
        override | {"Priority": rank} for rank, override in enumerate(overrides("r5.large", "c6a.large", zones="a"))
    ]
    assert chosen(pools, asked, strategy="prioritized")[0] == ("r5.large", "a")


def test_a_type_without_a_price_comes_last(pools: Pools) -> None:
    assert chosen(pools, overrides("unheard.of", "r5.large"))[0] == ("r5.large", "a")
