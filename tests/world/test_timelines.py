"""From Pending to Bound: when each pod and each NodeClaim passed its stages, as a real Karpenter had them pass."""

import pytest

from karptui.world import events
from karptui.world.events import Change
from karptui.world.world import World
from tests.world.recorded import STARTED, node, pod, seen, world_until

INFLATED = "default/inflate-84d777bc48-85z2w"


def test_a_recorded_pod_passed_every_stage_in_order() -> None:
    timeline = world_until(30).pod_timelines[INFLATED]
    stages = [timeline.created, timeline.unschedulable, timeline.bound, timeline.started, timeline.ready]
    assert None not in stages
    assert stages == sorted(stage for stage in stages if stage is not None)
    assert timeline.target == "default-cjbhf"
    assert timeline.node.startswith("kwok-default-cjbhf")
    assert timeline.scheduler_message == "no nodes available to schedule pods"
    assert timeline.pending_seconds == pytest.approx(4.4, abs=0.7)


def test_a_recorded_nodeclaim_passed_every_stage_in_order() -> None:
    timeline = world_until().claim_timelines["default-cjbhf"]
    stages = [
        timeline.created,
        timeline.launched,
        timeline.node_seen,
        timeline.node_ready,
        timeline.registered,
        timeline.initialized,
        timeline.draining,
        timeline.terminating,
        timeline.gone,
    ]
    assert None not in stages
    assert stages == sorted(stage for stage in stages if stage is not None)


def test_every_recorded_pod_that_was_bound_was_created_before() -> None:
    timelines = world_until().pod_timelines.values()
    bound = [entry for entry in timelines if entry.bound is not None]
    assert len(bound) == 26
    assert all(entry.bound is not None and entry.created <= entry.bound for entry in bound)
    assert sum(entry.bound is None for entry in timelines) == 1  # the one that fits nowhere


def test_a_creation_seen_within_its_second_is_stamped_to_the_fraction() -> None:
    world = World()
    created = 1795264143.0  # 12:29:03Z
    world.apply(seen(pod("a"), created + 0.4, Change.ADDED))
    world.apply(seen(pod("b"), created + 40, Change.ADDED))
    assert world.pod_timelines["default/a"].created == created + 0.4
    assert world.pod_timelines["default/b"].created == created


def test_a_pod_that_was_bound_before_anybody_looked_has_no_invented_timeline() -> None:
    world = World()
    world.apply(seen(pod(node="n1", phase="Running"), STARTED, Change.ADDED))
    assert not world.pod_timelines


def test_a_new_pod_of_an_old_name_does_not_inherit_the_old_ones_timeline() -> None:
    world = World()
    world.apply(seen(pod(uid="old"), STARTED, Change.ADDED))
    world.apply(seen(pod(uid="old"), STARTED + 1, Change.DELETED))
    assert world.pod_timelines["default/web-1"].gone == STARTED + 1
    world.apply(seen(pod(uid="new", node="n1"), STARTED + 9, Change.ADDED))
    assert "default/web-1" not in world.pod_timelines
    world.apply(seen(pod(uid="new", node="n1"), STARTED + 10, Change.DELETED))
    world.apply(seen(pod(uid="newest"), STARTED + 11, Change.ADDED))
    assert world.pod_timelines["default/web-1"].uid == "newest"


def test_what_happened_before_anybody_looked_is_taken_from_the_conditions() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True, created="2026-11-21T12:20:00Z"), STARTED, Change.ADDED))
    timeline = world.pod_timelines["default/web-1"]
    assert timeline.unschedulable == timeline.created < STARTED - 500


def test_a_nomination_event_names_the_claim_a_pod_waits_for() -> None:
    world = world_until(6.0)
    targets = {timeline.target for timeline in world.pod_timelines.values()}
    assert targets == {"default-cjbhf"}


def test_an_interruption_is_in_the_timeline_of_its_claim() -> None:
    world = world_until(30)
    claim = world.of("nodeclaims")["default-cjbhf"]
    world.apply(events.InterruptionSeen(STARTED + 31, claim.provider_id, "spot_interrupted", STARTED + 151))
    assert world.claim_timelines["default-cjbhf"].interrupted == STARTED + 31
    assert ("nodeclaims", "default-cjbhf") in world.dirty


def test_when_a_node_last_had_a_pod_come_or_go_is_known() -> None:
    world = World()
    world.apply(seen(node("n1"), STARTED, Change.ADDED))
    world.apply(seen(pod(), STARTED + 1, Change.ADDED))
    world.apply(seen(pod(node="n1"), STARTED + 5))
    world.apply(seen(pod(node="n1", phase="Running"), STARTED + 9))
    assert world.usage.last_change("n1") == STARTED + 5
    world.apply(seen(pod(node="n1", deleted=True), STARTED + 20))
    assert world.usage.last_change("n1") == STARTED + 20
    world.apply(seen(node("n1"), STARTED + 30, Change.DELETED))
    assert world.usage.last_change("n1") == 0.0


def test_a_pod_that_was_bound_before_anybody_looked_is_not_bound_again_by_a_change() -> None:
    world = World()
    world.apply(seen(pod(node="n1"), STARTED, Change.ADDED))
    world.apply(seen(pod(node="n1", phase="Running"), STARTED + 60))
    assert not world.pod_timelines
    assert not world.bound_seconds


def test_how_long_recent_pods_took_to_be_bound_is_kept() -> None:
    assert len(world_until().bound_seconds) == 26
    assert max(world_until().bound_seconds) < 6.0


def test_the_way_of_pods_that_wait_is_kept_and_of_bound_ones_that_of_the_latest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("karptui.world.world.KEPT_POD_TIMELINES", 10)
    world = World()
    for number in range(6):
        world.apply(seen(pod(f"waits-{number}", unschedulable=True), STARTED, Change.ADDED))
    for number in range(30):
        world.apply(seen(pod(f"runs-{number:02d}", unschedulable=True), STARTED, Change.ADDED))
        world.apply(seen(pod(f"runs-{number:02d}", node="n"), STARTED + 1))
    kept = [key.partition("/")[2] for key in world.pod_timelines]
    assert sorted(name for name in kept if name.startswith("waits")) == [f"waits-{number}" for number in range(6)]
    assert "runs-29" in kept
    assert "runs-00" not in kept
    assert len(kept) <= 16
