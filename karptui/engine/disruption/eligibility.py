"""Which nodes may be disrupted at all, and what keeps the others (spec/lifecycle.md 3.2)."""

from karptui.engine.disruption.protection import EvictionLimits, is_disruptable
from karptui.engine.provisioning.pools import SUPPORTED_NODE_CLASSES
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.model.disruption import Held, Hold
from karptui.model.labels import DO_NOT_DISRUPT, NODEPOOL
from karptui.model.nodepool import NodePool
from karptui.model.snapshot import Snapshot

FORGIVEN = frozenset({Hold.POD_DO_NOT_DISRUPT, Hold.PDB, Hold.SEVERAL_PDBS})
"""What an eventual method, drift, does not mind on a node whose claim has a terminationGracePeriod."""


class Eligibility:
    """The rules, in order, over one Snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._limits = EvictionLimits(snapshot.budgets.values(), snapshot.now)
        visible = snapshot.catalogue.by_pool
        names = {type_.name for type_ in snapshot.catalogue.types}
        self._pools: dict[str, NodePool] = {}
        for pool in snapshot.node_pools.values():
            reference = pool.template.node_class
            offered = names.intersection(visible[pool.key]) if pool.key in visible else names
            if (reference.group, reference.kind) in SUPPORTED_NODE_CLASSES and offered:
                self._pools[pool.key] = pool

    def pool(self, state: StateNode) -> NodePool | None:
        """The pool of a node, if it can make nodes."""
        return self._pools.get(state.node_pool)

    def held(self, state: StateNode) -> Held | None:
        """The first rule that keeps a node from every graceful method; None: it is a candidate."""
        return self._by_itself(state) or self._by_pods(state)

    def _by_itself(self, state: StateNode) -> Held | None:
        name, claim, node = state.name, state.claim, state.node
        if claim is None:
            return Held(name, Hold.NO_CLAIM)
        if node is None:
            return Held(name, Hold.NO_NODE)
        if not state.initialized:
            return Held(name, Hold.NOT_INITIALIZED)
        if state.deleting:
            return Held(name, Hold.DELETING)
        nominated = self._snapshot.nominated
        until = max(nominated.get(node.key, 0.0), nominated.get(claim.key, 0.0))
        if until > self._snapshot.now:
            return Held(name, Hold.NOMINATED, until=until)
        if state.annotations.get(DO_NOT_DISRUPT) == "true":
            return Held(name, Hold.DO_NOT_DISRUPT)
        if NODEPOOL not in state.labels:
            return Held(name, Hold.NO_POOL_LABEL)
        if state.node_pool not in self._pools:
            return Held(name, Hold.NO_POOL, (state.node_pool,))
        return None

    def _by_pods(self, state: StateNode) -> Held | None:
        for pod in state.pods:
            if not is_disruptable(pod, self._snapshot.now):
                return Held(state.name, Hold.POD_DO_NOT_DISRUPT, (pod.key,))
        for pod in state.pods if self._limits else ():
            budgets = self._limits.blocking(pod)
            if budgets:
                code = Hold.PDB if len(budgets) == 1 else Hold.SEVERAL_PDBS
                return Held(state.name, code, tuple(budget.key for budget in budgets), detail=pod.key)
        return None
