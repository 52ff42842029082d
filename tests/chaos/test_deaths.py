"""A few of the deaths that `python -m tests.chaos` tries, spread over the story."""

from itertools import pairwise

import pytest

from tests.chaos.campaign import SPEED, points_of
from tests.chaos.death import Point
from tests.chaos.story import chaotic_cluster, play


@pytest.mark.slow
async def test_a_controller_that_dies_at_a_call_leaves_nothing_behind() -> None:
    async with chaotic_cluster(SPEED) as (cluster, aws):
        first = await play(cluster, aws, None)
        assert first.faults == []
        assert first.calls > 60
        assert first.evictions >= 3
        for point in (Point("after", first.calls // 6), Point("before", first.calls // 2)):
            outcome = await play(cluster, aws, point)
            assert outcome.died, point
            assert outcome.faults == [], outcome


def test_points_lie_before_and_after_every_call_and_a_smaller_number_of_them_is_spread_evenly() -> None:
    every = points_of(50, None)
    assert {(point.moment, point.number) for point in every} == {
        (moment, number) for moment in ("before", "after") for number in range(1, 51)
    }
    few = sorted(point.number for point in points_of(50, 10))
    assert len(few) == 10
    assert max(later - earlier for earlier, later in pairwise(few)) <= 6
