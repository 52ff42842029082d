"""What active mode is about to do."""

from karptui.engine.provisioning import plan
from karptui.model.decision import Decision, DecisionKind
from karptui.views.lists.acts import acts, acts_title
from karptui.world import events
from tests.world.recorded import STARTED, world_until

NODE = "ip-10-0-0-1.ec2.internal"


def decision(at: float) -> Decision:
    return Decision("D-00001", at, DecisionKind.DELETE, nodes=(NODE,), cause="Empty", price_change=-0.04)


def test_a_command_counts_down_to_when_it_is_looked_at_again() -> None:
    world = world_until(2.4)
    now = STARTED + 2.4
    world.apply(events.DecisionMade(now, decision(now)))
    row = next(row for row in acts(world, now + 5.0) if row.nodes == (NODE,))
    assert row.text.startswith("delete ") and row.due is not None and abs(row.due - 10.0) < 0.001
    assert row.holds == (NODE,) and not row.held
    assert not [row for row in acts(world, now + 15.0) if row.nodes == (NODE,)]


def test_what_is_held_stays_in_sight_when_its_act_is_gone() -> None:
    world = world_until(2.4)
    now = STARTED + 2.4
    world.apply(events.DecisionMade(now, decision(now)))
    world.apply(events.BrakesSet(now, True, (NODE, events.LAUNCHES)))
    assert next(row for row in acts(world, now) if row.nodes == (NODE,)).held
    later = {row.key: row for row in acts(world, now + 20.0)}
    assert later[f"held {NODE}"].held and later[f"held {NODE}"].text == "nothing is done to ip-10-0-0-1"
    assert any(row.holds == (events.LAUNCHES,) and row.held for row in later.values())


def test_the_title_says_who_may_write_and_that_disruption_is_off() -> None:
    world = world_until(2.4)
    assert acts_title(world)[0] == "nobody holds the lease"
    world.apply(events.LeaseChanged(STARTED, "karptui-active", "host_1_ab", ours=True))
    world.apply(events.BrakesSet(STARTED, False))
    assert acts_title(world)[0] == "DISRUPTION OFF, lease: this karptui"
    world.apply(events.LeaseChanged(STARTED, "karptui-active", "other_2_cd", ours=False))
    assert acts_title(world)[0] == "DISRUPTION OFF, lease: other_2_cd"


def test_pods_that_have_been_decided_for_are_not_announced_once_more() -> None:
    world = world_until(2.4)
    now = STARTED + 2.4
    answer = plan(world.snapshot(now))
    world.apply(events.PlanPreviewed(now, answer, world.number, closes=now + 1.0))
    assert [row.text for row in acts(world, now)] == ["launch 1 node for 5 pods"]
    made = Decision("D-00007", now, DecisionKind.LAUNCH, pods=answer.claims[0].pods, claim=answer.claims[0])
    world.apply(events.DecisionMade(now, made))
    assert not acts(world, now + 1.0)
    assert acts(world, now + 60.0), "a decision that came to nothing is made again"
