"""PodDisruptionBudgets and do-not-disrupt, as they keep a whole node (spec/lifecycle.md 0.3, 0.4)."""

from collections.abc import Iterable

from karptui.engine.provisioning.evictable import is_protected
from karptui.model.metadata import condition
from karptui.model.pod import Pod
from karptui.model.selectors import selects
from karptui.model.taints import DISRUPTED_TAINT, tolerates
from karptui.model.workload import PodDisruptionBudget


def is_reschedulable(pod: Pod) -> bool:
    """Whether a pod would come back elsewhere, whatever holds it now."""
    if pod.metadata.owners and (pod.daemon or pod.mirror):
        return False
    return pod.active or (pod.terminating and pod.metadata.owned_by("apps/v1", "StatefulSet"))


def is_disruptable(pod: Pod, now: float) -> bool:
    """Whether the pod itself does not forbid it. DaemonSet and mirror pods are asked as well."""
    return not is_protected(pod, now) or not pod.active


class EvictionLimits:
    """All PodDisruptionBudgets, by namespace."""

    def __init__(self, budgets: Iterable[PodDisruptionBudget], now: float) -> None:
        self._now = now
        self._by_namespace: dict[str, list[PodDisruptionBudget]] = {}
        for budget in sorted(budgets, key=lambda budget: budget.key):
            self._by_namespace.setdefault(budget.metadata.namespace, []).append(budget)

    def __bool__(self) -> bool:
        """Whether there is any budget at all."""
        return bool(self._by_namespace)

    def blocking(self, pod: Pod) -> tuple[PodDisruptionBudget, ...]:
        """The budgets that keep a pod from being evicted now; several, if it has several, whatever they allow."""
        budgets = self._by_namespace.get(pod.metadata.namespace)
        if not budgets or not self._evictable(pod):
            return ()
        matching = [budget for budget in budgets if selects(budget.selector, pod.metadata.labels)]
        if len(matching) > 1:
            return tuple(matching)
        for budget in matching:
            ready = condition(pod.conditions, "Ready")
            if budget.always_allow_unhealthy and ready is not None and ready.status == "False":
                continue
            if budget.disruptions_allowed == 0:
                return (budget,)
        return ()

    def _evictable(self, pod: Pod) -> bool:
        if not pod.active or pod.mirror or tolerates(pod.spec.tolerations, DISRUPTED_TAINT):
            return False
        return not is_protected(pod, self._now)
