"""Pods. What replicas share is one PodSpec object, so a question about 1,000 replicas is asked once."""

from msgspec import Struct

from karptui.model.affinity import (
    NodeSelectorTerm,
    PodAffinityTerm,
    PreferredNodeTerm,
    PreferredPodTerm,
    TopologySpreadConstraint,
)
from karptui.model.containers import HostPort
from karptui.model.metadata import Conditions, Metadata, condition
from karptui.model.quantity import Format
from karptui.model.taints import Toleration

MIRROR_OWNER = ("v1", "Node")
DAEMONSET_OWNER = ("apps/v1", "DaemonSet")


class PodVolume(Struct, frozen=True, gc=False):
    """A volume that needs a PersistentVolumeClaim: `claim` names it; ephemeral ones are claimed as `<pod>-<volume>`."""

    name: str
    claim: str = ""
    ephemeral: bool = False
    storage_class: str | None = None


class PodSpec(Struct, frozen=True, gc=False, eq=False):
    """The part of a pod that scheduling reads and that replicas have in common.

    `key` is a fingerprint of the content: two pods with equal keys have equal specs. `requests` are the effective
    requests in nano-units (model/pod_requests.py), with "pods": one pod; `formats` says how those are written that are
    not written as their resource usually is (model/written.py).
    """

    key: bytes
    requests: dict[str, int] = {}
    node_selector: dict[str, str] = {}
    required_node_terms: tuple[NodeSelectorTerm, ...] = ()
    preferred_node_terms: tuple[PreferredNodeTerm, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    topology_spread: tuple[TopologySpreadConstraint, ...] = ()
    affinity: tuple[PodAffinityTerm, ...] = ()
    preferred_affinity: tuple[PreferredPodTerm, ...] = ()
    anti_affinity: tuple[PodAffinityTerm, ...] = ()
    preferred_anti_affinity: tuple[PreferredPodTerm, ...] = ()
    host_ports: tuple[HostPort, ...] = ()
    volumes: tuple[PodVolume, ...] = ()
    resource_claims: bool = False
    scheduling_gates: tuple[str, ...] = ()
    scheduler_name: str = "default-scheduler"
    priority_class_name: str = ""
    grace_seconds: int | None = 30
    formats: dict[str, Format] = {}


class Pod(Struct, frozen=True, gc=False, eq=False):
    """A pod. `requests` differ from those of `spec` only while an in-place resize is under way.

    `changed` is when anything of it was changed last, in whole seconds: only told of a pod that has no node.
    """

    metadata: Metadata
    spec: PodSpec
    requests: dict[str, int]
    node_name: str = ""
    nominated_node: str = ""
    phase: str = "Pending"
    priority: int = 0
    conditions: Conditions = ()
    started: float | None = None
    containers_started: float | None = None
    resized_formats: dict[str, Format] | None = None
    changed: float | None = None

    @property
    def formats(self) -> dict[str, Format]:
        """How requests are written that are not written as their resource usually is."""
        return self.spec.formats if self.resized_formats is None else self.resized_formats

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def bound(self) -> bool:
        """Whether the pod has a node."""
        return self.node_name != ""

    @property
    def terminal(self) -> bool:
        """Failed or Succeeded."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def terminating(self) -> bool:
        """Whether deletionTimestamp is set."""
        return self.metadata.deleted is not None

    @property
    def active(self) -> bool:
        """Neither terminal nor terminating."""
        return not self.terminal and not self.terminating

    @property
    def daemon(self) -> bool:
        """Owned by a DaemonSet."""
        return self.metadata.owned_by(*DAEMONSET_OWNER)

    @property
    def mirror(self) -> bool:
        """Owned by its Node: a static pod."""
        return self.metadata.owned_by(*MIRROR_OWNER)

    def unschedulable_since(self) -> float | None:
        """When the kube-scheduler gave up on it (spec/scheduling.md 1.2; the condition's status is not looked at)."""
        scheduled = condition(self.conditions, "PodScheduled")
        return scheduled.changed if scheduled is not None and scheduled.reason == "Unschedulable" else None

    @property
    def provisionable(self) -> bool:
        """Whether Karpenter would provision for it (spec/scheduling.md 1.2)."""
        if self.node_name or self.nominated_node:
            return False
        for entry in self.conditions:
            if entry.reason == "Unschedulable" and entry.type == "PodScheduled":
                return not self.metadata.owners or not (self.daemon or self.mirror)
        return False
