"""When an answer about disruption may change though nothing in the cluster does: at the turns that the clock brings."""

from collections.abc import Iterator
from math import inf

from karptui.engine.disruption.budgets import next_change
from karptui.engine.disruption.conditions import consolidatable_since
from karptui.engine.disruption.profile import profile_of
from karptui.engine.disruption.validation import VALIDATION_SECONDS
from karptui.engine.provisioning.evictable import protected_until
from karptui.engine.provisioning.simulation import pod_event_of
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.snapshot import Snapshot


def good_until(snapshot: Snapshot) -> float:
    """Up to when (exclusively) a pass over this Snapshot would say the same, validation included; epoch seconds."""
    if not profile_of(snapshot.options.karpenter_version).ranks_by_savings:
        return snapshot.now  # up to 1.13 the age of nodes ranks them, and they age all the time
    now, later = snapshot.now, snapshot.now + VALIDATION_SECONDS
    first = inf
    for turn in _turns(snapshot):
        if now < turn < first:
            first = turn
        if later < turn and turn - VALIDATION_SECONDS < first:
            first = turn - VALIDATION_SECONDS
    return first


def _turns(snapshot: Snapshot) -> Iterator[float]:
    now = snapshot.now
    yield from snapshot.nominated.values()
    for pod in snapshot.pods.values():
        if DO_NOT_DISRUPT in pod.metadata.annotations:
            until = protected_until(pod)
            if until is not None:
                yield until
    pools = snapshot.node_pools
    for claim in snapshot.node_claims.values():
        pool = pools.get(claim.node_pool)
        if pool is None or not pool.consolidate_after:
            continue
        since = pod_event_of(claim)
        if since is not None:
            yield since + pool.consolidate_after
        ready = consolidatable_since(claim, pool)
        if ready is not None:
            yield ready
    for pool in pools.values():
        for moment in (now, now + VALIDATION_SECONDS):
            change = next_change(pool.budgets, moment)
            if change is not None:
                yield change
