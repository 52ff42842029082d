"""Which pods come first in the list of pods."""

from msgspec.structs import replace

from karptui.views.kept.claims import KeptClaims
from karptui.views.lists.pods import KeptPods, pod_rows
from karptui.views.timelines.progress import KeptWaiting
from karptui.world import events
from karptui.world.world import World
from tests.tui.moment import decided
from tests.world.recorded import STARTED

NOW = STARTED + 11.0


def with_the_stuck_pod_youngest() -> tuple[World, str]:
    """The recorded cluster, where the pod that fits nowhere has waited for the shortest time."""
    world = decided(11.0)
    key, pod = next((key, pod) for key, pod in world.pending.items() if "impossible" in key)
    younger = replace(pod, metadata=replace(pod.metadata, created=NOW - 0.1))
    world.apply(events.ObjectSeen(NOW, "pods", events.Change.MODIFIED, younger))
    return world, key


def test_a_pod_that_nothing_is_under_way_for_comes_before_those_that_wait_longer() -> None:
    world, stuck = with_the_stuck_pod_youngest()
    rows = pod_rows(world, NOW)
    assert len(rows.pending()) == len(world.pending) > 1
    assert next(iter(rows)).key == stuck
    assert [row.key for row in rows.pending()] == [row.key for row in rows][: len(world.pending)]
    assert [rows.index_of(row.key) for row in rows] == list(range(len(rows)))
    ages = [row.age for row in rows.pending()][1:]
    assert ages == sorted(ages, reverse=True)


def test_a_pod_that_is_helped_after_all_goes_where_the_others_wait() -> None:
    world, stuck = with_the_stuck_pod_youngest()
    kept, waits, claims = KeptPods(), KeptWaiting(), KeptClaims()
    assert kept.read(world, NOW, waits.read(world, NOW, claims))[0].key == stuck
    assert world.preview is not None
    plan = world.preview.plan
    helped = replace(plan, errors={key: why for key, why in plan.errors.items() if key != stuck})
    world.apply(events.PlanPreviewed(NOW, helped, world.preview.snapshot))
    rows = kept.read(world, NOW, waits.read(world, NOW, claims))
    assert rows.index_of(stuck) == len(rows.pending()) - 1
    assert [row.key for row in rows] == [row.key for row in pod_rows(world, NOW)]
