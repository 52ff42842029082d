"""When decisions are made, and that each is made once. The clock is the test's; the engine is the real one."""

import pytest

from karptui.cloud.kwok.catalogue import built_in
from karptui.model.decision import Decision, DecisionKind
from karptui.world import events
from karptui.world.events import Change, StreamState
from karptui.world.planning import ROUND_LIMIT, Planner, timed_plan
from karptui.world.world import World
from tests.world.recorded import STARTED, decode, node, pod, seen

POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "default"},
    "spec": {
        "template": {
            "spec": {
                "nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"},
                "requirements": [{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}],
            }
        }
    },
    "status": {
        "conditions": [
            {"type": type_, "status": "True"} for type_ in ("ValidationSucceeded", "NodeClassReady", "Ready")
        ]
    },
}


def claim(name: str, launched: bool) -> events.ObjectSeen:
    manifest = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {
            "name": name,
            "labels": {
                "karpenter.sh/nodepool": "default",
                "node.kubernetes.io/instance-type": "c-1x-amd64-linux",
                "topology.kubernetes.io/zone": "test-zone-a",
                "karpenter.sh/capacity-type": "spot",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
            },
        },
        "spec": {"nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}},
        "status": {
            "conditions": [{"type": "Launched", "status": "True"}],
            "capacity": {"cpu": "1", "memory": "2Gi", "pods": "16"},
            "allocatable": {"cpu": "900m", "memory": "2Gi", "pods": "16"},
        },
    }
    if launched:
        manifest["status"]["providerID"] = f"kwok://{name}"
    return events.ObjectSeen(STARTED, "nodeclaims", Change.ADDED, decode("nodeclaims", manifest))


class Scene:
    """A World with one NodePool, a planner, and a clock that the test moves."""

    def __init__(self, active: bool = False) -> None:
        self.time = STARTED
        self.world = World()
        self.taken: list[Decision] = []
        self.previews: list[events.PlanPreviewed] = []
        self.planner = Planner(self.world, self.sink, lambda: self.time, take=self.taken.extend if active else None)
        self.sink(events.StreamChanged(STARTED, "pods", StreamState.LIVE))
        self.sink(events.CatalogueSeen(STARTED, built_in()))
        self.sink(events.ObjectSeen(STARTED, "nodepools", Change.ADDED, decode("nodepools", POOL)))

    def sink(self, event: events.Event) -> None:
        if isinstance(event, events.PlanPreviewed):
            self.previews.append(event)
        self.world.apply(event)

    @property
    def decisions(self) -> list[Decision]:
        return list(self.world.decisions.values())

    async def until(self, seconds: float, step: float = 0.1) -> None:
        """Let the clock run to `seconds` after the beginning."""
        while self.time < STARTED + seconds - 1e-6:
            self.time = min(self.time + step, STARTED + seconds)
            await self.planner.step()

    def pending(self, name: str, **rest: object) -> None:
        self.sink(seen(pod(name, unschedulable=True, **rest), self.time, Change.ADDED))


async def test_a_pod_is_decided_about_one_second_after_it_was_given_up_on() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(1.0)
    assert not scene.decisions
    await scene.until(1.3)
    (decision,) = scene.decisions
    assert (decision.kind, decision.pods) == (DecisionKind.LAUNCH, ("default/a",))
    assert decision.claim is not None
    assert decision.claim.instance_types[0] == "c-1x-amd64-linux"
    assert decision.price_change == decision.claim.price > 0


async def test_pods_that_keep_coming_hold_the_window_open_for_ten_seconds_at_most() -> None:
    scene = Scene()
    for number in range(15):
        scene.pending(f"pod-{number:02d}")
        await scene.until(0.8 * (number + 1))
        if scene.decisions:
            break
    assert 10.0 <= scene.decisions[0].at - STARTED <= 10.5
    assert len(scene.decisions[0].pods) == 13


async def test_before_the_window_closes_there_is_a_preview_that_says_when() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(0.3)
    assert not scene.decisions
    preview = scene.previews[-1]
    assert [claim.pods for claim in preview.plan.claims] == [("default/a",)]
    assert preview.closes == pytest.approx(STARTED + 1.1)


