"""Which nodes may be disrupted at all (spec/lifecycle.md 3.2 and 3.6), each refusal with its fact."""

from msgspec import Struct

from karptui.model.disruption import Held, Hold
from karptui.model.labels import DISRUPTED, DO_NOT_DISRUPT
from karptui.model.metadata import is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod
from karptui.model.selectors import selects
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint, tolerates

_DISRUPTED_TAINT = Taint(DISRUPTED, "", "NoSchedule")


class Candidate(Struct, frozen=True, gc=False, eq=False):
    """A node that may go. `price` is USD an hour (0: unknown), `cost` its RescheduleDisruptionCost (3.3)."""

    node: Node
    claim: NodeClaim
    pool: NodePool
    pods: tuple[Pod, ...]
    price: float
    cost: float

    @property
    def empty(self) -> bool:
        """No pod whose eviction would cost anything."""
        return self.cost <= 1.0


def candidates(snapshot: Snapshot) -> tuple[list[Candidate], list[Held]]:
    """Every node: those that may go, dearest per disruption first (3.4, ties by name), and those that may not."""
    claims = {claim.provider_id: claim for claim in snapshot.node_claims.values() if claim.provider_id}
    pods: dict[str, list[Pod]] = {}
    for pod in snapshot.pods.values():
        if pod.node_name and not pod.terminal:
            pods.setdefault(pod.node_name, []).append(pod)
    found: list[Candidate] = []
    held: list[Held] = []
    for node in snapshot.nodes.values():
        here = pods.get(node.key, [])
        claim = claims.get(node.provider_id)
        reason = _refusal(snapshot, node, claim, here)
        if reason is not None or claim is None:
            held.append(reason or Held(node.key, Hold.NO_CLAIM))
            continue
        moving = tuple(pod for pod in here if _reschedulable(pod))
        cost = 1.0 + sum(max(0.0, eviction_cost(pod)) for pod in moving)
        pool = snapshot.node_pools[claim.node_pool]
        found.append(Candidate(node, claim, pool, moving, _price(snapshot, node), cost))
    found.sort(key=lambda entry: (-entry.price / entry.cost, entry.node.key))
    return found, held


def eviction_cost(pod: Pod) -> float:
    """spec/lifecycle.md 3.3: 1, moved by deletion cost and priority, between -10 and 10."""
    text = pod.metadata.annotations.get("controller.kubernetes.io/pod-deletion-cost", "")
    try:
        deletion = float(text) if text else 0.0
    except ValueError:
        deletion = 0.0
    return max(-10.0, min(10.0, 1.0 + deletion / 2**27 + pod.priority / 2**25))


def _refusal(snapshot: Snapshot, node: Node, claim: NodeClaim | None, here: list[Pod]) -> Held | None:
    if claim is None:
        return Held(node.key, Hold.NO_CLAIM)
    if not is_true(claim.conditions, "Initialized"):
        return Held(node.key, Hold.NOT_INITIALIZED)
    if claim.metadata.deleted is not None or node.metadata.deleted is not None:
        return Held(node.key, Hold.DELETING)
    if node.key in snapshot.marked_for_deletion:
        return Held(node.key, Hold.DELETING)
    until = max(snapshot.nominated.get(node.key, 0.0), snapshot.nominated.get(claim.key, 0.0))
    if until > snapshot.now:
        return Held(node.key, Hold.NOMINATED, f"{until - snapshot.now:.0f}")
    if node.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
        return Held(node.key, Hold.DO_NOT_DISRUPT)
    if claim.node_pool not in snapshot.node_pools:
        return Held(node.key, Hold.NO_POOL, claim.node_pool)
    for pod in here:
        if pod.active and pod.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
            return Held(node.key, Hold.POD_DO_NOT_DISRUPT, pod.key)
    for pod in here:
        if (budget := _blocking_budget(snapshot, pod)) is not None:
            return Held(node.key, Hold.PDB, budget)
    return None


def _blocking_budget(snapshot: Snapshot, pod: Pod) -> str | None:
    if pod.mirror or not pod.active or tolerates(pod.spec.tolerations, _DISRUPTED_TAINT):
        return None
    matching = [
        budget
        for budget in snapshot.budgets.values()
        if budget.metadata.namespace == pod.metadata.namespace and selects(budget.selector, pod.metadata.labels)
    ]
    if len(matching) > 1:
        return ", ".join(sorted(budget.key for budget in matching))
    for budget in matching:
        unready = not is_true(pod.conditions, "Ready")
        if budget.disruptions_allowed == 0 and not (budget.always_allow_unhealthy and unready):
            return budget.key
    return None


def _reschedulable(pod: Pod) -> bool:
    kept = pod.active or (pod.terminating and pod.metadata.owned_by("apps/v1", "StatefulSet"))
    return kept and not pod.daemon and not pod.mirror


def _price(snapshot: Snapshot, node: Node) -> float:
    for type_ in snapshot.catalogue.types:
        if type_.name == node.instance_type:
            for offering in type_.offerings:
                if offering.zone == node.zone and offering.capacity_type == node.capacity_type:
                    return offering.price
    return 0.0
