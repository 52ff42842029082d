"""Which features of Karpenter a decision had to do with, by the names of the field: what a score is split by."""

from collections.abc import Iterator

from karptui.model.decision import PlannedClaim
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot
from karptui.shadow.disruptions import Move
from karptui.shadow.provisioning import Pair


def features_of(entry: Pair | Move) -> tuple[str, ...]:
    """Sorted; () where nothing but requests played a part, or the cluster of then is not kept any more."""
    snapshot = entry.snapshot
    if snapshot is None:
        return ()
    claims: tuple[PlannedClaim, ...] = ()
    pods: tuple[str, ...] = ()
    if isinstance(entry, Pair):
        claims = (entry.predicted,) if entry.predicted is not None else ()
        pods = (
            entry.predicted.pods if entry.predicted is not None else tuple(entry.actual.named if entry.actual else ())
        )
    else:
        known = entry.actual if entry.actual is not None else entry.predicted
        pods = known.pods if known is not None else ()
        claims = entry.predicted.replacements if entry.predicted is not None else ()
    found = {name for key in pods if (pod := snapshot.pods.get(key)) is not None for name in _of_pod(pod)}
    if isinstance(entry, Move) and _guarded(snapshot, pods):
        found.add("PodDisruptionBudget")
    for claim in claims:
        found.update(_of_claim(snapshot, claim))
    return tuple(sorted(found))


def _of_pod(pod: Pod) -> Iterator[str]:
    spec = pod.spec
    told = {
        "topology spread": spec.topology_spread,
        "pod affinity": spec.affinity,
        "pod anti-affinity": spec.anti_affinity,
        "preferences": spec.preferred_affinity or spec.preferred_anti_affinity or spec.preferred_node_terms,
        "node selector": spec.node_selector or spec.required_node_terms,
        "tolerations": [entry for entry in spec.tolerations if not entry.key.startswith("node.kubernetes.io/")],
        "host ports": spec.host_ports,
        "volumes": spec.volumes,
        "priority": pod.priority,
    }
    return (name for name, used in told.items() if used)


def _of_claim(snapshot: Snapshot, claim: PlannedClaim) -> Iterator[str]:
    pool = snapshot.node_pools.get(claim.node_pool)
    yield claim.capacity_type or "on-demand"
    if pool is not None and pool.limits:
        yield "limits"
    if claim.relaxed:
        yield "preferences"
    if any(entry.min_values for entry in claim.requirements):
        yield "minValues"


def _guarded(snapshot: Snapshot, pods: tuple[str, ...]) -> bool:
    budgets = snapshot.budgets.values()
    return any(
        budget.selector is not None
        and budget.metadata.namespace == pod.metadata.namespace
        and budget.selector.matches(pod.metadata.labels)
        for pod in (snapshot.pods.get(key) for key in pods)
        if pod is not None
        for budget in budgets
    )
