"""How much of each node is asked for, kept up to date change by change."""

from karptui.model.pod import Pod


class Usage:
    """Pods by node and the sum of their requests (nano-units); terminal pods do not count, terminating ones do."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Pod]] = {}
        self.requested: dict[str, dict[str, int]] = {}

    def replace(self, before: Pod | None, after: Pod | None) -> None:
        """One pod changed: take its old state off its node and put the new one on."""
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
