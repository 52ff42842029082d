"""What became of decisions: of one with several replacements, as drift may need, and of one that gives a node back."""

from karptui.model.decision import Decision, DecisionKind, PlannedClaim
from karptui.report.answer import answer_text
from karptui.views.lists.decisions import decision_row, outcome
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, decode, world_until

CLAIMS = tuple(
    PlannedClaim(node_pool="default", pods=(f"shop/{name}",), requirements=(), instance_types=(type_,), requests=asks)
    for name, type_, asks in (
        ("web", "m5.large", {"cpu": 2 * 10**9}),
        ("db", "r5.large", {"cpu": 3 * 10**9}),
    )
)
DRIFT = Decision(
    "D-00001",
    STARTED,
    DecisionKind.REPLACE,
    ("shop/db", "shop/web"),
    ("old",),
    CLAIMS[0],
    cause="Drifted",
    more=CLAIMS[1:],
)


def claim(name: str, initialized: bool) -> events.ObjectSeen:
    manifest = {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodeClaim",
        "metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {},
        "status": {"conditions": [{"type": "Initialized", "status": "True" if initialized else "Unknown"}]},
    }
    return events.ObjectSeen(STARTED + 5, "nodeclaims", events.Change.MODIFIED, decode("nodeclaims", manifest))


def test_every_replacement_is_told_and_the_decision_is_done_when_all_are_ready() -> None:
    world = World()
    world.apply(events.DecisionMade(STARTED, DRIFT))
    for name in ("a", "b"):
        world.apply(events.DecisionCarriedOut(STARTED + 1, DRIFT.id, claim=name))
        world.apply(claim(name, initialized=False))
    assert "and 1 more" in decision_row(world, DRIFT).text
    told = answer_text(world, DRIFT.id, STARTED + 5)
    assert "asks for 2 cpu" in told
    assert "asks for 3 cpu" in told
    assert "NodeClaim a" in told
    assert "NodeClaim b" in told
    world.apply(claim("a", initialized=True))
    assert decision_row(world, DRIFT).mark == ""
    world.apply(claim("b", initialized=True))
    assert decision_row(world, DRIFT).mark == "✓"
    assert outcome(world, DRIFT.id).count("ready after") == 2


def test_a_node_that_was_given_back_is_marked_once_it_is_gone() -> None:
    world = world_until(60.0)
    node = next(iter(world.of("nodes").values()))
    given_back = Decision("D-00090", STARTED + 60, DecisionKind.DELETE, nodes=(node.key,), cause="Empty")
    world.apply(events.DecisionMade(STARTED + 60, given_back))
    assert decision_row(world, given_back).mark == ""
    world.apply(events.ObjectSeen(STARTED + 61, "nodes", events.Change.DELETED, node))
    assert decision_row(world, given_back).mark == "✓"
