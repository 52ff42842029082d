"""Which plan is followed, and what the other would have cost."""

from collections.abc import Callable
from enum import StrEnum

from msgspec.structs import replace

from karptui.engine.bound import NoSolver, lower_bound
from karptui.engine.cheapest.choice import cheapest, price_of
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.state_nodes import StateNode, state_nodes
from karptui.model.decision import Comparison, Plan
from karptui.model.snapshot import Snapshot

COMPARED_PODS = 200
"""A batch of more pods is not planned a second time only to say what that would have cost."""


class Policy(StrEnum):
    """KARPENTER: its own answer, byte for byte. CHEAPEST: under the same rules, nodes chosen by price."""

    KARPENTER = "karpenter"
    CHEAPEST = "cheapest"


def decide(
    snapshot: Snapshot,
    policy: Policy = Policy.KARPENTER,
    compare_up_to: int = COMPARED_PODS,
    expired: Callable[[], bool] | None = None,
    join: Callable[[Snapshot], list[StateNode]] = state_nodes,
) -> Plan:
    """One round under a policy. `compared` says what both cost, where no more pods than these get new nodes.

    A round whose time is up (`expired`) is Karpenter's, whatever the policy.
    """
    parity = plan(snapshot, expired, join)
    few = sum(len(claim.pods) for claim in parity.claims) <= compare_up_to
    if not parity.claims or parity.unfinished or (policy is Policy.KARPENTER and not few):
        return parity
    other = cheapest(snapshot, parity)
    bound = None
    if few:
        try:
            found = lower_bound(snapshot, parity)
            bound = None if found is None else found.price
        except NoSolver:
            pass
    compared = Comparison(price_of(parity), price_of(other), bound)
    return replace(other if policy is Policy.CHEAPEST else parity, compared=compared)
