"""What it costs to disturb pods, and what nodes cost (spec/lifecycle.md 3.3)."""

import math
from collections.abc import Iterable, Mapping

from karptui.model.instance_type import InstanceType
from karptui.model.labels import AWS_WELL_KNOWN
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod
from karptui.model.requirements import from_labels

POD_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def eviction_cost(pod: Pod) -> float:
    """1, moved by deletion cost and priority, between -10 and 10."""
    cost = 1.0
    if not pod.metadata.annotations and not pod.priority:
        return cost
    text = pod.metadata.annotations.get(POD_DELETION_COST)
    if text is not None:
        try:
            cost += float(text) / 2**27
        except ValueError:
            pass
    cost += pod.priority / 2**25
    return max(-10.0, min(10.0, cost))


def rescheduling_cost(pods: Iterable[Pod]) -> float:
    """1 for the node itself and what each pod adds; never less than 1."""
    return 1.0 + sum([max(0.0, eviction_cost(pod)) for pod in pods])


def lifetime_remaining(claim: NodeClaim, now: float) -> float:
    """The share of its life that a node has before it, 0 to 1; 1 where it never expires."""
    if claim.expire_after is None or claim.expire_after <= 0:
        return 1.0
    age = now - claim.metadata.created
    return max(0.0, min(1.0, (claim.expire_after - age) / claim.expire_after))


def disruption_cost(pods: Iterable[Pod], claim: NodeClaim, now: float) -> float:
    """What ranked candidates up to Karpenter 1.13: all pods, and less the older the node is. May be negative."""
    return sum([eviction_cost(pod) for pod in pods]) * lifetime_remaining(claim, now)


def price(type_: InstanceType | None, zone: str, capacity_type: str) -> float:
    """USD an hour of the first offering in this zone of this capacity type, available or not; 0 where unknown."""
    for offering in type_.offerings if type_ is not None else ():
        if offering.zone == zone and offering.capacity_type == capacity_type:
            return 0.0 if math.isnan(offering.price) else offering.price
    return 0.0


def cheapest_like(type_: InstanceType | None, labels: Mapping[str, str]) -> float:
    """USD an hour of the cheapest offering that suits a node's labels, available or not; inf where none does."""
    own = from_labels(labels)
    offerings = type_.offerings if type_ is not None else ()
    suiting = (entry.price for entry in offerings if own.is_compatible(entry.requirements, AWS_WELL_KNOWN))
    return min(suiting, default=math.inf)
