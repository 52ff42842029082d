"""Durations, money and names are worded in one way."""

import pytest

from karptui.views.timelines.progress import pods_text
from karptui.views.wording import amount, clock, duration, hourly, monthly, percent, plural, short_zone, signed_hourly


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (0, "0.0s"),
        (0.44, "0.4s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (94, "1m34s"),
        (3599.6, "1h00m"),
        (11520, "3h12m"),
        (86400 * 4 + 7200, "4d2h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("price", "text"),
    [(0, "0.00"), (0.0061, "0.0061"), (0.0612, "0.0612"), (0.221, "0.221"), (9.41, "9.41"), (1234.5, "1,234.50")],
)
def test_small_prices_keep_the_digits_that_tell_them_apart(price: float, text: str) -> None:
    assert amount(price) == text
    assert hourly(price) == f"${text}/h"


def test_changes_carry_their_sign() -> None:
    assert signed_hourly(0.0612) == "+$0.0612/h"
    assert signed_hourly(-0.03) == "−$0.0300/h"


def test_the_rest() -> None:
    assert monthly(9.41) == "$6,869/mo"
    assert clock(1795264142.9) == "12:29:02"
    assert percent(0.826) == "83%"
    assert (plural(1, "pod"), plural(12000, "pod")) == ("1 pod", "12,000 pods")
    assert (short_zone("us-west-2c"), short_zone("test-zone-a"), short_zone("")) == ("2c", "test-zone-a", "")


def test_pods_of_one_workload_are_named_by_what_they_share() -> None:
    assert pods_text(("a/web-1",)) == "a/web-1"
    assert pods_text(("payments/ledger-1x", "payments/ledger-2y")) == "payments/ledger-*"
    assert pods_text(("a/x", "b/y", "c/z", "d/w")) == "4 pods"


def test_pods_of_a_few_workloads_are_named_by_workload() -> None:
    assert pods_text(("a/web-2", "a/job-1", "a/web-1")) == "a/job-1, a/web-*"
    assert pods_text(("a/web-1", "b/web-1")) == "a/web-1, b/web-1"
    assert pods_text(("shop/a-1", "shop/b-1", "shop/c-1", "shop/d-1")) == "shop/*"
