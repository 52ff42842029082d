"""What Karpenter would do about the pending pods of a Snapshot."""

from collections.abc import Callable

from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.not_modelled import not_modelled
from karptui.engine.provisioning.overlays import overlaid
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.pools import usable_pools
from karptui.engine.provisioning.solver import Solver, no_pools
from karptui.engine.provisioning.state_nodes import StateNode, state_nodes, unlaunched_claim
from karptui.model.decision import Plan
from karptui.model.snapshot import Snapshot

NOT_SYNCED = "the cluster state is not synced"

__all__ = ["NOT_SYNCED", "plan"]


def plan(
    snapshot: Snapshot,
    expired: Callable[[], bool] | None = None,
    join: Callable[[Snapshot], list[StateNode]] = state_nodes,
) -> Plan:
    """One provisioning round of Karpenter 1.14 over a Snapshot: pure, and the same for equal Snapshots.

    `expired` is asked before every pod; once it says yes the round ends with what is placed by then, as Karpenter's
    does after 60 s: pods that were not tried have no error. Who asks again and again gives `StateNodes().of` to `join`.
    """
    overlays = overlaid(snapshot).standing
    if unlaunched_claim(snapshot) is not None:
        return Plan(deferred=NOT_SYNCED, overlays=overlays)
    nodes = join(snapshot)
    batch = Batch(snapshot, nodes)
    if not batch.pods:
        return Plan(ignored=batch.ignored, overlays=overlays)
    pools = usable_pools(snapshot)
    missing = not_modelled(snapshot, batch)
    if not pools:
        answer = no_pools(batch)
    else:
        specs = {id(pod.spec): pod.spec for pod in batch.pods}
        answer = Solver(Groundwork(snapshot, nodes, pools, specs.values()), batch).solve(expired)
    return Plan(
        claims=answer.claims,
        existing=answer.existing,
        errors=answer.errors,
        ignored=answer.ignored,
        relaxed=answer.relaxed,
        not_modelled=missing,
        unfinished=answer.unfinished,
        overlays=overlays,
        typeless=answer.typeless,
    )
