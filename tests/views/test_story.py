"""Where a demo's story stands."""

from karptui.model.decision import Decision, DecisionKind
from karptui.views.timelines.story import story
from karptui.world import events
from karptui.world.world import World


def _told(at: float, goes_on: float | None = None) -> events.Narrated:
    return events.Narrated(at, 2, "Act 2: EC2 reclaims", 3, "A burst", 3, 4, "the evening", goes_on)


def test_a_step_tells_its_act_what_follows_and_when_it_goes_on_by_itself() -> None:
    world = World()
    assert story(world, 100.0) is None
    world.apply(_told(100.0))
    view = story(world, 101.0)
    assert view is not None
    assert (view.act, view.acts, view.step, view.steps, view.following) == (2, 3, 3, 4, "the evening")
    assert view.goes_on is None
    world.apply(_told(110.0, goes_on=116.0))
    view = story(world, 112.0)
    assert view is not None
    assert view.goes_on == 4.0
    assert len([line for line in world.log if line.source == "story"]) == 1


def test_a_move_counts_once_with_what_it_was_said_to_save() -> None:
    world = World()
    world.apply(_told(0.0))
    decision = Decision("D-00001", 0.0, DecisionKind.REPLACE, nodes=("n1",), price_change=-0.36)
    world.apply(events.DecisionMade(0.0, decision))
    world.apply(events.DecisionCarriedOut(1.0, "D-00001", claim="c1"))
    world.apply(events.DecisionCarriedOut(9.0, "D-00001", message="deleting n1"))
    view = story(world, 101.0)
    assert view is not None
    assert view.saved == "1 move saves $0.360/h, $0.010 so far"
