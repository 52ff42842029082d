"""What nodes really cost under what is paid in advance."""

import pytest

from karptui.model.commitment import Commitment
from karptui.views.spending.commitments import Effective, Priced, effective


def on_demand(key: str, instance_type: str, price: float, zone: str = "us-east-1a") -> Priced:
    return Priced(key, instance_type, zone, "on-demand", price)


def reserved(instance_type: str, hourly: float, count: int = 1, zone: str = "") -> Commitment:
    return Commitment(
        kind="reserved-instance", instance_type=instance_type, hourly=hourly, count=count, zone=zone, id="ri"
    )


def costs(bill: Effective) -> dict[str, float]:
    return {key: round(price, 6) for key, price in bill.nodes.items()}


def test_a_reserved_instance_covers_as_many_nodes_of_its_type_as_there_are_in_it() -> None:
    nodes = [on_demand(name, "m5.metal", 4.0) for name in "abc"]
    bill = effective(nodes, [reserved("m5.metal", 2.5, count=2)])
    assert costs(bill) == {"a": 2.5, "b": 2.5, "c": 4.0}
    assert (bill.listed, bill.hourly, bill.idle) == (12.0, 9.0, 0.0)
    assert (bill.uses[0].used, bill.uses[0].cost, bill.uses[0].covers) == (1.0, 5.0, 8.0)


def test_what_is_reserved_in_a_zone_covers_nothing_elsewhere_and_is_paid_all_the_same() -> None:
    bill = effective([on_demand("a", "m5.large", 0.1, "us-east-1b")], [reserved("m5.large", 0.06, zone="us-east-1a")])
    assert costs(bill) == {"a": 0.1}
    assert (bill.hourly, bill.idle, bill.uses[0].used) == (pytest.approx(0.16), pytest.approx(0.06), 0.0)


def test_a_regional_reservation_covers_other_sizes_of_its_family_by_their_size() -> None:
    nodes = [
        on_demand("large", "m5.large", 0.1),
        on_demand("wide", "m5.2xlarge", 0.4),
        on_demand("other", "c5.large", 0.08),
    ]
    bill = effective(nodes, [reserved("m5.xlarge", 0.12)])
    # 8 units: 4 for the large one, the other 4 are a quarter of the 16 of the 2xlarge.
    assert costs(bill) == {"large": 0.06, "wide": round(0.25 * 0.24 + 0.75 * 0.4, 6), "other": 0.08}
    assert bill.uses[0].used == pytest.approx(1.0)


def test_a_savings_plan_goes_where_it_saves_the_largest_share_until_its_hour_is_used_up() -> None:
    plan = Commitment(kind="savings-plan", hourly=0.09, rates={"m5.large": 0.07, "c5.large": 0.04})
    nodes = [on_demand("m", "m5.large", 0.1), on_demand("c", "c5.large", 0.08), on_demand("r", "r5.large", 0.13)]
    bill = effective(nodes, [plan])
    share = 0.05 / 0.07
    assert costs(bill) == {"m": round(share * 0.07 + (1 - share) * 0.1, 6), "c": 0.04, "r": 0.13}
    assert (bill.uses[0].used, bill.idle) == (pytest.approx(1.0), pytest.approx(0.0))


def test_spot_is_never_covered_and_reserved_instances_come_before_savings_plans() -> None:
    spot = Priced("s", "m5.large", "us-east-1a", "spot", 0.03)
    plan = Commitment(kind="savings-plan", hourly=1.0, discount=0.3)
    bill = effective([spot, on_demand("a", "m5.large", 0.1), on_demand("b", "m5.large", 0.1)],
                     [plan, reserved("m5.large", 0.05)])  # fmt: skip
    assert costs(bill) == {"s": 0.03, "a": 0.05, "b": 0.07}
    assert bill.idle == pytest.approx(0.93)
    assert bill.hourly == pytest.approx(0.03 + 0.05 + 0.07 + 0.93)


def test_a_plan_of_a_family_covers_that_family_only() -> None:
    plan = Commitment(kind="savings-plan", hourly=1.0, family="m5", discount=0.5)
    bill = effective([on_demand("m", "m5.large", 0.1), on_demand("c", "c5.large", 0.08)], [plan])
    assert costs(bill) == {"m": 0.05, "c": 0.08}


def test_empty_places_of_a_capacity_reservation_cost_the_list_price() -> None:
    places = Commitment(kind="capacity-reservation", instance_type="m5.large", zone="us-east-1a", count=3, hourly=0.1)
    bill = effective([on_demand("a", "m5.large", 0.1)], [places])
    assert costs(bill) == {"a": 0.1}
    assert (bill.hourly, bill.idle) == (pytest.approx(0.3), pytest.approx(0.2))


def test_a_capacity_block_that_is_paid_costs_nothing_more() -> None:
    block = Commitment(kind="capacity-block", instance_type="p5.48xlarge", zone="us-east-1a", count=1)
    node = Priced("gpu", "p5.48xlarge", "us-east-1a", "reserved", 55.0)
    assert costs(effective([node], [block])) == {"gpu": 0.0}
