"""A few of the deaths that `python -m tests.chaos` tries, spread over the acts."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from tests.chaos.campaign import SPEED, points_of
from tests.chaos.death import Point
from tests.chaos.stage import stage
from tests.chaos.story import play


@pytest.mark.slow
async def test_a_controller_that_is_killed_at_a_call_leaves_nothing_behind() -> None:
    async with stage(SPEED) as cluster:
        first = await play(cluster, "interruption", None)
        assert first.faults == []
        assert first.calls > 30
        assert first.evictions >= 1  # on a busy machine the pods of `web` may have come to two nodes
        for point in (
            Point("interruption", "after", 20),
            Point("drift", "before", 25),
            Point("provisioning", "after", 8),
        ):
            outcome = None
            for later in range(4):
                outcome = await play(cluster, point.act, replace(point, number=point.number + later))
                assert outcome.faults == [], outcome
                if outcome.died:
                    break  # a call that was still under way at the end, as a long poll may be, has no "after"
            assert outcome is not None and outcome.died, point


def test_points_lie_before_and_after_every_call_and_a_smaller_number_of_them_is_spread_evenly() -> None:
    every = points_of({"drift": 50, "expiration": 2}, None)
    assert {(point.act, point.moment, point.number) for point in every} == {
        (act, moment, number)
        for act, calls in (("drift", 50), ("expiration", 2))
        for number in range(1, calls + 1)
        for moment in ("before", "after")
    }
    few = sorted(point.number for point in points_of({"drift": 50}, 10))
    assert len(few) == 10
    assert max(later - earlier for earlier, later in pairwise(few)) <= 6
