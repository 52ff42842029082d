"""What EC2 does to an instance, as Karpenter's Events tell it to those who only watch: the queue is Karpenter's.

The AWS provider writes an Event on the NodeClaim, and one on the node, for each message of its interruption queue
(pkg/controllers/interruption/events of karpenter-provider-aws v1.14.1).
"""

from typing import TYPE_CHECKING

from karptui.model.workload import KubeEvent
from karptui.world.events import InterruptionSeen
from karptui.world.log import line_of
from karptui.world.remember import remember

if TYPE_CHECKING:
    from karptui.world.world import World

REBALANCE = "rebalance_recommendation"
SPOT = "spot_interrupted"
SPOT_NOTICE = 120.0
"""Seconds from EC2's warning to the end of a spot instance."""
KINDS = {
    "SpotInterrupted": SPOT,
    "SpotRebalanceRecommendation": REBALANCE,
    "InstanceStopping": "instance_stopped",
    "InstanceTerminating": "instance_terminated",
    "InstanceUnhealthy": "instance_unhealthy",
    "CapacityReservationInstanceInterrupted": "capacity_reservation_interrupted",
}
"""Reasons of these Events, with the kinds that Karpenter gives the messages behind them."""
ABOUT = ("NodeClaim", "Node")
"""Kinds of objects that are named; pods have the same Event, and follow their node."""


MOST_KEPT = 10_000
"""Interruptions that are kept, and Events about objects that are not known yet."""


def announce(world: "World", found: KubeEvent, seen: float) -> None:
    """Take in what an Event says of an instance; `seen` is when it came. Its object may not have been listed yet."""
    if found.kind not in ABOUT:
        return
    about = world.of("nodeclaims" if found.kind == "NodeClaim" else "nodes").get(found.about)
    if about is None or not about.provider_id:
        remember(world.announced, (found.kind, found.about), found, MOST_KEPT)
        return
    told = _told_by(found, about.provider_id, seen)
    # An earlier node may have had the name of this one.
    if told.at >= about.metadata.created and _outweighs(told, world.interruptions.get(told.instance)):
        if (line := line_of(told)) is not None:
            world.log.append(line)
        interrupt(world, told)


def known_now(world: "World", kind: str, name: str, seen: float) -> None:
    """An object has its instance: what an Event had said of it before counts now."""
    if world.announced and (told := world.announced.pop((kind, name), None)) is not None:
        announce(world, told, seen)


def interrupt(world: "World", event: InterruptionSeen) -> None:
    """Note it by instance and on the timeline of its NodeClaim; a recommendation is only noted."""
    remember(world.interruptions, event.instance, event, MOST_KEPT)
    for provider_id, claim in world.claim_of_provider_id.items():
        if provider_id.endswith(event.instance) and (timeline := world.claim_timelines.get(claim)) is not None:
            if event.kind != REBALANCE:
                timeline.interrupted = timeline.interrupted or event.at
            world.dirty.add(("nodeclaims", claim))


def _told_by(found: KubeEvent, provider_id: str, seen: float) -> InterruptionSeen:
    kind, at = KINDS[found.reason], found.at or seen
    return InterruptionSeen(at, provider_id.rpartition("/")[2], kind, at + SPOT_NOTICE if kind == SPOT else None)


def _outweighs(new: InterruptionSeen, known: InterruptionSeen | None) -> bool:
    """Whether it says more than what is known: the first warning has the true deadline, a recommendation none."""
    if known is None or known.kind == REBALANCE:
        return known is None or new.kind != REBALANCE
    return new.deadline is not None and known.deadline is None
