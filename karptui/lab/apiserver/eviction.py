"""The pods/eviction subresource: what a PodDisruptionBudget lets go, and what it holds back."""

from __future__ import annotations

from typing import Any

from karptui.kube.timestamps import rfc3339
from karptui.lab.apiserver.deletion import DeleteOptions, Deletion
from karptui.lab.apiserver.errors import ApiError, conflict, forbidden, too_many_requests
from karptui.lab.apiserver.registry import Registry
from karptui.lab.apiserver.selectors import from_object
from karptui.lab.apiserver.store import Stored
from karptui.lab.apiserver.writes import Writes

Manifest = dict[str, Any]

_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
_STILL_PROCESSED_RETRY = 10  # seconds, as the real server asks for while a budget's status is behind its spec
_ENDED = ("Succeeded", "Failed")


class Eviction:
    """Evicts pods, one budget decrement each."""

    def __init__(self, writes: Writes, deletion: Deletion, registry: Registry) -> None:
        self._writes = writes
        self._deletion = deletion
        self._pods = registry.of("", "pods")
        self._budgets = registry.of("policy", "poddisruptionbudgets")

    def evict(self, namespace: str, name: str, options: DeleteOptions) -> None:
        """Evict a pod. Raises 404, 409 (another uid), 429 (budget) or 500 (more than one budget)."""
        stored = self._writes.current(self._pods, namespace, name)
        if options.uid and options.uid != stored.uid:
            raise conflict(self._pods, name, f"the UID in the precondition ({options.uid}) does not match")
        pod = stored.manifest()
        if not _needs_no_budget(pod):
            budgets = self._matching(stored)
            if len(budgets) > 1:
                raise ApiError(
                    500,
                    "InternalError",
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                )
            if budgets and not _unhealthy_goes(budgets[0].manifest(), pod):
                self._decrement(budgets[0], name, options.dry_run)
        if options.dry_run:
            return
        marked = self._writes.change(stored, lambda manifest: _set_disruption_target(manifest, self._writes.now()))
        self._deletion.take_away(marked, options)

    def _matching(self, pod: Stored) -> list[Stored]:
        return [
            budget
            for budget in self._writes.store.all(self._budgets, pod.namespace)
            if from_object((budget.manifest().get("spec") or {}).get("selector"))(pod.labels)
        ]

    def _decrement(self, stored: Stored, pod: str, dry_run: bool) -> None:
        budget = stored.manifest()
        status = budget.get("status") or {}
        if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
            cause = f"The disruption budget {stored.name} is still being processed by the server."
            raise _refusal(cause, _STILL_PROCESSED_RETRY)
        allowed = status.get("disruptionsAllowed", 0)
        if allowed < 0:
            raise forbidden(self._budgets, stored.name, "pdb disruptions allowed is negative")
        if allowed == 0:
            raise _refusal(
                f"The disruption budget {stored.name} needs {status.get('desiredHealthy', 0)} healthy pods "
                f"and has {status.get('currentHealthy', 0)} currently",
                0,
            )
        now = rfc3339(self._writes.clock.now())

        def edit(manifest: Manifest) -> None:
            status = manifest["status"]
            status["disruptionsAllowed"] -= 1
            status.setdefault("disruptedPods", {})[pod] = now
            if status["disruptionsAllowed"] == 0:
                for condition in status.get("conditions") or ():
                    if condition.get("type") == "DisruptionAllowed" and condition.get("status") != "False":
                        condition.update(status="False", reason="InsufficientPods", lastTransitionTime=now)

        self._writes.change(stored, edit, dry_run=dry_run)


def _refusal(cause: str, retry_after: int) -> ApiError:
    return too_many_requests(_REFUSED, retry_after, [{"reason": "DisruptionBudget", "message": cause}])


def _needs_no_budget(pod: Manifest) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return phase in (*_ENDED, "Pending") or "deletionTimestamp" in pod["metadata"]


def _unhealthy_goes(budget: Manifest, pod: Manifest) -> bool:
    """Whether a pod that is not ready may go without costing the budget anything."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    if any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions):
        return False
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget.get("status") or {}
    desired = status.get("desiredHealthy", 0)
    return desired > 0 and status.get("currentHealthy", 0) >= desired


def _set_disruption_target(pod: Manifest, now: str) -> None:
    conditions = pod.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [item for item in conditions if item.get("type") != "DisruptionTarget"]
    conditions.append(
        {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
            "lastProbeTime": None,
            "lastTransitionTime": now,
        }
    )
