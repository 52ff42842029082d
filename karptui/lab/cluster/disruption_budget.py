"""PodDisruptionBudgets: how many pods may be disrupted right now."""

from __future__ import annotations

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.controller import Controller
from karptui.lab.cluster.kinds import (
    BUDGETS,
    DEPLOYMENTS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Object,
    controller_of,
    deleting,
    key_of,
)
from karptui.lab.cluster.pod_conditions import finished, ready, with_condition
from karptui.lab.cluster.selection import selects
from karptui.lab.cluster.shares import share

COMPONENT = "controllermanager"
DELETION_TIMEOUT = 120.0
"""Seconds after which an evicted pod that is still there counts as not evicted (disruption.DeletionTimeout)."""


class NoScale(Exception):
    """A percentage of nothing: a pod has no controller that says how many there should be."""


class DisruptionController(Controller):
    """Keeps the status of PodDisruptionBudgets."""

    name = "disruption"
    settle = 0.1

    def __init__(self, context: ControllerContext) -> None:
        super().__init__(context)
        self._budgets = context.informer(BUDGETS)
        self._pods = context.informer(PODS)
        self._scales = {kind.kind: context.informer(kind) for kind in (DEPLOYMENTS, REPLICASETS, STATEFULSETS)}
        self._budgets.on_change(lambda before, after: self.add(key_of(after)) if after else None)
        self._pods.add_index("namespace", lambda pod: (pod["metadata"]["namespace"],))
        self._pods.on_change(self._pod_changed)
        for scale in self._scales.values():
            scale.on_change(self._scale_changed)

    def _pod_changed(self, before: Object | None, after: Object | None) -> None:
        for key, budget in self._budgets.items.items():
            if any(pod is not None and _covers(budget, pod) for pod in (before, after)):
                self.add(key)

    def _scale_changed(self, before: Object | None, after: Object | None) -> None:
        if before and after and before["spec"].get("replicas") == after["spec"].get("replicas"):
            return
        item = after or before
        assert item is not None
        for key, budget in self._budgets.items.items():
            if budget["metadata"]["namespace"] == item["metadata"]["namespace"]:
                self.add(key)

    async def sync(self, key: str) -> None:
        """See Controller.sync."""
        budget = self._budgets.get(key)
        if budget is None:
            return
        pods = [pod for pod in self._pods.by("namespace", budget["metadata"]["namespace"]) if _covers(budget, pod)]
        if not pods:
            self.context.events.tell(BUDGETS, budget, "Normal", "NoPods", "No matching pods found", component=COMPONENT)
        try:
            expected, desired = self._expected(budget, pods)
        except NoScale as problem:
            message = f"Failed to calculate the number of expected pods: {problem}"
            self.context.events.tell(
                BUDGETS, budget, "Warning", "CalculateExpectedPodCountFailed", message, component=COMPONENT
            )
            await self._write(budget, {"disruptionsAllowed": 0}, ("SyncFailed", str(problem)))
            return
        disrupted = self._disrupted(budget, pods)
        healthy = sum(ready(pod) and not deleting(pod) and pod["metadata"]["name"] not in disrupted for pod in pods)
        allowed = max(healthy - desired, 0) if expected else 0
        status = {
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptedPods": disrupted,
        }
        await self._write(budget, status, ("SufficientPods" if allowed else "InsufficientPods", ""))

    def _expected(self, budget: Object, pods: list[Object]) -> tuple[int, int]:
        """How many pods there should be, and how many of them have to be healthy."""
        spec = budget["spec"]
        if spec.get("maxUnavailable") is not None:
            expected = self._scale_of(pods)
            return expected, max(expected - share(spec["maxUnavailable"], expected, round_up=True), 0)
        minimum = spec.get("minAvailable", 1)
        if isinstance(minimum, int):
            return len(pods), minimum
        expected = self._scale_of(pods)
        return expected, share(minimum, expected, round_up=True)

    def _scale_of(self, pods: list[Object]) -> int:
        scales: dict[str, int] = {}
        for pod in pods:
            top = self._top_controller(pod)
            if top is None:
                raise NoScale(f'found no controllers for pod "{pod["metadata"]["name"]}"')
            scales[top["metadata"]["uid"]] = top["spec"].get("replicas", 1)
        return sum(scales.values())

    def _top_controller(self, pod: Object) -> Object | None:
        """The Deployment of the ReplicaSet of the pod, or the ReplicaSet or StatefulSet itself."""
        top, item = None, pod
        while (owner := controller_of(item)) and owner["kind"] in self._scales:
            found = self._scales[owner["kind"]].get(f"{pod['metadata']['namespace']}/{owner['name']}")
            if found is None or found["metadata"]["uid"] != owner["uid"]:
                break
            top = item = found
        return top

    def _disrupted(self, budget: Object, pods: list[Object]) -> dict[str, str]:
        """Evictions that were granted but are not seen as deletions yet."""
        here = {pod["metadata"]["name"] for pod in pods if not deleting(pod)}
        kept: dict[str, str] = {}
        for name, at in ((budget.get("status") or {}).get("disruptedPods") or {}).items():
            left = epoch(at) + DELETION_TIMEOUT - self.context.clock.now()
            if name in here and left > 0:
                kept[name] = at
                self.add_after(key_of(budget), left)
        return kept

    async def _write(self, budget: Object, status: Object, verdict: tuple[str, str]) -> None:
        old = budget.get("status") or {}
        condition = {
            "type": "DisruptionAllowed",
            "status": "True" if status["disruptionsAllowed"] else "False",
            "reason": verdict[0],
            "message": verdict[1],
            "observedGeneration": budget["metadata"].get("generation", 0),
        }
        conditions = with_condition(list(old.get("conditions") or ()), condition, self.context.timestamp())
        new = {
            **old,
            **status,
            "observedGeneration": budget["metadata"].get("generation", 0),
            "conditions": conditions,
        }
        if {**new, "disruptedPods": new.get("disruptedPods") or {}} != {
            **old,
            "disruptedPods": old.get("disruptedPods") or {},
        }:
            # PUT with the resourceVersion: an eviction counts the same numbers down at the same time.
            await self.api.replace(BUDGETS, {**budget, "status": new}, "status")


def _covers(budget: Object, pod: Object) -> bool:
    if pod["metadata"]["namespace"] != budget["metadata"]["namespace"] or finished(pod):
        return False
    return selects(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})
