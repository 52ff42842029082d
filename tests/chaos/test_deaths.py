"""A few of the deaths that `python -m tests.chaos` tries, one of each kind of write."""

from tests.chaos.death import Point
from tests.chaos.story import play, set_up
from tests.control.active_cluster import active_cluster


async def test_a_controller_that_dies_around_a_launch_leaves_nothing_behind() -> None:
    async with active_cluster(speed=30.0, started=False) as cluster:
        await set_up(cluster)
        first = await play(cluster, None)
        assert first.faults == []
        assert first.writes > 10
        for point in (Point("after", 3), Point("before", 5), Point("after", first.writes // 2)):
            outcome = await play(cluster, point)
            assert outcome.died, point
            assert outcome.faults == [], point
