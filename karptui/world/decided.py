"""What decisions leave in the World: in timelines, in the ledger, as nominations, and what was judged of them."""

from typing import TYPE_CHECKING

from karptui.model.decision import Decision, DecisionKind
from karptui.world import events
from karptui.world.batching import nominations
from karptui.world.remember import remember

if TYPE_CHECKING:
    from karptui.world.world import World

KEPT_DECISIONS = 10_000


def decided(world: "World", decision: Decision) -> None:
    """Keep it with its grounds, and let its pods' timelines and the nodes that get them know."""
    remember(world.decisions, decision.id, decision, KEPT_DECISIONS)
    if decision.claim is not None:
        world.grounds.note(decision, world.snapshot(decision.at))
    world.dirty.add(("decisions", decision.id))
    for pod in decision.pods:
        timeline = world.pod_timelines.get(pod)
        if timeline is not None and timeline.bound is None and decision.kind is not DecisionKind.REFUSE:
            timeline.decided, timeline.decision = decision.at, decision.id
            if decision.nodes:
                timeline.target = decision.nodes[0]
    if decision.kind is DecisionKind.NOMINATE:
        world.nominated |= nominations(decision.nodes, decision.at, world.options.batch_max_duration)


def carried_out(world: "World", event: events.DecisionCarriedOut) -> None:
    """Something was done about a decision: a NodeClaim made for it, or its nodes on their way out."""
    decision = world.decisions.get(event.decision)
    world.dirty.add(("decisions", event.decision))
    if decision is None:
        return
    if event.claim:
        if decision.kind is DecisionKind.LAUNCH and decision.claim and event.claim not in world.decision_of_claim:
            world.ledger.note_launch(event.at, decision.claim.node_pool, decision.claim.price)
        world.decision_of_claim[event.claim] = event.decision
        world.claim_of_decision[event.decision] = event.claim
        if (claim_timeline := world.claim_timelines.get(event.claim)) is not None:
            claim_timeline.decision = event.decision
        for pod in decision.pods:
            if (timeline := world.pod_timelines.get(pod)) is not None and timeline.decision == event.decision:
                timeline.target = event.claim
    world.ledger.note_move(event.at, decision, world.objects["nodes"])


def judged(world: "World", event: events.PredictionJudged) -> None:
    """Keep the verdict by all that it is about."""
    for name in filter(None, (event.decision, *event.about)):
        remember(world.verdicts, name, event, KEPT_DECISIONS)
    for name in event.about:
        world.dirty |= {("nodeclaims", name), ("nodes", name)}
    world.dirty.add(("decisions", event.decision))
