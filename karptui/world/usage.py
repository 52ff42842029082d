"""How much of each node is asked for, kept up to date change by change."""

from karptui.model.pod import Pod


class Usage:
    """Pods by node and the sum of their requests (nano-units); terminal pods do not count, terminating ones do."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Pod]] = {}
        self.requested: dict[str, dict[str, int]] = {}

    def replace(self, before: Pod | None, after: Pod | None) -> None:
        """One pod changed: take its old state off its node and put the new one on."""
        if before is not None and after is not None and self._counts_the_same(before, after):
            return
        if before is not None and before.node_name and not before.terminal:
            self._take(before)
        if after is not None and after.node_name and not after.terminal:
            self.pods.setdefault(after.node_name, {})[after.key] = after
            sums = self.requested.setdefault(after.node_name, {})
            for name, amount in after.requests.items():
                sums[name] = sums.get(name, 0) + amount

    def on(self, node: str) -> dict[str, Pod]:
        """The pods bound to a node, by key."""
        return self.pods.get(node, {})

    def _counts_the_same(self, before: Pod, after: Pod) -> bool:
        """Nearly every change: the same pod on the same node asking for the same, of which only the state is new."""
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
