"""What the Overview, the head and the why pane say about a cluster that was real."""

import pytest

from karptui.engine.provisioning import plan
from karptui.views.answers.why import find, why
from karptui.views.head import figures, head
from karptui.views.line import plain
from karptui.views.lists.decisions import decision_row, decision_view
from karptui.views.lists.overview import overview
from karptui.views.stage import stage_of
from karptui.views.timelines.pod_timeline import pod_timeline
from karptui.world import events
from karptui.world.planning import decisions_of
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

INFLATED = "default/inflate-84d777bc48-85z2w"


def planned(seconds: float) -> World:
    """The World then, with what would be decided."""
    world = world_until(seconds)
    now = STARTED + seconds
    snapshot = world.snapshot(now)
    answer = plan(snapshot)
    world.apply(events.PlanPreviewed(now, answer, snapshot.number))
    for number, decision in enumerate(decisions_of(answer, snapshot, 0.01), 1):
        named = type(decision)(f"D-{number:05d}", *(getattr(decision, n) for n in decision.__struct_fields__[1:]))
        world.apply(events.DecisionMade(now, named))
    return world


def test_before_karpenter_acts_five_pods_wait_for_a_node_that_is_being_decided() -> None:
    shown = overview(planned(2.4), STARTED + 2.4)
    (row,) = shown.waiting
    assert len(row.pods) == 5
    assert row.text.startswith("a new c-8x-amd64-linux spot test-zone-")
    assert shown.sentence.startswith("5 pods wait for a new c-8x-amd64-linux")
    assert not shown.nodes
    assert shown.decisions[0].text.startswith("5 pods → c-8x-amd64-linux spot")


def test_while_the_node_boots_its_pods_wait_for_its_claim() -> None:
    shown = overview(planned(3.5), STARTED + 3.5)
    (row,) = shown.waiting
    assert row.claim == "default-cjbhf"
    assert "default-cjbhf boots" in row.text
    (claim,) = shown.in_flight
    assert (claim.key, claim.stage, claim.pods) == ("default-cjbhf", "booting", 5)
    assert claim.age == pytest.approx(0.886, abs=0.01)


def test_a_pod_that_fits_nowhere_is_listed_first_with_the_cause() -> None:
    shown = overview(planned(8.0), STARTED + 8.0)
    assert [row.blocked for row in shown.waiting] == sorted((row.blocked for row in shown.waiting), reverse=True)
    assert shown.waiting[0].pods == ("default/impossible-5dbc45688-7n27x",)
    assert "no-such-type" in shown.waiting[0].text
    assert shown.sentence.startswith("1 pod cannot be placed: ")


def test_pools_and_nodes_show_what_is_asked_of_them() -> None:
    world = world_until(30)
    shown = overview(world, STARTED + 30)
    (pool,) = shown.pools
    assert (pool.key, pool.nodes, pool.ready) == ("default", 4, True)
    assert 0 < pool.cpu < 1
    assert pool.hourly == pytest.approx(world.ledger.hourly)
    assert sum(row.pods for row in shown.nodes) == sum(pod.bound for pod in world.of("pods").values())
    unused = [(row.price or 0) * (1 - max(row.cpu, row.memory)) for row in shown.nodes]
    assert unused == sorted(unused, reverse=True)


def test_a_draining_node_says_how_many_pods_are_left() -> None:
    world = world_until(55.3)
    draining = [row for row in overview(world, STARTED + 55.3).in_flight if row.stage.startswith("draining")]
    assert [(row.key, row.stage) for row in draining] == [("default-m9ln6", "draining, 0 pods left")]


def test_the_head_counts_what_there_is() -> None:
    world = world_until(30)
    shown = head(world, "REPLAY", STARTED + 30)
    assert (shown.cluster, shown.kubernetes, shown.karpenter) == ("karpenter-kwok", "v1.35.4", "v1.14.1")
    assert (shown.pending, shown.nodes, shown.coming, shown.draining) == (1, 4, 0, 0)
    assert shown.streams_live == shown.streams == 5
    assert shown.spent > 0
    assert figures(shown).startswith("PENDING 1 (oldest 2")
    assert "NODES 4" in figures(shown)
    assert "unpriced" not in figures(shown)


def test_unpriced_nodes_are_named_as_missing_from_the_sum() -> None:
    shown = head(world_until(30, catalogue=False), "REPLAY", STARTED + 30)
    assert "(4 nodes unpriced, NOT in the sum)" in figures(shown)


