"""Whether a node still is as its NodePool would have it (spec/lifecycle.md 4.2)."""

from karptui.model.labels import (
    AWS_WELL_KNOWN,
    CAPACITY_RESERVATION_ID,
    CAPACITY_RESERVATION_INTERRUPTIBLE,
    CAPACITY_RESERVATION_TYPE,
    CAPACITY_TYPE,
    ON_DEMAND,
    RESERVED,
)
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.requirements import Requirement, from_labels, from_specs
from karptui.model.snapshot import Snapshot

NODEPOOL_HASH = "karpenter.sh/nodepool-hash"
NODEPOOL_HASH_VERSION = "karpenter.sh/nodepool-hash-version"

NODEPOOL_DRIFTED = "NodePoolDrifted"
REQUIREMENTS_DRIFTED = "RequirementsDrifted"
INSTANCE_TYPE_NOT_FOUND = "InstanceTypeNotFound"

_TYPE_CHECKED_AFTER = 3600.0
_RESERVATION_LABELS = (CAPACITY_RESERVATION_ID, CAPACITY_RESERVATION_TYPE, CAPACITY_RESERVATION_INTERRUPTIBLE)


def drift_reason(claim: NodeClaim, pool: NodePool, snapshot: Snapshot) -> str | None:
    """The first reason that applies: the template's fields, its requirements, the instance type, the provider's own."""
    if _template_changed(claim, pool):
        return NODEPOOL_DRIFTED
    labels = from_labels(claim.metadata.labels)
    if not labels.is_compatible(from_specs(pool.template.requirements)):
        return REQUIREMENTS_DRIFTED
    if _type_gone(claim, pool, snapshot):
        return INSTANCE_TYPE_NOT_FOUND
    return snapshot.provider_drift.get(claim.key)


def _template_changed(claim: NodeClaim, pool: NodePool) -> bool:
    own, wanted = claim.metadata.annotations, pool.metadata.annotations
    if any(key not in annotations for annotations in (own, wanted) for key in (NODEPOOL_HASH, NODEPOOL_HASH_VERSION)):
        return False
    same_version = own[NODEPOOL_HASH_VERSION] == wanted[NODEPOOL_HASH_VERSION]
    return same_version and own[NODEPOOL_HASH] != wanted[NODEPOOL_HASH]


def _type_gone(claim: NodeClaim, pool: NodePool, snapshot: Snapshot) -> bool:
    if snapshot.now - claim.metadata.created <= _TYPE_CHECKED_AFTER:
        return False
    visible = snapshot.catalogue.by_pool.get(pool.key)
    name = claim.instance_type
    own = snapshot.catalogue.variants.get(pool.key, {})
    types = [own.get(name, type_) for type_ in snapshot.catalogue.types if type_.name == name]
    if not types or (visible is not None and name not in visible):
        return True
    labels = from_labels(claim.metadata.labels)
    if claim.capacity_type == RESERVED:
        # A reservation that has run out leaves the node on demand.
        either = Requirement(CAPACITY_TYPE, False, frozenset((RESERVED, ON_DEMAND)))
        labels = labels.without(*_RESERVATION_LABELS).replace(either)
    return not any(labels.is_compatible(offering.requirements, AWS_WELL_KNOWN) for offering in types[0].offerings)
