"""The sentence about a pod that fits nowhere, as kube-scheduler (v1.35) writes it into condition and event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from karptui.lab.cluster.scheduler.filters import Refusal
from karptui.lab.cluster.scheduler.pod_info import PodInfo

NO_NODES = "no nodes available to schedule pods"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NO_CLAIMS = "no new claims to deallocate"
NEVER = "not eligible due to preemptionPolicy=Never."


def unschedulable_message(pod: PodInfo, refusals: Iterable[Refusal]) -> str:
    """`0/3 nodes are available: 1 ..., 2 .... no new claims to deallocate, preemption: 0/3 nodes are available: ....`

    The counted reasons are sorted as strings, so "10 x" comes before "2 y".
    """
    refusals = list(refusals)
    if not refusals:
        return NO_NODES
    total = len(refusals)
    reasons = Counter(reason for refused in refusals for reason in refused.reasons)
    if pod.spec.get("preemptionPolicy") == "Never":
        preemption = NEVER
    else:
        outcomes = Counter(NOT_HELPFUL if refused.final else NO_VICTIMS for refused in refusals)
        preemption = _available(total, outcomes)
    return f"{_available(total, reasons)} {NO_CLAIMS}, preemption: {preemption}"


def _available(total: int, reasons: Counter[str]) -> str:
    listed = sorted(f"{count} {reason}" for reason, count in reasons.items())
    return f"0/{total} nodes are available: {', '.join(listed)}."
