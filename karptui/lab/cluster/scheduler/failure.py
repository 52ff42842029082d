"""The sentence about a pod that fits nowhere, as kube-scheduler writes it into condition and event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from karptui.lab.cluster.scheduler.filters import TAINTED, Refusal
from karptui.lab.cluster.scheduler.pod_info import PodInfo

NO_NODES = "no nodes available to schedule pods"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"
NO_CLAIMS = "no new claims to deallocate"
NEVER = "not eligible due to preemptionPolicy=Never."

CURRENT = (1, 34)
"""From this release on taints are not named (kubernetes#134740), and the plugin for ResourceClaims has its say."""


def unschedulable_message(pod: PodInfo, refusals: Iterable[Refusal], release: tuple[int, int] = CURRENT) -> str:
    """`0/3 nodes are available: 1 ..., 2 .... no new claims to deallocate, preemption: 0/3 nodes are available: ....`

    Worded as that `release` of Kubernetes words it: 1.33 and older have no part about claims and name the taints.
    The counted reasons are sorted as strings, so "10 x" comes before "2 y".
    """
    refusals = list(refusals)
    if not refusals:
        return NO_NODES
    total = len(refusals)
    reasons = Counter(_worded(reason, release) for refused in refusals for reason in refused.reasons)
    if pod.spec.get("preemptionPolicy") == "Never":
        preemption = NEVER
    else:
        outcomes = Counter(NOT_HELPFUL if refused.final else NO_VICTIMS for refused in refusals)
        preemption = _available(total, outcomes)
    claims = f"{NO_CLAIMS}, " if release >= CURRENT else ""
    return f"{_available(total, reasons)} {claims}preemption: {preemption}"


def _worded(reason: str, release: tuple[int, int]) -> str:
    return f"{TAINTED}(s)" if release >= CURRENT and reason.startswith(TAINTED) else reason


def _available(total: int, reasons: Counter[str]) -> str:
    listed = sorted(f"{count} {reason}" for reason, count in reasons.items())
    return f"0/{total} nodes are available: {', '.join(listed)}."
