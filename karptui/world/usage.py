"""How much of each node is asked for and when that last changed, kept up to date change by change."""

from collections.abc import Iterable
from sys import intern

from karptui.model.pod import Pod


class Usage:
    """Pods by node and the sum of their requests (nano-units); terminal pods do not count, terminating ones do."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Pod]] = {}
        self.requested: dict[str, dict[str, int]] = {}
        self._changed: dict[str, float] = {}

    def replace(self, at: float, before: Pod | None, after: Pod | None) -> None:
        """One pod changed: take its old state off its node and put the new one on."""
        self._note(at, before, after)
        if before is not None and after is not None and self._counts_the_same(before, after):
            return
        if before is not None and before.node_name and not before.terminal:
            self._take(before)
        if after is not None and after.node_name and not after.terminal:
            self.pods.setdefault(after.node_name, {})[intern(after.key)] = after
            sums = self.requested.setdefault(after.node_name, {})
            for name, amount in after.requests.items():
                sums[name] = sums.get(name, 0) + amount

    def copy(self) -> "Usage":
        """Another one that stands as this one does."""
        other = self.emptied()
        other.pods = {node: dict(pods) for node, pods in self.pods.items()}
        other.requested = {node: dict(sums) for node, sums in self.requested.items()}
        return other

    def emptied(self) -> "Usage":
        """Another one without pods, which knows when each node changed last."""
        other = Usage()
        other._changed = dict(self._changed)
        return other

    def fill(self, pods: Iterable[Pod]) -> None:
        """Put these pods on their nodes; nothing changed by that."""
        known = dict(self._changed)
        for pod in pods:
            self.replace(0.0, None, pod)
        self._changed = known

    def renew(self, key: str, pod: Pod) -> None:
        """Another version of a pod, of which nothing bears on its node."""
        here = self.pods.get(pod.node_name)
        if here is not None and key in here:
            here[key] = pod

    def forget(self, node: str) -> None:
        """A node has gone; its pods follow one by one."""
        self._changed.pop(node, None)

    def on(self, node: str) -> dict[str, Pod]:
        """The pods bound to a node, by key."""
        return self.pods.get(node, {})

    def last_change(self, node: str) -> float:
        """When a pod was last bound to the node, ended or began to end there (0.0: not seen), DaemonSets left out."""
        return self._changed.get(node, 0.0)

    def _note(self, at: float, before: Pod | None, after: Pod | None) -> None:
        """spec/lifecycle.md 3.6: bound, newly terminal or newly terminating."""
        known = after or before
        if known is None or not known.node_name:
            return
        bound = before is None or before.node_name != known.node_name
        ended = before is not None and (
            after is None or after.terminal != before.terminal or after.terminating != before.terminating
        )
        if (bound or ended) and not known.daemon:
            self._changed[known.node_name] = at

    def _counts_the_same(self, before: Pod, after: Pod) -> bool:
        """The same pod on the same node asking for the same, of which only the state is new."""
        if before.node_name != after.node_name or before.requests is not after.requests:
            return False
        if not after.node_name or before.terminal or after.terminal:
            return False
        here, key = self.pods.get(after.node_name), after.key
        if here is None or key not in here:
            return False
        here[key] = after
        return True

    def _take(self, pod: Pod) -> None:
        here = self.pods.get(pod.node_name)
        if here is None or here.pop(pod.key, None) is None:
            return
        sums = self.requested[pod.node_name]
        for name, amount in pod.requests.items():
            sums[name] -= amount
        if not here:
            del self.pods[pod.node_name]
            del self.requested[pod.node_name]
