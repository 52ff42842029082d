"""Nodes and NodeClaims."""

from msgspec import Struct

from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, NODEPOOL, ON_DEMAND, SPOT, ZONE
from karptui.model.metadata import Conditions, Metadata
from karptui.model.taints import Taint

EKS_CAPACITY_TYPE, EKS_COMPUTE_TYPE = "eks.amazonaws.com/capacityType", "eks.amazonaws.com/compute-type"
"""Labels of nodes of a managed node group, and of Fargate's."""
FARGATE = "fargate"
_EKS_CAPACITY_TYPES = {"SPOT": SPOT, "ON_DEMAND": ON_DEMAND}


class Node(Struct, frozen=True, gc=False, eq=False):
    """A Node. Resources in nano-units."""

    metadata: Metadata
    provider_id: str = ""
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    capacity: dict[str, int] = {}
    allocatable: dict[str, int] = {}
    conditions: Conditions = ()

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def node_pool(self) -> str:
        """The NodePool it belongs to, or ""."""
        return self.metadata.labels.get(NODEPOOL, "")

    @property
    def instance_type(self) -> str:
        """The instance type label, or ""."""
        return self.metadata.labels.get(INSTANCE_TYPE, "")

    @property
    def zone(self) -> str:
        """The zone label, or ""."""
        return self.metadata.labels.get(ZONE, "")

    @property
    def capacity_type(self) -> str:
        """spot, on-demand, reserved; of nodes that are not Karpenter's as EKS labels them, also fargate; else ""."""
        labels = self.metadata.labels
        if (own := labels.get(CAPACITY_TYPE)) is not None:
            return own
        if labels.get(EKS_COMPUTE_TYPE) == FARGATE:
            return FARGATE
        return _EKS_CAPACITY_TYPES.get(labels.get(EKS_CAPACITY_TYPE, ""), "")


class NodeClassReference(Struct, frozen=True, gc=False):
    """spec.nodeClassRef."""

    group: str = ""
    kind: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """The key of the NodeClass that is meant."""
        return f"{self.kind}/{self.name}"


class RequirementSpec(Struct, frozen=True, gc=False):
    """One requirement as a NodePool or NodeClaim states it."""

    key: str
    operator: str
    values: tuple[str, ...] = ()
    min_values: int | None = None


class NodeClaim(Struct, frozen=True, gc=False, eq=False):
    """A NodeClaim. Durations in seconds, None for Never or not given; resources in nano-units.

    `last_pod_event` is status.lastPodEventTime: when a pod last came to its node or left it.
    """

    metadata: Metadata
    node_class: NodeClassReference = NodeClassReference()
    requirements: tuple[RequirementSpec, ...] = ()
    requests: dict[str, int] = {}
    taints: tuple[Taint, ...] = ()
    startup_taints: tuple[Taint, ...] = ()
    expire_after: float | None = None
    termination_grace_period: float | None = None
    provider_id: str = ""
    node_name: str = ""
    image_id: str = ""
    capacity: dict[str, int] = {}
    allocatable: dict[str, int] = {}
    conditions: Conditions = ()
    last_pod_event: float | None = None

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def node_pool(self) -> str:
        """The NodePool it belongs to, or ""."""
        return self.metadata.labels.get(NODEPOOL, "")

    @property
    def instance_type(self) -> str:
        """The instance type it was launched as, or ""."""
        return self.metadata.labels.get(INSTANCE_TYPE, "")

    @property
    def zone(self) -> str:
        """The zone it was launched in, or ""."""
        return self.metadata.labels.get(ZONE, "")

    @property
    def capacity_type(self) -> str:
        """spot, on-demand, reserved, or "" before the launch."""
        return self.metadata.labels.get(CAPACITY_TYPE, "")
