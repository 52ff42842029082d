"""What pods wait for, where nothing new is under way for them: a round put off, room on nodes, pools left out."""

from msgspec.structs import replace

from karptui.engine.provisioning import plan
from karptui.model.decision import Plan
from karptui.model.metadata import Condition, Metadata
from karptui.model.nodepool import NodeClass
from karptui.views.answers.why import why
from karptui.views.line import plain
from karptui.views.timelines.pod_timeline import pod_timeline
from karptui.views.timelines.progress import waiting
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, decode, pod_json, world_until

LATE = STARTED + 3600.0


def previewed(world: World, now: float, answer: Plan | None = None) -> None:
    snapshot = world.snapshot(now)
    world.apply(events.PlanPreviewed(now, answer or plan(snapshot), snapshot.number))


def waits(world: World, name: str) -> str:
    found = decode("pods", pod_json(name, unschedulable=True))
    world.apply(events.ObjectSeen(world.at, "pods", events.Change.ADDED, found))
    return found.key


def test_while_a_node_claim_has_no_instance_its_pods_do_not_wait_for_a_window() -> None:
    world = world_until(60.0)
    waits(world, "late")
    claim = next(iter(world.of("nodeclaims").values()))
    launching = replace(
        claim, metadata=replace(claim.metadata, name="default-new", uid="new"), provider_id="", node_name=""
    )
    world.apply(events.ObjectSeen(world.at, "nodeclaims", events.Change.ADDED, launching))
    previewed(world, world.at)
    (row,) = waiting(world, world.at)
    assert row.text == "default-new to get an instance: no round begins before"


def test_pods_that_nodes_have_room_for_are_told_together_and_one_node_by_its_name() -> None:
    world = world_until(60.0)
    pods = [waits(world, f"late-{number}") for number in range(3)]
    nodes = list(world.of("nodes"))
    previewed(world, LATE, Plan(existing={nodes[0]: (pods[0],), nodes[1]: (pods[1], pods[2])}))
    (row,) = waiting(world, LATE)
    assert (row.text, len(row.pods), row.blocked) == ("the scheduler: there is room", 3, False)
    previewed(world, LATE, Plan(existing={nodes[0]: tuple(pods)}))
    (row,) = waiting(world, LATE)
    assert row.text.endswith(" has room, binds next")


def test_a_node_that_boots_is_not_told_as_one_that_has_room() -> None:
    world = world_until(11.0)
    node = next(
        node
        for node in world.of("nodes").values()
        if node.provider_id and world.of("nodeclaims")[world.claim_of_provider_id[node.provider_id]].node_name == ""
    )
    pod = waits(world, "late")
    previewed(world, world.at, Plan(existing={node.key: (pod,)}))
    (row,) = [entry for entry in waiting(world, world.at) if pod in entry.pods]
    assert row.claim == world.claim_of_provider_id[node.provider_id]
    assert "has room" not in row.text


def test_many_pods_of_no_common_name_are_counted_once_in_the_title() -> None:
    world = world_until(11.0)
    for name in ("a-1", "b-1", "c-1", "d-1", "e-1"):
        found = decode(
            "pods", pod_json(name) | {"metadata": pod_json(name)["metadata"] | {"namespace": f"{name}-space"}}
        )
        world.apply(events.ObjectSeen(world.at, "pods", events.Change.ADDED, found))
    previewed(world, world.at, Plan(ignored=dict.fromkeys(world.pending, "no reason")))
    (row,) = waiting(world, world.at)
    assert why(world, "waiting", row.key, world.at).title == f"{len(row.pods)} pods"


def test_a_pool_that_is_not_asked_is_named_to_a_pod_that_fits_nowhere() -> None:
    world = world_until(11.0)
    pool = next(iter(world.of("nodepools").values()))
    wrong = (Condition("AMIsReady", "False", "", "no AMI was found", STARTED),
             Condition("Ready", "False", "", "AMIsReady=False", STARTED))  # fmt: skip
    found = NodeClass(Metadata(name="bare", uid="b"), "KWOKNodeClass", conditions=wrong)
    world.apply(events.ObjectSeen(world.at, "kwoknodeclasses", events.Change.ADDED, found))
    built = replace(pool.template, node_class=replace(pool.template.node_class, name="bare"))
    conditions = tuple(entry for entry in pool.conditions if entry.type != "Ready")
    left_out = replace(
        pool,
        metadata=replace(pool.metadata, name="gpu", uid="gpu"),
        template=built,
        conditions=(*conditions, Condition("Ready", "False", "", "NodeClassReady=False", STARTED)),
    )
    world.apply(events.ObjectSeen(world.at, "nodepools", events.Change.ADDED, left_out))
    previewed(world, world.at)
    (pod,) = world.preview.plan.errors  # type: ignore[union-attr]
    told = [plain(line) for line in why(world, "pod", pod, world.at).lines]
    assert "pool gpu is not asked: it is not Ready (AMIsReady: no AMI was found)" in told


def test_the_timeline_of_a_pod_that_fits_nowhere_says_why_and_leads_to_the_refusal() -> None:
    from tests.views.test_overview import planned

    world = planned(8.0)
    (pod,) = world.preview.plan.errors  # type: ignore[union-attr]
    found = pod_timeline(world, pod, STARTED + 8.0)
    assert found is not None
    assert "no-such-type" in found.refused
    assert found.bars[-1].name == "fits nowhere"
    assert found.sentence == f"fits nowhere: {found.refused}"
    assert world.decisions[found.decision].failure is not None