async def test_a_preview_is_not_made_again_while_nothing_changes() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(0.9)
    assert len(scene.previews) == 1


async def test_pods_that_still_wait_are_asked_about_every_ten_seconds_and_decided_once() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(35.0)
    assert len(scene.decisions) == 1
    assert [preview.at - STARTED for preview in scene.previews][1:] == pytest.approx([1.1, 11.2, 21.3, 31.4], abs=0.2)


async def test_a_waiting_pod_that_changes_is_decided_about_a_second_later_and_not_with_the_next_ten() -> None:
    scene = Scene()
    scene.pending("a", selector={"team": "nobody"})
    await scene.until(4.0)
    scene.pending("a")
    await scene.until(4.9)
    assert [decision.kind for decision in scene.decisions] == [DecisionKind.REFUSE]
    await scene.until(5.4)
    assert [decision.kind for decision in scene.decisions] == [DecisionKind.REFUSE, DecisionKind.LAUNCH]


async def test_a_pod_that_is_seen_again_and_again_does_not_hold_its_window_open() -> None:
    scene = Scene()
    for number in range(6):
        scene.pending("a", selector={"team": "nobody"})
        scene.sink(seen(pod("a", unschedulable=True), scene.time))
        await scene.until(0.4 * (number + 1))
        if scene.decisions:
            break
    assert scene.decisions[0].at - STARTED <= 1.3


async def test_a_pod_that_is_seen_again_and_means_the_same_is_asked_about_again() -> None:
    scene = Scene(active=True)
    scene.pending("a")
    await scene.until(3.0)
    assert len(scene.taken) == 1
    scene.sink(seen(pod("a", unschedulable=True), scene.time))
    await scene.until(4.4)
    assert len(scene.taken) == 2


async def test_a_pod_that_fits_nowhere_is_refused_once_with_its_cause() -> None:
    scene = Scene()
    scene.pending("a", selector={"team": "nobody"})
    await scene.until(25.0)
    (decision,) = scene.decisions
    assert decision.kind is DecisionKind.REFUSE
    assert decision.failure is not None
    assert decision.failure.reasons[0].key == "team"


async def test_once_nothing_waits_the_preview_is_empty_and_said_once() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(2.0)
    scene.sink(seen(pod("a", node="n1"), scene.time))
    await scene.until(4.0)
    assert not scene.previews[-1].plan.claims
    count = len(scene.previews)
    await scene.until(8.0)
    assert len(scene.previews) == count


async def test_in_active_mode_decisions_are_handed_on_and_a_launch_that_came_to_nothing_is_tried_again() -> None:
    scene = Scene(active=True)
    scene.pending("a")
    await scene.until(2.0)
    assert [decision.kind for decision in scene.taken] == [DecisionKind.LAUNCH]
    scene.sink(events.DecisionCarriedOut(scene.time, scene.taken[0].id, "default-1"))  # and went again
    await scene.until(13.0)
    assert [decision.kind for decision in scene.taken] == [DecisionKind.LAUNCH] * 2
    assert len({decision.id for decision in scene.decisions}) == 2


async def test_a_launch_that_a_brake_holds_back_stays_one_decision_and_is_handed_on_until_it_may() -> None:
    scene = Scene(active=True)
    scene.pending("a")
    await scene.until(33.0)
    assert len(scene.taken) >= 3
    assert [decision.id for decision in scene.decisions] == [scene.taken[0].id]
    assert {decision.id for decision in scene.taken} == {scene.taken[0].id}


async def test_nothing_is_decided_while_a_nodeclaim_is_not_launched() -> None:
    scene = Scene(active=True)
    scene.sink(claim("default-1", launched=False))
    scene.pending("a")
    await scene.until(9.0)
    assert not scene.taken


async def test_the_way_to_a_pods_own_nodeclaim_is_no_second_decision() -> None:
    scene = Scene(active=True)
    scene.pending("a")
    await scene.until(2.0)
    scene.sink(claim("default-1", launched=True))
    scene.sink(events.DecisionCarriedOut(scene.time, scene.taken[0].id, "default-1"))
    await scene.until(25.0)
    assert [decision.kind for decision in scene.decisions] == [DecisionKind.LAUNCH]


