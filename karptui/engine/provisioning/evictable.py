"""Which pods of a node that is going away need a new place (spec/scheduling.md 1.4)."""

import re
from collections.abc import Sequence
from enum import Enum, auto

from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import condition
from karptui.model.pod import Pod
from karptui.model.selectors import selects
from karptui.model.taints import DISRUPTED_TAINT, tolerates
from karptui.model.workload import PodDisruptionBudget

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def is_reschedulable(pod: Pod, budgets: Sequence[PodDisruptionBudget], now: float) -> bool:
    """Whether a pod of a deleting node is planned for: it goes away and comes back elsewhere."""
    if pod.daemon or pod.mirror:
        return False
    if not pod.active and not (pod.metadata.owned_by("apps/v1", "StatefulSet") and pod.terminating):
        return False
    protected = is_protected(pod, now)
    if pod.active and protected:
        return False
    evictable = pod.active and not tolerates(pod.spec.tolerations, DISRUPTED_TAINT) and not protected
    return not (evictable and _fully_blocked(pod, budgets))


class Shield(Enum):
    """What a pod's karpenter.sh/do-not-disrupt is worth."""

    ALWAYS = auto()
    RUNNING = auto()
    OVER = auto()
    INVALID = auto()
    """Neither "true" nor a positive duration: it protects nothing."""


def shield_of(pod: Pod, now: float) -> Shield | None:
    """What the annotation is worth at `now`: "true" for ever, a Go duration from the pod's start; None without it."""
    value = pod.metadata.annotations.get(DO_NOT_DISRUPT)
    if value is None:
        return None
    if value == "true":
        return Shield.ALWAYS
    seconds = _go_duration(value)
    if seconds is None or seconds <= 0:
        return Shield.INVALID
    return Shield.RUNNING if pod.started is None or now - pod.started < seconds else Shield.OVER


def is_protected(pod: Pod, now: float) -> bool:
    """Whether karpenter.sh/do-not-disrupt holds at `now`."""
    if DO_NOT_DISRUPT not in pod.metadata.annotations:  # nearly every pod, and this is asked of each in every pass
        return False
    return shield_of(pod, now) in (Shield.ALWAYS, Shield.RUNNING)


def protected_until(pod: Pod) -> float | None:
    """When a do-not-disrupt that was given for a time ends; None: it has no end, or there is none."""
    value = pod.metadata.annotations.get(DO_NOT_DISRUPT)
    seconds = _go_duration(value) if value is not None else None
    return pod.started + seconds if seconds is not None and pod.started is not None else None


def _go_duration(text: str) -> float | None:
    """Seconds of a duration as Go's time.ParseDuration reads it."""
    if not _DURATION.fullmatch(text):
        return None
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _DURATION_PART.findall(text))
    return -seconds if text.startswith("-") else seconds


def _fully_blocked(pod: Pod, budgets: Sequence[PodDisruptionBudget]) -> bool:
    matching = [
        budget
        for budget in budgets
        if budget.metadata.namespace == pod.metadata.namespace and selects(budget.selector, pod.metadata.labels)
    ]
    if len(matching) > 1:
        return True
    ready = condition(pod.conditions, "Ready")
    unhealthy = ready is not None and ready.status == "False"
    for budget in matching:
        if budget.always_allow_unhealthy and unhealthy:
            continue
        if budget.max_unavailable in ("0", "0%") or budget.min_available == "100%":
            return True
    return False
