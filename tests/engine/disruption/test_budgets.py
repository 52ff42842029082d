"""How many nodes budgets let go."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.engine.disruption.budgets import (
    UNLIMITED,
    Allowance,
    Fleet,
    allowance,
    allowed,
    changes,
    is_active,
    next_change,
    next_closing,
    next_opening,
)
from karptui.model.metadata import Metadata
from karptui.model.nodepool import Budget, NodePool

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
SCHEDULES = (("0 13 * * *", HOUR), ("*/20 * * * *", 300.0), ("0 9 * * mon-fri", 8 * HOUR), ("@daily", 86400.0))


def pool(*budgets: Budget) -> NodePool:
    return NodePool(Metadata("default"), budgets=budgets)


@pytest.mark.parametrize(("total", "amount"), [(10, 1), (11, 2), (0, 0), (1, 1), (100, 10)])
def test_a_percentage_is_rounded_up(total: int, amount: int) -> None:
    assert allowed(pool(Budget("10%")), Fleet(total), "Empty", NOON) == amount


def test_without_budgets_nothing_limits_but_busy_nodes_count() -> None:
    assert allowed(pool(), Fleet(5, 2), "Empty", NOON) == UNLIMITED - 2


def test_busy_nodes_are_taken_off_the_least_budget() -> None:
    several = pool(Budget("50%"), Budget("3"))
    assert allowed(several, Fleet(10, 2), "Drifted", NOON) == 1
    assert allowed(several, Fleet(10, 5), "Drifted", NOON) == 0


def test_a_budget_holds_for_its_reasons_only() -> None:
    one = pool(Budget("0", ("Drifted",)), Budget("2", ("Empty",)), Budget("1", ()))
    assert [allowed(one, Fleet(9), reason, NOON) for reason in ("Empty", "Drifted", "Underutilized")] == [
        2,
        0,
        UNLIMITED,
    ]


def test_a_window_begins_with_its_hit_and_ends_before_its_duration_is_over() -> None:
    night = pool(Budget("0", schedule="0 12 * * *", duration=HOUR))
    at = {NOON - 1: UNLIMITED, NOON: 0, NOON + HOUR - 1: 0, NOON + HOUR: UNLIMITED}
    assert {moment: allowed(night, Fleet(3), "Empty", moment) for moment in at} == at


def test_a_schedule_that_never_hits_always_holds() -> None:
    assert allowed(pool(Budget("1", schedule="0 0 31 2 *", duration=HOUR)), Fleet(9), "Empty", NOON) == 1


def test_a_budget_that_cannot_be_read_closes_its_pool_for_every_reason() -> None:
    assert allowed(pool(Budget("5", ("Empty",), "0 0 * * 7", HOUR)), Fleet(9), "Drifted", NOON) == 0
    assert allowed(pool(Budget("x", ("Empty",))), Fleet(9), "Drifted", NOON) == 0


def test_an_amount_that_cannot_be_read_does_no_harm_outside_its_window() -> None:
    closed = pool(Budget("x", schedule="0 11 * * *", duration=HOUR))
    assert allowed(closed, Fleet(9), "Empty", NOON) == UNLIMITED
    assert allowed(closed, Fleet(9), "Empty", NOON - 1) == 0


def test_the_next_opening_is_the_end_of_the_last_window_that_closes_the_pool() -> None:
    working = pool(
        Budget("0", schedule="0 9 * * mon-fri", duration=8 * HOUR),
        Budget("0", schedule="0 16 * * *", duration=2 * HOUR),
    )
    assert next_opening(working, "Empty", Fleet(3), NOON) == NOON + 6 * HOUR
    assert next_opening(working, "Empty", Fleet(3), NOON - 4 * HOUR) == NOON - 4 * HOUR


def test_a_pool_that_is_always_closed_never_opens() -> None:
    assert next_opening(pool(Budget("0")), "Empty", Fleet(3), NOON) is None
    assert next_opening(pool(Budget("1")), "Empty", Fleet(3, 1), NOON) is None


def test_changes_are_told_once_each() -> None:
    daily = pool(Budget("0", schedule="0 13 * * *", duration=HOUR), Budget("2"))
    told = changes(daily, "Empty", Fleet(9), NOON, NOON + 24 * HOUR)
    assert [(moment, found.count) for moment, found in told] == [
        (NOON, 2),
        (NOON + HOUR, 0),
        (NOON + 2 * HOUR, 2),
    ]


def test_the_budget_that_binds_is_the_one_that_lets_the_fewest_go_for_the_reason() -> None:
    tight, loose = Budget("1", ("Drifted",)), Budget("50%")
    both = pool(loose, tight)
    assert allowance(both, Fleet(9, 2), "Drifted", NOON) == Allowance(0, 1, tight)
    assert allowance(both, Fleet(9, 2), "Empty", NOON) == Allowance(3, 5, loose)
    assert allowance(pool(), Fleet(9), "Empty", NOON).budget is None


def test_a_budget_that_cannot_be_read_is_the_one_that_binds_and_says_what_is_wrong() -> None:
    broken = Budget("5", schedule="0 25 * * *", duration=HOUR)
    found = allowance(pool(Budget("1"), broken), Fleet(9), "Empty", NOON)
    assert (found.count, found.budget) == (0, broken)
    assert "0 to 23" in found.fault


def test_the_next_closing_is_the_first_window_that_lets_nothing_go() -> None:
    nightly = pool(Budget("2"), Budget("0", schedule="0 22 * * *", duration=HOUR))
    assert next_closing(nightly, "Empty", Fleet(3), NOON) == NOON + 10 * HOUR
    assert next_closing(pool(Budget("2")), "Empty", Fleet(3), NOON) is None


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(SCHEDULES), max_size=3), st.integers(0, 7 * 86400))
def test_the_next_change_of_any_schedule_is_the_first_moment_at_which_one_begins_or_ends(
    schedules: list[tuple[str, float]], offset: int
) -> None:
    budgets = tuple(Budget("0", schedule=text, duration=seconds) for text, seconds in schedules)
    now = NOON + offset
    turn = next_change(budgets, now)
    minutes = range(1, 26 * 60)
    before = [is_active(budget, now) for budget in budgets]
    start = now - now % 60
    for minute in minutes:
        moment = start + minute * 60
        if turn is not None and moment >= turn:
            break
        assert [is_active(budget, moment) for budget in budgets] == before
