"""What owns pods and what protects them: workloads, PodDisruptionBudgets, priorities, namespaces, events."""

from msgspec import Struct

from karptui.model.metadata import Metadata
from karptui.model.pod import PodSpec
from karptui.model.selectors import LabelSelector


class DaemonSet(Struct, frozen=True, gc=False, eq=False):
    """A DaemonSet; `spec` is that of its pod template (requests defaulted from limits, spec/scheduling.md 3.6)."""

    metadata: Metadata
    spec: PodSpec
    template_labels: dict[str, str] = {}
    selector: LabelSelector | None = None

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return self.metadata.key


class Workload(Struct, frozen=True, gc=False, eq=False):
    """A Deployment, ReplicaSet, StatefulSet or Job: who asked for the pods, and how many."""

    metadata: Metadata
    kind: str
    replicas: int = 0
    ready: int = 0
    selector: LabelSelector | None = None

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return self.metadata.key


class PodDisruptionBudget(Struct, frozen=True, gc=False, eq=False):
    """A PodDisruptionBudget; min_available and max_unavailable as written: a count or a percentage.

    The counts of its status are None until its controller has written them.
    """

    metadata: Metadata
    selector: LabelSelector | None = None
    min_available: str | None = None
    max_unavailable: str | None = None
    always_allow_unhealthy: bool = False
    disruptions_allowed: int = 0
    current_healthy: int | None = None
    desired_healthy: int | None = None
    expected_pods: int | None = None

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return self.metadata.key


class Namespace(Struct, frozen=True, gc=False, eq=False):
    """A Namespace."""

    metadata: Metadata

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name


class PriorityClass(Struct, frozen=True, gc=False, eq=False):
    """A PriorityClass."""

    metadata: Metadata
    value: int = 0
    global_default: bool = False

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name


class KubeEvent(Struct, frozen=True, gc=False, eq=False):
    """A Kubernetes Event about an object; `at` is the last time it was seen, `source` the component that wrote it."""

    metadata: Metadata
    reason: str
    message: str
    type: str
    source: str
    kind: str
    about: str
    at: float
    count: int = 1

    @property
    def key(self) -> str:
        """`namespace/name`."""
        return self.metadata.key
