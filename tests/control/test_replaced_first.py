"""When the drain of a node that EC2 takes waits for its replacement, and what a person is told of it."""

from msgspec.structs import replace

from karptui.control.node.replaced_first import TAKEN_AT, awaits_replacement, latest_drain, replacements
from karptui.kube.timestamps import rfc3339
from karptui.model.decision import Decision, DecisionKind, Plan, PodFailure
from karptui.model.labels import INITIALIZED
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.taints import DISRUPTED_TAINT
from karptui.views.lists.acts import acts
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

NOW = float(int(STARTED)) + 200.0
TAKEN = NOW + 100.0


def interrupted() -> tuple[World, NodeClaim, Node, list[Pod]]:
    """A node of the recording with pods on it that go, as after a warning."""
    world = world_until(40.0)
    node = next(entry for entry in world.of("nodes").values() if movers(world, entry))
    claim = world.of("nodeclaims")[world.claim_of_provider_id[node.provider_id]]
    annotations = {**claim.metadata.annotations, TAKEN_AT: rfc3339(TAKEN)}
    claim = replace(claim, metadata=replace(claim.metadata, deleted=NOW, annotations=annotations))
    goes = replace(node, metadata=replace(node.metadata, deleted=NOW), taints=(*node.taints, DISRUPTED_TAINT))
    seen(world, "nodeclaims", claim)
    seen(world, "nodes", goes)
    return world, claim, goes, movers(world, goes)


def movers(world: World, node: Node) -> list[Pod]:
    return [pod for pod in world.usage.on(node.key).values() if pod.active and not pod.daemon and not pod.mirror]


def seen(world: World, resource: str, found: Node | NodeClaim) -> None:
    world.apply(events.ObjectSeen(NOW, resource, events.Change.MODIFIED, found))


def found(world: World, plan: Plan) -> None:
    world.apply(events.PlanPreviewed(NOW, plan, world.number))


def other_node(world: World, node: Node, initialized: bool) -> str:
    labels = {**node.metadata.labels, INITIALIZED: "true" if initialized else "false"}
    made = replace(
        node, provider_id="kwok://other", taints=(), metadata=replace(node.metadata, name="other", labels=labels)
    )
    seen(world, "nodes", replace(made, metadata=replace(made.metadata, deleted=None)))
    return "other"


def test_a_drain_waits_until_every_pod_has_a_place_on_a_node_that_is_ready() -> None:
    world, claim, node, pods = interrupted()
    keys = tuple(pod.key for pod in pods)
    assert awaits_replacement(world, claim, pods, NOW)
    found(world, Plan(existing={"claim-of-it": keys}))
    assert awaits_replacement(world, claim, pods, NOW)
    found(world, Plan(existing={other_node(world, node, initialized=False): keys}))
    assert awaits_replacement(world, claim, pods, NOW)
    other_node(world, node, initialized=True)
    assert not awaits_replacement(world, claim, pods, NOW)
    found(world, Plan(existing={"other": keys[1:]}))
    assert awaits_replacement(world, claim, pods, NOW)
    found(world, Plan(existing={"other": keys[1:]}, errors={keys[0]: PodFailure(())}))
    assert not awaits_replacement(world, claim, pods, NOW)


def test_the_node_launched_for_the_pods_counts_as_soon_as_it_is_ready_and_is_not_taken_for_empty() -> None:
    world, claim, node, pods = interrupted()
    made = Decision("D-00099", NOW, DecisionKind.LAUNCH, pods=tuple(pod.key for pod in pods))
    world.apply(events.DecisionMade(NOW, made))
    fresh = replace(claim, metadata=replace(claim.metadata, name="fresh", deleted=None, annotations={}), node_name="")
    seen(world, "nodeclaims", replace(fresh, provider_id=""))
    world.apply(events.DecisionCarriedOut(NOW, "D-00099", "fresh"))
    assert awaits_replacement(world, claim, pods, NOW)
    seen(world, "nodeclaims", replace(fresh, provider_id="kwok://other", node_name="other"))
    other_node(world, node, initialized=True)
    assert not awaits_replacement(world, claim, pods, NOW)
    assert replacements(world) == {"other"}


def test_a_drain_begins_in_time_for_the_longest_grace_period_whatever_is_missing() -> None:
    world, claim, _, pods = interrupted()
    longest = max(pod.spec.grace_seconds or 0 for pod in pods)
    latest = latest_drain(claim, pods)
    assert latest is not None and latest == TAKEN - 30.0 - min(longest, 60)
    assert awaits_replacement(world, claim, pods, latest - 1.0)
    assert not awaits_replacement(world, claim, pods, latest)


def test_a_node_that_goes_for_another_reason_is_not_held_back() -> None:
    world, claim, _, pods = interrupted()
    assert latest_drain(replace(claim, metadata=replace(claim.metadata, annotations={})), pods) is None
    wrong = replace(claim, metadata=replace(claim.metadata, annotations={TAKEN_AT: "soon"}))
    assert not awaits_replacement(world, wrong, pods, NOW)


def test_the_list_of_next_acts_says_what_the_drain_waits_for_and_how_long() -> None:
    world, claim, node, pods = interrupted()
    latest = latest_drain(claim, pods)
    row = next(row for row in acts(world, NOW) if row.key == f"drain {node.key}")
    assert "ready" in row.text and latest is not None and row.due == latest - NOW
    found(world, Plan(errors={pod.key: PodFailure(()) for pod in pods}))
    row = next(row for row in acts(world, NOW) if row.key == f"drain {node.key}")
    assert "left" in row.text and row.due is None
