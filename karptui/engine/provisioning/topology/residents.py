"""Pods that have a place already, as topology counts them (spec/scheduling.md 7.4)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.topology.groups import Group
from karptui.model.labels import HOSTNAME
from karptui.model.node import Node
from karptui.model.pod import Pod
from karptui.model.requirements import Requirements, from_labels
from karptui.model.snapshot import Snapshot


class Residency:
    """All bound pods of a Snapshot, put together by namespace, labels and node, for every round over it."""

    def __init__(self, snapshot: Snapshot, label_keys: tuple[str, ...]) -> None:
        self.snapshot = snapshot
        self._keys = frozenset(label_keys)
        self._pods: dict[str, dict[frozenset[tuple[str, str]], Counter[str]]] | None = None
        self._labels: dict[str, Requirements] = {}
        found = [pod for pod in snapshot.pods.values() if pod.spec.anti_affinity and pod.node_name and not pod.terminal]
        self.repelling = sorted(found, key=lambda pod: pod.key)

    def labels_of(self, pod: Pod) -> frozenset[tuple[str, str]]:
        """The labels of a pod that any selector looks at."""
        return frozenset((key, value) for key, value in pod.metadata.labels.items() if key in self._keys)

    def in_namespace(self, namespace: str) -> dict[frozenset[tuple[str, str]], Counter[str]]:
        """Active pods of a namespace by labels, then node."""
        if self._pods is None:
            self._pods = {}
            for pod in self.snapshot.pods.values():
                if pod.node_name and pod.active:
                    by_labels = self._pods.setdefault(pod.metadata.namespace, {})
                    by_labels.setdefault(self.labels_of(pod), Counter())[pod.node_name] += 1
        return self._pods.get(namespace, {})

    def admits(self, group: Group, node: Node) -> bool:
        """Whether a group counts pods on a node."""
        if group.node_filter is None:
            return True
        labels = self._labels.get(node.key)
        if labels is None:
            labels = self._labels[node.key] = from_labels(node.metadata.labels)
        return group.node_filter.admits(node.taints, labels)


class Residents:
    """Bound pods outside the batch of one round, from which the nodes of some names are gone."""

    def __init__(
        self, residency: Residency, nodes: Sequence[StateNode], batch: Iterable[Pod], gone: frozenset[str]
    ) -> None:
        self._residency = residency
        self._nodes = nodes
        self._gone = gone
        self._moving = [pod for pod in batch if pod.node_name]
        self._moving_ids = {pod.metadata.uid or pod.key for pod in self._moving}
        self._moved: dict[str, dict[frozenset[tuple[str, str]], Counter[str]]] | None = None

    def repelling(self) -> list[Pod]:
        """Bound pods with required anti-affinity, by key; those that are terminating still repel."""
        known = self._residency.repelling
        return [pod for pod in known if (pod.metadata.uid or pod.key) not in self._moving_ids] if known else known

    def node(self, name: str) -> Node | None:
        """The Node of a name."""
        return self._residency.snapshot.nodes.get(name)

    def count(self, group: Group) -> None:
        """Registers the domains of existing nodes with a group and counts the pods that it selects."""
        admits = self._residency.admits
        for state in self._nodes:
            domain = state.labels.get(group.key)
            if state.node is None or state.deleting or domain is None or state.name in self._gone:
                continue
            if admits(group, state.node):
                group.register(domain)
        for namespace in sorted(group.namespaces):
            moved = self._moved_in(namespace)
            for labels, nodes in self._residency.in_namespace(namespace).items():
                # Without a selector the list from the API is not narrowed, though nothing is selected later.
                if group.selector is not None and not group.selector.matches(dict(labels)):
                    continue
                less = moved.get(labels)
                for name, pods in nodes.items():
                    staying = pods - less[name] if less is not None else pods
                    if staying:
                        self._count_on(group, name, staying)

    def _count_on(self, group: Group, name: str, pods: int) -> None:
        node = self.node(name)
        if node is None:
            return
        domain = node.metadata.labels.get(group.key)
        if domain is None and group.key == HOSTNAME:
            domain = node.metadata.name
        if domain is not None and self._residency.admits(group, node):
            group.count(domain, pods)

    def _moved_in(self, namespace: str) -> dict[frozenset[tuple[str, str]], Counter[str]]:
        if self._moved is None:
            self._moved = {}
            for pod in self._moving:
                if pod.active:
                    by_labels = self._moved.setdefault(pod.metadata.namespace, {})
                    by_labels.setdefault(self._residency.labels_of(pod), Counter())[pod.node_name] += 1
        return self._moved.get(namespace, {})
