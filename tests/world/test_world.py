"""State, pending pods and usage, from events alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.model.decision import Decision, DecisionKind
from karptui.model.metadata import Metadata
from karptui.model.nodepool import NodeClass
from karptui.model.pod import Pod
from karptui.world import events
from karptui.world.events import Change, StreamState
from karptui.world.world import World
from tests.world.recorded import STARTED, node, pod, seen, world_until


def test_the_world_holds_what_the_recorded_cluster_held_in_the_middle_of_its_life() -> None:
    world = world_until(30)
    assert set(world.of("nodepools")) == {"default"}
    assert set(world.of("nodeclaims")) == {"default-cjbhf", "default-2mnfj", "default-66rwv", "default-m9ln6"}
    assert len(world.of("nodes")) == 4
    assert world.synced()


def test_a_cluster_that_was_scaled_to_zero_costs_nothing_and_asks_for_nothing() -> None:
    world = world_until()
    assert not world.of("pods")
    assert not world.of("nodes")
    assert not world.usage.requested
    assert world.ledger.hourly == 0.0


def test_a_pod_that_fits_nowhere_stays_pending_until_it_is_deleted() -> None:
    assert list(world_until(30).pending) == ["default/impossible-5dbc45688-7n27x"]
    assert not world_until(60).pending


def test_a_pod_is_pending_from_its_creation_to_its_binding() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True), change=Change.ADDED))
    assert list(world.pending) == ["default/web-1"]
    world.apply(seen(pod(node="n1", phase="Running"), STARTED + 5))
    assert not world.pending


def test_which_node_an_instance_is_is_known_as_long_as_there_is_one() -> None:
    world = World()
    first = seen(node("n"), STARTED, Change.ADDED)
    world.apply(first)
    assert world.node_of_provider_id == {"kwok://n": "n"}
    world.apply(events.ObjectSeen(STARTED + 1, "nodes", Change.DELETED, first.object))
    assert not world.node_of_provider_id


def test_the_name_and_uid_of_a_pod_are_kept_once_for_all_that_is_kept_about_it() -> None:
    world = World()
    for event in (
        seen(pod("a", unschedulable=True), STARTED, Change.ADDED),
        seen(pod("a", node="n"), STARTED + 1),
        seen(pod("a", node="n"), STARTED + 2),
    ):
        world.apply(event)
    (key,) = world.of("pods")
    (timeline,) = world.pod_timelines.values()
    assert timeline.bound == STARTED + 1
    assert timeline.uid is world.of("pods")[key].metadata.uid
    for held in ([timeline.key], world.pod_timelines, world.usage.pods["n"]):
        assert next(iter(held)) is key


def test_a_pod_that_fails_before_it_is_bound_is_no_longer_pending() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True), change=Change.ADDED))
    world.apply(seen(pod(phase="Failed"), STARTED + 1))
    assert not world.pending


def test_a_pod_of_a_daemonset_is_nobodys_pending_pod() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True, daemon=True), change=Change.ADDED))
    assert not world.pending


def test_a_deleted_object_is_gone_even_if_it_was_never_seen_alive() -> None:
    world = World()
    world.apply(seen(pod(), change=Change.DELETED))
    world.apply(seen(node("n1"), change=Change.DELETED))
    assert not world.of("pods")
    assert not world.of("nodes")
    assert not world.pending


def test_an_unknown_resource_is_passed_over() -> None:
    world = World()
    world.apply(events.ObjectSeen(STARTED, "leases", Change.ADDED, pod()))
    assert world.number == 0


def test_every_providers_nodeclasses_are_one_resource() -> None:
    world = World()
    for kind in ("KWOKNodeClass", "EC2NodeClass"):
        made = NodeClass(Metadata(name="default"), kind)
        world.apply(events.ObjectSeen(STARTED, f"{kind.lower()}es", Change.ADDED, made))
    assert list(world.of("nodeclasses")) == ["KWOKNodeClass/default", "EC2NodeClass/default"]


def test_the_world_is_synced_once_every_stream_has_delivered_or_cannot() -> None:
    world = World()
    assert not world.synced()
    world.apply(events.StreamChanged(STARTED, "pods", StreamState.LIVE))
    world.apply(events.StreamChanged(STARTED, "nodes", StreamState.SYNCING))
    assert not world.synced()
    world.apply(events.StreamChanged(STARTED, "nodes", StreamState.FORBIDDEN, "not allowed"))
    assert world.synced()
    assert world.snapshot(STARTED).forbidden == {"nodes"}


def test_a_snapshot_does_not_change_when_the_world_does() -> None:
    world = world_until(30)
    before = world.snapshot(STARTED + 30)
    names, number = set(before.pods), before.number
    world.apply(seen(pod("late"), STARTED + 31, Change.ADDED))
    assert set(before.pods) == names
    assert world.snapshot(STARTED + 31).number > number


def test_a_kubernetes_event_changes_no_plan() -> None:
    world = world_until(30)
    number = world.number
    event = next(iter(world.of("events").values()))
    world.apply(events.ObjectSeen(STARTED + 31, "events", Change.MODIFIED, event))
    assert world.number == number


def test_what_changed_is_told_to_the_eyes() -> None:
    world = World()
    world.apply(seen(pod(node="n1"), change=Change.ADDED))
    assert world.dirty == {("pods", "default/web-1"), ("nodes", "n1")}


_names = st.sampled_from(["a", "b", "c", "d"])
_pods = st.builds(
    pod,
    _names,
    uid=st.sampled_from(["1", "2"]),
    node=st.sampled_from(["", "n1", "n2"]),
    phase=st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]),
    cpu=st.sampled_from(["100m", "1", "2500m"]),
    memory=st.sampled_from([None, "1Gi", "300Mi"]),
    deleted=st.booleans(),
    unschedulable=st.booleans(),
    daemon=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Change)), _pods), max_size=30))
def test_usage_is_always_what_a_recount_gives(changes: list[tuple[Change, Pod]]) -> None:
    world = World()
    for second, (change, found) in enumerate(changes):
        world.apply(seen(found, STARTED + second, change))
    counted: dict[str, dict[str, int]] = {}
    for found in world.of("pods").values():
        if found.node_name and not found.terminal:
            sums = counted.setdefault(found.node_name, {})
            for name, amount in found.requests.items():
                sums[name] = sums.get(name, 0) + amount
    kept = {
        name: {resource: amount for resource, amount in sums.items() if amount}
        for name, sums in world.usage.requested.items()
    }
    assert kept == counted
    assert set(world.pending) == {
        key
        for key, found in world.of("pods").items()
        if not found.node_name and not found.terminal and not found.daemon
    }


def _decision(kind: DecisionKind, number: int = 1, **rest: object) -> Decision:
    return Decision(f"D-{number:05d}", STARTED + 2, kind, **rest)  # type: ignore[arg-type]


def test_a_decision_is_written_into_the_timelines_of_its_pods() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True), change=Change.ADDED))
    world.apply(events.DecisionMade(STARTED + 2, _decision(DecisionKind.LAUNCH, pods=("default/web-1",))))
    world.apply(events.DecisionCarriedOut(STARTED + 3, "D-00001", claim="default-abcde"))
    timeline = world.pod_timelines["default/web-1"]
    assert (timeline.decided, timeline.decision, timeline.target) == (STARTED + 2, "D-00001", "default-abcde")
    assert world.decision_of_claim == {"default-abcde": "D-00001"}
    assert world.claim_of_decision == {"D-00001": "default-abcde"}


def test_a_refusal_places_nothing() -> None:
    world = World()
    world.apply(seen(pod(unschedulable=True), change=Change.ADDED))
    world.apply(events.DecisionMade(STARTED + 2, _decision(DecisionKind.REFUSE, pods=("default/web-1",))))
    assert world.pod_timelines["default/web-1"].decided is None


def test_a_nomination_holds_for_twice_the_batching_window() -> None:
    world = World()
    world.apply(seen(node("n1"), change=Change.ADDED))
    world.apply(events.DecisionMade(STARTED + 2, _decision(DecisionKind.NOMINATE, nodes=("n1",), pods=("default/x",))))
    assert "n1" in world.snapshot(STARTED + 21.9).nominated
    assert "n1" not in world.snapshot(STARTED + 22.1).nominated


def test_a_problem_and_a_lost_stream_are_in_the_log() -> None:
    world = World()
    world.apply(events.Problem(STARTED, "pods", "Not allowed to list pods"))
    world.apply(events.StreamChanged(STARTED, "pods", StreamState.STALE, "the connection was lost", STARTED - 5))
    assert [line.source for line in world.log] == ["problem", "stream"]
    assert world.streams["pods"].since == STARTED - 5


def test_a_problem_that_quotes_a_megabyte_is_cut() -> None:
    world = World()
    world.apply(events.Problem(STARTED, "pods", "x" * 2**20))
    assert len(world.problems[0].message) == events.LONGEST_PROBLEM
    assert len(world.log[-1].text) == events.LONGEST_PROBLEM
