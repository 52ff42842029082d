"""Making and removing the pods of one owner: in which order they go, and how many requests run at once."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.context import ControllerContext
from karptui.lab.cluster.kinds import PODS, Kind, Object
from karptui.lab.cluster.pod_conditions import node_name, phase, ready, ready_since
from karptui.lab.cluster.pod_template import pod_from

BURST = 500
"""Pods that one pass makes or removes at most (replicaset.BurstReplicas)."""

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


async def make_pods(
    context: ControllerContext, owner: Object, kind: Kind, templates: Sequence[Object], component: str
) -> None:
    """Create one pod of each template, in batches of 1, 2, 4, ... so that a refusal is met once, not 500 times."""
    done, batch = 0, 1
    while done < len(templates):
        part = templates[done : done + batch]
        await gather_all(_make_pod(context, owner, kind, template, component) for template in part)
        done, batch = done + len(part), batch * 2


async def _make_pod(context: ControllerContext, owner: Object, kind: Kind, template: Object, component: str) -> None:
    pod = await context.api.create(PODS, pod_from(template, owner, kind, context.random))
    message = f"Created pod: {pod['metadata']['name']}"
    context.events.tell(kind, owner, "Normal", "SuccessfulCreate", message, component=component)


async def remove_pods(
    context: ControllerContext, owner: Object, kind: Kind, pods: Iterable[Object], component: str
) -> None:
    """Delete the pods and tell so about their owner."""
    await gather_all(_remove_pod(context, owner, kind, pod, component) for pod in pods)


async def _remove_pod(context: ControllerContext, owner: Object, kind: Kind, pod: Object, component: str) -> None:
    await delete_pod(context, pod)
    message = f"Deleted pod: {pod['metadata']['name']}"
    context.events.tell(kind, owner, "Normal", "SuccessfulDelete", message, component=component)


async def delete_pod(context: ControllerContext, pod: Object, grace: int | None = None) -> None:
    """Delete a pod and let the local copy know at once whether it is terminating or gone."""
    answer = await context.api.delete(PODS, pod, grace=grace)
    meta = answer.get("metadata") or {}
    terminating = meta.get("deletionGracePeriodSeconds") or meta.get("finalizers")
    if answer.get("kind") == "Pod" and terminating:
        context.informer(PODS).observe(answer)
    else:
        context.informer(PODS).forget(pod)


async def gather_all(calls: Iterable[Awaitable[None]]) -> None:
    """Run all of them to their end, then raise the first error, if any."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def removal_order(pods: Iterable[Object], related: Iterable[Object], now: float) -> list[Object]:
    """Pods in the order in which a ReplicaSet gives them up (controller.ActivePodsWithRanks).

    Without a node first, then pending before running, not ready before ready, low deletion cost, most pods of
    `related` on the same node, ready for a short time (in powers of two), restarted often, new.
    """
    together = Counter(node_name(pod) for pod in related)

    def rank(pod: Object) -> tuple[float, ...]:
        node = node_name(pod)
        return (
            1 if node else 0,
            PHASES.get(phase(pod), 2),
            1 if ready(pod) else 0,
            deletion_cost(pod),
            -together[node] if node else 0,
            _logarithmic_age(ready_since(pod), now) if ready(pod) else 0,
            -max((entry.get("restartCount", 0) for entry in _statuses(pod)), default=0),
            _logarithmic_age(epoch(pod["metadata"].get("creationTimestamp")), now),
        )

    return sorted(pods, key=lambda pod: (rank(pod), pod["metadata"].get("uid", "")))


def deletion_cost(pod: Object) -> int:
    """The annotation that makes a pod dear; 0 if it is absent or no number."""
    try:
        return int((pod["metadata"].get("annotations") or {}).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _statuses(pod: Object) -> list[Object]:
    return (pod.get("status") or {}).get("containerStatuses") or []


def _logarithmic_age(since: float, now: float) -> int:
    """Ages within one power of two count as equal: the uid decides then."""
    nanoseconds = max(int((now - since) * 1e9), 0)
    return int(math.log2(nanoseconds)) if nanoseconds else -1