async def test_a_pod_that_fits_on_a_node_that_is_there_is_nominated_to_it() -> None:
    scene = Scene()
    scene.sink(seen(node("n1"), change=Change.ADDED))
    scene.pending("a")
    await scene.until(2.0)
    (decision,) = scene.decisions
    assert (decision.kind, decision.nodes) == (DecisionKind.NOMINATE, ("n1",))


async def test_a_node_is_nominated_for_as_long_as_pods_wait_for_it_and_for_twice_the_window_after() -> None:
    scene = Scene(active=True)
    scene.sink(seen(node("n1"), change=Change.ADDED))
    scene.pending("a")
    await scene.until(45.0, step=0.5)
    assert len(scene.decisions) == 1
    assert list(scene.world.snapshot(scene.time).nominated) == ["n1"]
    last = max(preview.at for preview in scene.previews if preview.decided)
    scene.sink(seen(pod("a", node="n1"), scene.time))
    await scene.until(last - STARTED + 19.5, step=0.5)
    assert scene.world.snapshot(scene.time).nominated
    await scene.until(last - STARTED + 20.5, step=0.5)
    assert not scene.world.snapshot(scene.time).nominated


async def test_a_claim_under_way_is_nominated_by_the_rounds_after_the_one_that_made_it() -> None:
    scene = Scene(active=True)
    scene.pending("a")
    await scene.until(1.5)
    scene.sink(claim("default-1", launched=True))
    scene.sink(events.DecisionCarriedOut(scene.time, scene.taken[0].id, "default-1"))
    assert not scene.world.snapshot(scene.time).nominated
    await scene.until(13.0, step=0.5)
    assert list(scene.world.snapshot(scene.time).nominated) == ["default-1"]
    assert [decision.kind for decision in scene.decisions] == [DecisionKind.LAUNCH]


async def test_when_karpenter_is_seen_to_decide_first_the_latest_preview_is_the_decision() -> None:
    scene = Scene()
    scene.pending("a")
    await scene.until(0.8)
    scene.sink(claim("default-1", launched=True))
    await scene.until(0.9)
    (decision,) = scene.decisions
    assert (decision.kind, decision.pods) == (DecisionKind.LAUNCH, ("default/a",))
    await scene.until(15.0)
    assert len(scene.decisions) == 1


async def test_nothing_is_planned_before_the_cluster_was_listed() -> None:
    scene = Scene()
    scene.sink(events.StreamChanged(STARTED, "nodes", StreamState.SYNCING))
    scene.pending("a")
    await scene.until(5.0)
    assert not scene.previews
    scene.sink(events.StreamChanged(STARTED, "nodes", StreamState.LIVE))
    await scene.until(7.0)
    assert len(scene.decisions) == 1


def test_a_round_ends_when_its_minute_is_up() -> None:
    assert ROUND_LIMIT == 60
    scene = Scene()
    scene.pending("a")
    snapshot = scene.world.snapshot(scene.time)
    late = timed_plan(snapshot, limit=0.0)
    assert late.unfinished
    assert not late.claims
    in_time = timed_plan(snapshot)
    assert not in_time.unfinished
    assert len(in_time.claims) == 1


async def test_the_pods_of_a_node_that_is_about_to_be_deleted_are_planned_for_with_those_that_wait() -> None:
    scene = Scene()
    leaving: set[str] = set()
    scene.planner = Planner(scene.world, scene.sink, lambda: scene.time, leaving=lambda: frozenset(leaving))
    scene.sink(seen(node("one"), STARTED, Change.ADDED))
    scene.sink(seen(pod("stays", node="one", phase="Running", cpu="3500m"), STARTED, Change.ADDED))
    for name, both in (("first", False), ("second", True)):
        leaving.update(["one"] if both else [])
        scene.pending(name, cpu="3900m")
        await scene.until(scene.time - STARTED + 1.5)
        planned = {pod for claim in scene.previews[-1].plan.claims for pod in claim.pods}
        assert ("default/stays" in planned) is both, name
