"""The policy `cheapest`: Karpenter's rules for what may be where, but nodes are chosen by what they cost.

Karpenter fills whatever node has fewest pods and lets it grow while any type would do (spec/scheduling.md 8.3), and
only then asks what it costs. Here nodes are bought one by one, the one first that holds most for its price.
"""

from msgspec.structs import replace

from karptui.engine.cheapest.packing import Packing
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.pools import usable_pools
from karptui.engine.provisioning.state_nodes import state_nodes
from karptui.model.decision import Plan
from karptui.model.snapshot import Snapshot


def price_of(plan: Plan) -> float:
    """What the nodes of a plan cost, USD an hour, each at its cheapest offering."""
    return sum(claim.price for claim in plan.claims)


def cheapest(snapshot: Snapshot, parity: Plan) -> Plan:
    """A plan for the same pods under the same rules, never dearer than `parity`, Karpenter's own: if none, that one.

    No pod is left out and no preference given up that Karpenter's plan does not leave out or give up too.
    """
    if not parity.claims:
        return parity
    nodes = state_nodes(snapshot)
    batch = Batch(snapshot, nodes)
    specs = {id(pod.spec): pod.spec for pod in batch.pods}
    ground = Groundwork(snapshot, nodes, usable_pools(snapshot), specs.values())
    batch.pods = [pod for pod in batch.pods if pod.key not in parity.errors]
    packed = Packing(ground, batch).pack()
    if packed.left or not {*packed.relaxed} <= {*parity.relaxed}:
        return parity
    plan = replace(
        parity,
        claims=tuple(sorted(packed.claims, key=lambda claim: claim.pods)),
        existing={node.state.name: tuple(sorted(pod.key for pod in node.pods)) for node in packed.taken},
        relaxed=tuple(packed.relaxed),
    )
    return plan if price_of(plan) < price_of(parity) else parity
