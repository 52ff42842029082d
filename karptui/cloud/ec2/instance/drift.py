"""Whether an instance still is what its NodeClass asks for (the spec's 3.11)."""

from typing import Any

from karptui.cloud.ec2.instance.launch import HASH, HASH_VERSION
from karptui.cloud.ec2.nodeclass.images import image_requirements
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.provider import CloudError, Launched
from karptui.model import labels
from karptui.model.instance_type import InstanceType
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass


def drift_reason(
    claim: NodeClaim,
    node_class: NodeClass,
    instance: Launched,
    instance_type: InstanceType | None,
    group: PlacementGroup | None = None,
) -> str:
    """The first reason in Karpenter's order, or "". Raises CloudError where the NodeClass is not resolved."""
    if _hash_differs(claim, node_class):
        return "NodeClassDrift"
    status = node_class.status
    images: list[dict[str, Any]] = status.get("amis") or []
    if not images or not claim.image_id:
        raise CloudError(f"whether {claim.key} drifted is not known: its image or those of its NodeClass are missing")
    if instance_type is not None:
        # The first image that suits the type is the one it would get now.
        suiting = (
            entry["id"] for entry in images if instance_type.requirements.is_compatible(image_requirements(entry))
        )
        if next(suiting, "") != claim.image_id:
            return "AMIDrift"
    groups = {entry["id"] for entry in status.get("securityGroups") or []}
    subnets = {entry["id"] for entry in status.get("subnets") or []}
    if not groups or not subnets:
        raise CloudError(f"whether {claim.key} drifted is not known: its NodeClass has no security groups or subnets")
    # An instance always has groups; where none are told nothing can be said of them.
    if instance.security_groups and set(instance.security_groups) != groups:
        return "SecurityGroupDrift"
    if instance.subnet and instance.subnet not in subnets:
        return "SubnetDrift"
    own = claim.metadata.labels
    reservations = {entry["id"] for entry in status.get("capacityReservations") or []}
    if own.get(labels.CAPACITY_RESERVATION_ID, "") not in reservations | {""}:
        return "CapacityReservationDrift"
    if own.get(labels.PLACEMENT_GROUP_ID, "") != (group.id if group else ""):
        return "PlacementGroupDrift"
    return ""


def _hash_differs(claim: NodeClaim, node_class: NodeClass) -> bool:
    mine, theirs = claim.metadata.annotations, node_class.metadata.annotations
    versions = mine.get(HASH_VERSION), theirs.get(HASH_VERSION)
    if None in versions or versions[0] != versions[1] or HASH not in mine or HASH not in theirs:
        return False
    return mine[HASH] != theirs[HASH]
