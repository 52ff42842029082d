"""What an engine is asked: the whole of the cluster at one moment. Engines see nothing else, not even a clock."""

from msgspec import Struct

from karptui.model.commitment import Commitment
from karptui.model.instance_type import Catalogue
from karptui.model.node import Node, NodeClaim
from karptui.model.node_overlay import NodeOverlay
from karptui.model.nodepool import NodeClass, NodePool
from karptui.model.pod import Pod
from karptui.model.volume import CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass
from karptui.model.workload import DaemonSet, Namespace, PodDisruptionBudget, PriorityClass, Workload


class Options(Struct, frozen=True, gc=False):
    """Karpenter's settings that change decisions, with the defaults of v1.14 (spec/scheduling.md 11). Seconds."""

    preference_policy: str = "Respect"
    min_values_policy: str = "Strict"
    ignore_dra_requests: bool = True
    batch_idle_duration: float = 1.0
    batch_max_duration: float = 10.0
    max_instance_types: int = 600
    feature_gates: dict[str, bool] = {}
    karpenter_version: str = "1.14.1"
    commitments: tuple[Commitment, ...] = ()
    """No setting of Karpenter's and no ground for a decision: what a person says of what is paid in advance."""

    def gate(self, name: str) -> bool:
        """Whether a feature gate is on (ReservedCapacity is by default, the others are not)."""
        return self.feature_gates.get(name, name == "ReservedCapacity")


class Snapshot(Struct, frozen=True, gc=False, eq=False):
    """The cluster at `now` (epoch seconds). Dicts are by key (`namespace/name`, or name) and must not be changed.

    `nominated` holds the nodes and claims a recent pass chose, with the time until which that holds;
    `marked_for_deletion` those that a command is about to delete; `provider_drift` what the cloud provider answers
    about a NodeClaim when asked whether it has drifted. `favoured` wins, in this order, where Karpenter leaves a choice
    to chance: names of nodes, topology domains. `forbidden` names resources that could not be read, so that an
    answer can say what it did not know.
    """

    number: int
    now: float
    options: Options = Options()
    catalogue: Catalogue = Catalogue(types=())
    pods: dict[str, Pod] = {}
    nodes: dict[str, Node] = {}
    node_claims: dict[str, NodeClaim] = {}
    node_pools: dict[str, NodePool] = {}
    node_classes: dict[str, NodeClass] = {}
    node_overlays: dict[str, NodeOverlay] = {}
    daemon_sets: dict[str, DaemonSet] = {}
    workloads: dict[str, Workload] = {}
    budgets: dict[str, PodDisruptionBudget] = {}
    namespaces: dict[str, Namespace] = {}
    priority_classes: dict[str, PriorityClass] = {}
    volume_claims: dict[str, PersistentVolumeClaim] = {}
    volumes: dict[str, PersistentVolume] = {}
    storage_classes: dict[str, StorageClass] = {}
    csi_nodes: dict[str, CSINode] = {}
    nominated: dict[str, float] = {}
    marked_for_deletion: frozenset[str] = frozenset()
    provider_drift: dict[str, str] = {}
    favoured: tuple[str, ...] = ()
    forbidden: frozenset[str] = frozenset()
