"""A few of the deaths that `python -m tests.chaos` tries, spread over the story."""

from tests.chaos.death import Point
from tests.chaos.story import chaotic_cluster, play


async def test_a_controller_that_dies_at_a_call_leaves_nothing_behind() -> None:
    async with chaotic_cluster(30.0) as (cluster, aws):
        first = await play(cluster, aws, None)
        assert first.faults == []
        assert first.calls > 60
        assert first.evictions >= 3
        for point in (Point("after", first.calls // 6), Point("before", first.calls // 2)):
            outcome = await play(cluster, aws, point)
            assert outcome.died, point
            assert outcome.faults == [], outcome