def test_a_lost_stream_is_in_the_head_with_its_age() -> None:
    world = world_until(30)
    world.apply(events.StreamChanged(STARTED + 31, "pods", events.StreamState.STALE, "Connection lost", STARTED + 20))
    shown = head(world, "OBSERVE", STARTED + 32)
    assert shown.lost == ("pods",)
    assert shown.stale == "Connection lost (last good 12s ago)"


def test_the_pod_timeline_covers_the_time_to_ready_without_gaps() -> None:
    world = world_until(30)
    view = pod_timeline(world, INFLATED, STARTED + 30)
    assert view is not None
    names = [bar.name for bar in view.bars]
    assert names[0] == "unschedulable seen"
    assert "claim → EC2 launched" in names
    assert "launched → registered" in names
    assert all(bar.end is not None and bar.end >= bar.start for bar in view.bars)
    ends = [bar.end for bar in view.bars]
    assert [bar.start for bar in view.bars[1:]] == pytest.approx(ends[:-1])
    assert view.summary.startswith("bound after 4.4s, ready after 4.5s")
    assert pod_timeline(world, "default/nobody", STARTED) is None


def test_a_stage_is_the_last_that_was_reached() -> None:
    for seconds, stage in (
        (2.7, "booting"),
        (4.9, "starting"),
        (20, "ready"),
        (131, "draining"),
        (134.71, "terminating"),
    ):
        world = world_until(seconds)
        claim = world.of("nodeclaims")["default-cjbhf"]
        assert stage_of(claim, world.claim_timelines["default-cjbhf"]).name == stage


def test_a_decision_is_explained_from_all_types_down_to_the_chosen_one() -> None:
    world = planned(2.4)
    view = decision_view(world, world.decisions["D-00001"], STARTED + 2.4)
    left = [row.remaining for row in view.funnel]
    assert left == sorted(left, reverse=True)
    assert left[0] == 144
    assert view.candidates[0].verdict == "chosen"
    assert view.candidates[0].instance_type == "c-8x-amd64-linux"
    dearer = [row for row in view.candidates if "dearer" in row.verdict or row.verdict == "same price"]
    assert [row.price for row in dearer] == sorted(row.price for row in dearer)
    assert len(view.candidates) == 144
    assert view.sentence.startswith("c-8x-amd64-linux: cheapest of ")


def test_a_refusal_is_marked_and_says_its_cause() -> None:
    world = planned(8.0)
    refused = [decision for decision in world.decisions.values() if decision.failure is not None]
    (row,) = [decision_row(world, decision) for decision in refused]
    assert (row.mark, row.role) == ("✗", "bad")
    assert row.text.startswith("1 pod fits nowhere: ")


def test_a_pod_that_fits_nowhere_is_told_what_would_help() -> None:
    world = planned(8.0)
    (stuck,) = {pod for decision in world.decisions.values() if decision.failure is not None for pod in decision.pods}
    lines = [plain(line) for line in why(world, "pod", stuck, STARTED + 8.0).lines]
    assert sum(line.startswith("fix ") for line in lines) == 1
    assert any("/h" in line for line in lines if line.startswith(("fix ", "or ")))


def test_a_pod_that_gets_a_node_is_told_which() -> None:
    lines = [plain(line) for line in why(planned(2.4), "pod", INFLATED, STARTED + 2.4).lines]
    assert any(line.startswith("goes to a new node of default with 4 other pods: c-8x-amd64-linux") for line in lines)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("d-00001", "decision"),
        ("default-cjbhf", "claim"),
        ("default", "pool"),
        (INFLATED, "pod"),
        (INFLATED.partition("/")[2], "pod"),
    ],
)
def test_a_name_is_found_and_answered(name: str, kind: str) -> None:
    world = planned(8.0)
    found = find(world, name)
    assert found is not None
    assert found[0] == kind
    answer = why(world, *found, STARTED + 8.0)
    assert answer.lines
    assert all(plain(line).strip() for line in answer.lines)


def test_a_cause_is_said_once() -> None:
    world = planned(8.0)
    answer = why(world, "pod", "default/impossible-5dbc45688-7n27x", STARTED + 8.0)
    lines = [plain(line) for line in answer.lines]
    assert sum("no instance type" in line for line in lines) == 1
    assert "need 1 cpu" in lines
    assert any(line.startswith("kube-scheduler 0/1 nodes are available") for line in lines)


def test_what_is_gone_says_so() -> None:
    answer = why(world_until(30), "pod", "default/nobody", STARTED + 30)
    assert [plain(line) for line in answer.lines] == ["gone since the last look"]
