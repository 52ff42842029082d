"""No set of nodes is cheaper than this: a linear relaxation of the cheapest way to hold a batch of pods."""

from typing import NamedTuple

from karptui.engine.bound.columns import TOLERANCE, columns, dearest_pod
from karptui.engine.bound.demand import counted, demands
from karptui.engine.bound.program import NoSolver, solve
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pools import usable_pools
from karptui.engine.provisioning.state_nodes import state_nodes
from karptui.model.decision import Plan
from karptui.model.snapshot import Snapshot

__all__ = ["Bound", "NoSolver", "lower_bound"]


class Bound(NamedTuple):
    """`price` (USD an hour) is at or below that of any nodes that hold the pods.

    `bought` says what the program would make it of: by NodePool and instance type a number of nodes, which need not be
    whole.
    """

    price: float
    bought: dict[tuple[str, str], float]


def lower_bound(snapshot: Snapshot, plan: Plan) -> Bound | None:
    """The bound for the pods that `plan` puts on new nodes; None where there are none. Raises NoSolver.

    What is left out of the program (spread over zones, affinity, limits, nodes being whole) could only raise the price.
    """
    pods = [snapshot.pods[key] for claim in plan.claims for key in claim.pods]
    if not pods:
        return None
    nodes = state_nodes(snapshot)
    pools = usable_pools(snapshot)
    ground = Groundwork(snapshot, nodes, pools, [pod.spec for pod in pods], places=False)
    wanted = demands(ground, counted(ground, pods))
    offered = columns(ground, wanted)
    price, amounts = solve(offered, wanted, ground.catalogue.reservations)
    bought: dict[tuple[str, str], float] = {}
    for column, amount in zip(offered, amounts, strict=True):
        if amount > 1e-9:
            key = (ground.templates[column.template].name, ground.catalogue.types[column.instance_type].name)
            bought[key] = bought.get(key, 0.0) + amount
    # A program that may buy parts of nodes says little of a batch that one node holds.
    return Bound(max(price / (1.0 + TOLERANCE), dearest_pod(ground, wanted)), bought)
