"""The conditions that decide about candidates: Consolidatable and Drifted (spec/lifecycle.md 3.6, 4.2)."""

from msgspec.structs import replace

from karptui.engine.disruption.drift_reasons import drift_reason
from karptui.engine.provisioning.pools import SUPPORTED_NODE_CLASSES
from karptui.engine.provisioning.simulation import pod_event_of
from karptui.model.metadata import Condition, Conditions, condition, is_true
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.snapshot import Snapshot

CONSOLIDATABLE, DRIFTED = "Consolidatable", "Drifted"


def with_conditions(snapshot: Snapshot) -> Snapshot:
    """The Snapshot after the controller of these conditions has looked at every NodeClaim."""
    claims = {key: _looked_at(claim, snapshot) for key, claim in snapshot.node_claims.items()}
    return replace(snapshot, node_claims=claims)


def is_consolidatable(claim: NodeClaim, pool: NodePool, now: float) -> bool:
    """Whether pods have left a node alone for its pool's consolidateAfter."""
    since = consolidatable_since(claim, pool)
    return since is not None and since <= now


def consolidatable_since(claim: NodeClaim, pool: NodePool) -> float | None:
    """From when on consolidation may look at a node; None: never, as things are."""
    if pool.consolidate_after is None or not is_true(claim.conditions, "Initialized"):
        return None
    since = pod_event_of(claim)
    assert since is not None, "an initialized claim has been so since some time"
    return since + pool.consolidate_after if pool.consolidate_after > 0 else 0.0


def _looked_at(claim: NodeClaim, snapshot: Snapshot) -> NodeClaim:
    pool = snapshot.node_pools.get(claim.node_pool)
    if claim.metadata.deleted is not None or pool is None:
        return claim
    reference = pool.template.node_class
    if (reference.group, reference.kind) not in SUPPORTED_NODE_CLASSES:
        return claim
    conditions = claim.conditions
    if pool.replicas is None:
        consolidatable = is_consolidatable(claim, pool, snapshot.now)
        conditions = _set(conditions, CONSOLIDATABLE, CONSOLIDATABLE if consolidatable else None, snapshot.now)
    reason = drift_reason(claim, pool, snapshot) if is_true(claim.conditions, "Launched") else None
    conditions = _set(conditions, DRIFTED, reason, snapshot.now)
    return replace(claim, conditions=conditions)


def _set(conditions: Conditions, type_: str, reason: str | None, now: float) -> Conditions:
    """True for a reason, gone without one; when it changed is kept where the status stays the same."""
    known = condition(conditions, type_)
    others = tuple(entry for entry in conditions if entry.type != type_)
    if reason is None:
        return others
    changed = known.changed if known is not None and known.status == "True" else now
    return (*others, Condition(type_, "True", reason, reason if type_ == DRIFTED else "", changed))
