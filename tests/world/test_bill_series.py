"""What a cluster costs over weeks: points, gaps, averages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.world import events
from karptui.world.bill_series import KEPT_MINUTES, MINUTE, BillSeries, pack, sound
from karptui.world.world import World

NOW = 1_795_264_140.0
HOUR = 3600.0


def every_minute(since: float, until: float, hourly: float) -> bytes:
    return pack((since + MINUTE * index, hourly) for index in range(int((until - since) // MINUTE)))


def test_an_average_is_of_the_minutes_that_are_known() -> None:
    series = BillSeries()
    series.add(every_minute(NOW - 3 * HOUR, NOW - 2 * HOUR, 2.0) + every_minute(NOW - HOUR, NOW, 4.0))
    assert series.average(NOW, 24 * HOUR) == (pytest.approx(3.0), 2 * HOUR)
    hourly, known = series.average(NOW, HOUR) or (0.0, 0.0)
    assert hourly == pytest.approx(4.0)
    assert known == pytest.approx(HOUR, abs=MINUTE)
    assert BillSeries().average(NOW, HOUR) is None


def test_a_gap_is_known_as_one() -> None:
    series = BillSeries()
    series.add(every_minute(NOW - 4 * HOUR, NOW - 3 * HOUR, 1.0) + every_minute(NOW - HOUR, NOW, 5.0))
    assert series.cells(NOW, 4 * HOUR, 4) == [1.0, None, None, 5.0]


def test_what_came_after_the_moment_that_is_shown_is_not_seen() -> None:
    series = BillSeries()
    series.add(every_minute(NOW - HOUR, NOW + HOUR, 5.0))
    assert series.begins(NOW - 2 * HOUR) is None
    assert series.average(NOW - 2 * HOUR, HOUR) is None
    assert series.cells(NOW, HOUR, 2) == [5.0, 5.0]


def test_a_minute_counts_once_and_only_thirty_days_are_kept() -> None:
    series = BillSeries()
    series.add(every_minute(NOW - MINUTE * KEPT_MINUTES, NOW, 1.0))
    series.add(pack([(NOW - MINUTE, 9.0), (NOW + 10 * MINUTE, 2.0)]))
    assert len(series) == KEPT_MINUTES
    assert series.average(NOW, HOUR) == (pytest.approx(1.0), 59 * MINUTE)


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 100, width=32)), max_size=60))
def test_points_in_any_order_and_twice_are_the_same_series(points: list[tuple[int, float]]) -> None:
    first = dict(reversed(points))
    one, other = BillSeries(), BillSeries()
    for minute, hourly in points:
        one.add(pack([(minute * MINUTE, hourly)]))
    other.add(pack((minute * MINUTE, hourly) for minute, hourly in first.items()))
    assert one.packed(0.0) == other.packed(0.0)
    assert sound(one.packed(0.0), NOW)


@pytest.mark.parametrize("point", [(NOW + 30 * 24 * HOUR, 1.0), (NOW, float("nan")), (NOW, -1.0), (NOW, 1e30)])
def test_what_cannot_be_a_point_is_told_apart(point: tuple[float, float]) -> None:
    assert not sound(pack([point]), NOW)


def test_the_world_adds_what_it_is_told() -> None:
    world = World()
    world.apply(events.BillKnown(NOW, every_minute(NOW - HOUR, NOW, 2.0)))
    world.apply(events.BillKnown(NOW + MINUTE, pack([(NOW + MINUTE, 2.0)])))
    assert world.ledger.past.average(NOW + MINUTE, 24 * HOUR) == (pytest.approx(2.0), HOUR + MINUTE)
