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


class Residents:
    """Bound pods outside the batch, put together by namespace, labels and node."""

    def __init__(
        self, snapshot: Snapshot, nodes: Sequence[StateNode], batch: Iterable[Pod], label_keys: tuple[str, ...]
    ) -> None:
        self._snapshot = snapshot
        self._nodes = nodes
        self._batch = {pod.metadata.uid or pod.key for pod in batch}
        self._label_keys = frozenset(label_keys)
        self._pods: dict[str, dict[frozenset[tuple[str, str]], Counter[str]]] | None = None
        self._labels: dict[str, Requirements] = {}

    def repelling(self) -> list[Pod]:
        """Bound pods with required anti-affinity, by key; those that are terminating still repel."""
        found = [
            pod
            for pod in self._snapshot.pods.values()
            if pod.spec.anti_affinity and pod.node_name and not pod.terminal and not self._in_batch(pod)
        ]
        return sorted(found, key=lambda pod: pod.key)

    def node(self, name: str) -> Node | None:
        """The Node of a name."""
        return self._snapshot.nodes.get(name)

    def count(self, group: Group) -> None:
        """Registers the domains of existing nodes with a group and counts the pods that it selects."""
        for state in self._nodes:
            domain = state.labels.get(group.key)
            if state.node is not None and not state.deleting and domain is not None and self._admits(group, state.node):
                group.register(domain)
        if self._pods is None:
            self._pods = self._collect()
        for namespace in sorted(group.namespaces):
            for labels, nodes in self._pods.get(namespace, {}).items():
                # Without a selector the list from the API is not narrowed, though nothing is selected later.
                if group.selector is not None and not group.selector.matches(dict(labels)):
                    continue
                for name, pods in nodes.items():
                    self._count_on(group, name, pods)

    def _count_on(self, group: Group, name: str, pods: int) -> None:
        node = self.node(name)
        if node is None:
            return
        domain = node.metadata.labels.get(group.key)
        if domain is None and group.key == HOSTNAME:
            domain = node.metadata.name
        if domain is not None and self._admits(group, node):
            group.count(domain, pods)

    def _admits(self, group: Group, node: Node) -> bool:
        if group.node_filter is None:
            return True
        labels = self._labels.get(node.key)
        if labels is None:
            labels = self._labels[node.key] = from_labels(node.metadata.labels)
        return group.node_filter.admits(node.taints, labels)

    def _in_batch(self, pod: Pod) -> bool:
        return (pod.metadata.uid or pod.key) in self._batch

    def _collect(self) -> dict[str, dict[frozenset[tuple[str, str]], Counter[str]]]:
        collected: dict[str, dict[frozenset[tuple[str, str]], Counter[str]]] = {}
        for pod in self._snapshot.pods.values():
            if not pod.node_name or not pod.active or self._in_batch(pod):
                continue
            labels = frozenset((key, value) for key, value in pod.metadata.labels.items() if key in self._label_keys)
            by_labels = collected.setdefault(pod.metadata.namespace, {})
            by_labels.setdefault(labels, Counter())[pod.node_name] += 1
        return collected
