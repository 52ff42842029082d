"""Pods that have a place already, as topology counts them (spec/scheduling.md 7.4).

Rounds over one Snapshot leave out few nodes and pods each, so what all of them count is counted once, and a round takes
off what it leaves out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.topology.groups import Group
from karptui.model.labels import HOSTNAME
from karptui.model.node import Node
from karptui.model.pod import Pod, PodSpec
from karptui.model.requirements import Requirements, from_labels
from karptui.model.snapshot import Snapshot

Labels = frozenset[tuple[str, str]]

_NONE: Counter[str] = Counter()


class _Counted(NamedTuple):
    """What one group counts of a whole Snapshot: nodes that have a domain, and selected pods in it."""

    nodes: Counter[str]
    pods: Counter[str]
    selected: dict[tuple[str, Labels], bool]


class Repelling:
    """Bound pods of one spec with required anti-affinity; `pods` are their numbers by node."""

    __slots__ = ("_by_domain", "namespace", "pods", "spec")

    def __init__(self, namespace: str, spec: PodSpec) -> None:
        self.namespace = namespace
        self.spec = spec
        self.pods: Counter[str] = Counter()
        self._by_domain: dict[str, Counter[str]] = {}

    def by_domain(self, key: str, nodes: Mapping[str, Node]) -> Counter[str]:
        """Their numbers by the value that their nodes have for a label."""
        known = self._by_domain.get(key)
        if known is None:
            known = self._by_domain[key] = domains_of(self.pods, key, nodes)
        return known


def domains_of(pods: Mapping[str, int], key: str, nodes: Mapping[str, Node]) -> Counter[str]:
    """Numbers of pods by node, put together by the value that the nodes have for a label."""
    found: Counter[str] = Counter()
    for name, number in pods.items():
        node = nodes.get(name)
        domain = node.metadata.labels.get(key) if node is not None else None
        if domain is not None:
            found[domain] += number
    return found


class Residency:
    """All bound pods of a Snapshot, for every round over it."""

    def __init__(self, snapshot: Snapshot, nodes: Sequence[StateNode], label_keys: tuple[str, ...]) -> None:
        self.snapshot = snapshot
        self._nodes = nodes
        self._states = {state.name: state for state in nodes}
        self._keys = frozenset(label_keys)
        self._pods: dict[str, dict[Labels, Counter[str]]] | None = None
        self._labels: dict[str, Requirements] = {}
        self._counted: dict[tuple[object, ...], _Counted] = {}
        self.repelling: dict[tuple[str, bytes], Repelling] = {}
        found = [pod for pod in snapshot.pods.values() if pod.spec.anti_affinity and pod.node_name and not pod.terminal]
        for pod in sorted(found, key=lambda pod: pod.key):
            shape = (pod.metadata.namespace, pod.spec.key)
            if shape not in self.repelling:
                self.repelling[shape] = Repelling(pod.metadata.namespace, pod.spec)
            self.repelling[shape].pods[pod.node_name] += 1

    def labels_of(self, pod: Pod) -> Labels:
        """The labels of a pod that any selector looks at."""
        return frozenset((key, value) for key, value in pod.metadata.labels.items() if key in self._keys)

    def counted(self, group: Group) -> _Counted:
        """What a group counts when nothing is left out."""
        known = self._counted.get(group.identity)
        if known is None:
            known = self._counted[group.identity] = _Counted(Counter(), Counter(), {})
            if not group.per_host:
                for state in self._nodes:
                    domain = self.registered(group, state)
                    if domain is not None:
                        known.nodes[domain] += 1
            for namespace in sorted(group.namespaces):
                for labels, nodes in self._in_namespace(namespace).items():
                    if self.selects(group, known, namespace, labels):
                        for name, pods in nodes.items():
                            domain = self.domain(group, name)
                            if domain is not None:
                                known.pods[domain] += pods
        return known

    def selects(self, group: Group, counted: _Counted, namespace: str, labels: Labels) -> bool:
        """Whether bound pods with these labels count."""
        key = (namespace, labels)
        known = counted.selected.get(key)
        if known is None:
            # Without a selector the list from the API is not narrowed, though nothing is selected later.
            matches = group.selector is None or group.selector.matches(dict(labels))
            known = counted.selected[key] = namespace in group.namespaces and matches
        return known

    def registered(self, group: Group, state: StateNode | None) -> str | None:
        """The domain that a node registers with a group."""
        if state is None or state.node is None or state.deleting:
            return None
        domain = state.labels.get(group.key)
        return domain if domain is not None and self._admits(group, state.node) else None

    def state(self, name: str) -> StateNode | None:
        """The state node of a name."""
        return self._states.get(name)

    def domain(self, group: Group, name: str) -> str | None:
        """The domain in which a group counts the pods of a node."""
        node = self.snapshot.nodes.get(name)
        if node is None:
            return None
        domain = node.metadata.labels.get(group.key)
        if domain is None and group.key == HOSTNAME:
            domain = node.metadata.name
        return domain if domain is not None and self._admits(group, node) else None

    def _in_namespace(self, namespace: str) -> dict[Labels, Counter[str]]:
        """Active pods of a namespace by labels, then node."""
        if self._pods is None:
            self._pods = {}
            for pod in self.snapshot.pods.values():
                if pod.node_name and pod.active:
                    by_labels = self._pods.setdefault(pod.metadata.namespace, {})
                    by_labels.setdefault(self.labels_of(pod), Counter())[pod.node_name] += 1
        return self._pods.get(namespace, {})

    def _admits(self, group: Group, node: Node) -> bool:
        if group.node_filter is None:
            return True
        labels = self._labels.get(node.key)
        if labels is None:
            labels = self._labels[node.key] = from_labels(node.metadata.labels)
        return group.node_filter.admits(node.taints, labels)


class Residents:
    """Bound pods outside the batch of one round, from which the nodes of some names are gone."""

    def __init__(self, residency: Residency, batch: Iterable[Pod], gone: frozenset[str]) -> None:
        self._residency = residency
        self._gone = gone
        self._moving = [pod for pod in batch if pod.node_name]

    def repelling(self) -> Iterator[tuple[Repelling, Counter[str]]]:
        """Bound pods with required anti-affinity, by spec, and those of them that move, by node.

        Those that are terminating still repel.
        """
        everyone = self._residency.repelling
        if not everyone:
            return
        moved: dict[tuple[str, bytes], Counter[str]] = {}
        for pod in self._moving:
            if pod.spec.anti_affinity:
                moved.setdefault((pod.metadata.namespace, pod.spec.key), Counter())[pod.node_name] += 1
        for shape, group in everyone.items():
            less = moved.get(shape, _NONE)
            if not less or less.total() < group.pods.total():
                yield group, less

    @property
    def nodes(self) -> Mapping[str, Node]:
        """All Nodes by name."""
        return self._residency.snapshot.nodes

    def count(self, group: Group) -> None:
        """Registers the domains of existing nodes with a group and counts the pods that it selects."""
        residency = self._residency
        counted = residency.counted(group)
        nodes, pods = counted.nodes, counted.pods
        if self._gone and nodes:
            nodes = nodes.copy()
            for name in self._gone:
                domain = residency.registered(group, residency.state(name))
                if domain is not None:
                    nodes[domain] -= 1
        moved: Counter[str] = Counter()
        for pod in self._moving:
            if pod.active and residency.selects(group, counted, pod.metadata.namespace, residency.labels_of(pod)):
                domain = residency.domain(group, pod.node_name)
                if domain is not None:
                    moved[domain] += 1
        for domain, number in nodes.items():
            if number:
                group.register(domain)
        group.take(pods, moved)
