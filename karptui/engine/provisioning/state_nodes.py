"""Nodes as Karpenter remembers them: Node and NodeClaim joined by provider ID (spec/scheduling.md 3.4)."""

from collections.abc import Iterable, Mapping
from operator import attrgetter

from karptui.engine.provisioning.bound_pods import BoundPods
from karptui.model.labels import HOSTNAME, INITIALIZED, INSTANCE_TYPE, NODEPOOL, REGISTERED
from karptui.model.metadata import is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod
from karptui.model.quantity import NANO
from karptui.model.resources import Resources
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint, is_ephemeral

NODES = "nodes"
"""The resource by which NodePool limits count nodes."""


class StateNode:
    """One node that exists or is being launched; `pods` are those bound to it that are not terminal, `bound` all.

    `movers` are the pods that may have to go elsewhere when it goes: a StatefulSet's that is being deleted comes back
    even if it has ended. `name` and `labels` are the NodeClaim's while it is managed and not registered, else the
    Node's.
    """

    __slots__ = ("bound", "claim", "deleting", "initialized", "labels", "movers", "name", "node", "pods", "registered")

    def __init__(
        self, node: Node | None, claim: NodeClaim | None, bound: tuple[Pod, ...], marked: frozenset[str]
    ) -> None:
        self.node = node
        self.claim = claim
        self.bound = bound
        self.pods = tuple(pod for pod in bound if not pod.terminal)
        self.movers = self.pods if len(self.pods) == len(bound) else tuple(filter(_comes_back, bound))
        labels = node.metadata.labels if node is not None else {}
        self.registered = claim is None or labels.get(REGISTERED) == "true"
        self.initialized = claim is None or labels.get(INITIALIZED) == "true"
        self.deleting = self._is_deleting(marked)
        self.name: str = self._source.metadata.name
        self.labels: Mapping[str, str] = self._source.metadata.labels

    def _is_deleting(self, marked: frozenset[str]) -> bool:
        node, claim = self.node, self.claim
        if (node is not None and node.key in marked) or (claim is not None and claim.key in marked):
            return True
        if claim is not None:
            return claim.metadata.deleted is not None or is_true(claim.conditions, "InstanceTerminating")
        return node is not None and node.metadata.deleted is not None

    @property
    def _source(self) -> Node | NodeClaim:
        """Whose name and labels count."""
        if self.node is None or (self.claim is not None and not self.registered):
            assert self.claim is not None, "a state node has one of both"
            return self.claim
        return self.node

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations from where the name comes."""
        return self._source.metadata.annotations

    @property
    def hostname(self) -> str:
        """The hostname label, or the name."""
        return self.labels.get(HOSTNAME) or self.name

    @property
    def node_pool(self) -> str:
        """The NodePool by label, or ""."""
        return self.labels.get(NODEPOOL, "")

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints that keep pods away; those that go away while it starts do not count before it is initialized."""
        claim, node = self.claim, self.node
        if claim is not None and (node is None or not self.registered):
            taints = claim.taints
        else:
            taints = node.taints if node is not None else ()
        if claim is None or self.initialized:
            return taints
        return tuple(
            taint
            for taint in taints
            if not is_ephemeral(taint) and not any(taint.matches(startup) for startup in claim.startup_taints)
        )

    def _filled(self, own: Mapping[str, int], promised: Mapping[str, int]) -> Resources:
        amounts = dict(own)
        if self.claim is not None and not self.initialized:
            for name, amount in promised.items():
                if not amounts.get(name):
                    amounts[name] = amount
        return amounts

    @property
    def capacity(self) -> Resources:
        """Capacity with `nodes`: 1; what the Node does not say yet is taken from the NodeClaim."""
        own = self.node.capacity if self.node is not None else {}
        return {**self._filled(own, self.claim.capacity if self.claim is not None else {}), NODES: NANO}

    @property
    def allocatable(self) -> Resources:
        """Allocatable, filled in the same way."""
        own = self.node.allocatable if self.node is not None else {}
        return self._filled(own, self.claim.allocatable if self.claim is not None else {})

    @property
    def available(self) -> Resources:
        """Allocatable less the requests of the pods on it."""
        return subtract_all(self.allocatable, (pod.requests for pod in self.pods))


def subtract_all(total: Mapping[str, int], parts: Iterable[Mapping[str, int]]) -> Resources:
    """`total` less every part, with the names of `total` only."""
    left = dict(total)
    for part in parts:
        for name, amount in part.items():
            if name in left:
                left[name] -= amount
    return left


def unlaunched_claim(snapshot: Snapshot) -> str | None:
    """The first NodeClaim without a provider ID: while there is one no round starts (spec/scheduling.md 2.5)."""
    return min((claim.key for claim in snapshot.node_claims.values() if not claim.provider_id), default=None)


class StateNodes:
    """The state nodes of one cluster that is asked about again and again: those that nothing touched are taken over.

    For one thread at a time.
    """

    def __init__(self) -> None:
        self._bound = BoundPods()
        self._marked = frozenset[str]()
        self._known: dict[str, StateNode] = {}

    def of(self, snapshot: Snapshot) -> list[StateNode]:
        """All state nodes, by name."""
        bound = self._bound.of(snapshot.pods)
        nodes: dict[str, Node] = {}
        for node in snapshot.nodes.values():
            key = _node_key(node)
            if key is not None:
                nodes[key] = node
        claims = {claim.provider_id: claim for claim in snapshot.node_claims.values() if claim.provider_id}
        known = self._known if self._marked == snapshot.marked_for_deletion else {}
        joined: dict[str, StateNode] = {}
        for provider_id in {**nodes, **claims}:
            node, claim = nodes.get(provider_id), claims.get(provider_id)
            on_it = bound.get(node.key, ()) if node is not None else ()
            state = known.get(provider_id)
            if state is None or state.node is not node or state.claim is not claim or state.bound is not on_it:
                state = StateNode(node, claim, on_it, snapshot.marked_for_deletion)
            joined[provider_id] = state
        self._known, self._marked = joined, snapshot.marked_for_deletion
        return sorted(joined.values(), key=attrgetter("name"))


def state_nodes(snapshot: Snapshot) -> list[StateNode]:
    """All state nodes of a cluster that is asked about once, by name."""
    return StateNodes().of(snapshot)


def _comes_back(pod: Pod) -> bool:
    return not pod.terminal or (pod.terminating and pod.metadata.owned_by("apps/v1", "StatefulSet"))


def _node_key(node: Node) -> str | None:
    labels = node.metadata.labels
    in_pool = labels.get(NODEPOOL, "") != ""
    if in_pool and not labels.get(INSTANCE_TYPE) and not labels.get(INITIALIZED):
        return None
    if node.provider_id:
        return node.provider_id
    return None if in_pool else node.key
