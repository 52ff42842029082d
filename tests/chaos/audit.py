"""Holds every end of a pod against its PodDisruptionBudget, as somebody who watches the pods sees it."""

from collections.abc import Iterable
from typing import Any

from karptui.model.metadata import condition, is_true
from karptui.model.pod import Pod
from karptui.world import events

EVICTED = "EvictionByEvictionAPI"  # what the API server writes on a pod that it lets go through its budget


class Audit:
    """`see` is given every event of the cluster. `breaches` are sentences; `evictions` counts pods let go.

    A pod that ends without having been let go by the API server is a breach, unless EC2 took its instance; and so is
    one that was let go while fewer than `least` others were up.
    """

    def __init__(self, app: str, least: int) -> None:
        self.breaches: list[str] = []
        self.evictions = 0
        self.scaling = True
        """Whether the workload itself takes pods away just now."""
        self.taken: set[str] = set()
        """Nodes whose instance EC2 has taken."""
        self._app = app
        self._least = least
        self._pods: dict[str, Pod] = {}

    def see(self, event: events.Event) -> None:
        """Hold what happens to a pod against the budget."""
        if not isinstance(event, events.ObjectSeen) or event.resource != "pods":
            return
        pod: Pod = event.object
        if pod.metadata.labels.get("app") != self._app:
            return
        uid = pod.metadata.uid
        before = self._pods.get(uid)
        begins_to_end = pod.metadata.deleted is not None and (before is None or before.metadata.deleted is None)
        vanished = event.change is events.Change.DELETED and before is not None and before.metadata.deleted is None
        if (begins_to_end or vanished) and not self.scaling and pod.node_name:
            self._judge(pod, before)
        if event.change is events.Change.DELETED:
            self._pods.pop(uid, None)
        else:
            self._pods[uid] = pod

    def _judge(self, pod: Pod, before: Pod | None) -> None:
        let_go = condition(pod.conditions, "DisruptionTarget")
        if let_go is None or let_go.reason != EVICTED:
            if pod.node_name not in self.taken:
                why = let_go.reason if let_go is not None else "deleted"
                self.breaches.append(f"a pod past its budget: {pod.key} on {pod.node_name} ({why})")
            return
        self.evictions += 1
        others = [other for uid, other in self._pods.items() if uid != pod.metadata.uid]
        if before is not None and _up(before) and sum(map(_up, others)) < self._least:
            self.breaches.append(f"a pod past its budget: {pod.key} was evicted with {_names(others)} up")


def _up(pod: Pod) -> bool:
    return pod.metadata.deleted is None and is_true(pod.conditions, "Ready")


def _names(pods: Iterable[Any]) -> str:
    return ", ".join(pod.key for pod in pods if _up(pod)) or "none"
