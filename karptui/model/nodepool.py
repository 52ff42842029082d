"""NodePools and NodeClasses."""

from typing import Any

from msgspec import Struct

from karptui.model.metadata import Conditions, Metadata
from karptui.model.node import NodeClassReference, RequirementSpec
from karptui.model.taints import Taint


class Budget(Struct, frozen=True, gc=False):
    """One disruption budget. `nodes` is a count or a percentage as text; `reasons` None applies to every reason."""

    nodes: str = "10%"
    reasons: tuple[str, ...] | None = None
    schedule: str | None = None
    duration: float | None = None


class NodeTemplate(Struct, frozen=True, gc=False):
    """spec.template. Durations in seconds, None for Never or not given.

    `exact_annotations` are those of the API where `annotations` had to be cleaned: hashed and copied, never shown.
    `given_empty` names maps and lists that are there and empty, which for Karpenter's hash is not the same as absent.
    """

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    node_class: NodeClassReference = NodeClassReference()
    requirements: tuple[RequirementSpec, ...] = ()
    taints: tuple[Taint, ...] = ()
    startup_taints: tuple[Taint, ...] = ()
    expire_after: float | None = None
    termination_grace_period: float | None = None
    exact_annotations: dict[str, str] | None = None
    given_empty: tuple[str, ...] = ()

    @property
    def own_annotations(self) -> dict[str, str]:
        """What NodeClaims inherit, letter by letter."""
        return self.annotations if self.exact_annotations is None else self.exact_annotations


class NodePool(Struct, frozen=True, gc=False, eq=False):
    """A NodePool. `limits` None: none; `replicas` not None: a static pool; consolidate_after None: Never.

    `class_generation` is the generation of its NodeClass that its status was last written for.
    """

    metadata: Metadata
    template: NodeTemplate = NodeTemplate()
    weight: int = 0
    limits: dict[str, int] | None = None
    replicas: int | None = None
    consolidation_policy: str = "WhenEmptyOrUnderutilized"
    consolidate_after: float | None = 0.0
    budgets: tuple[Budget, ...] = (Budget(),)
    resources: dict[str, int] = {}
    conditions: Conditions = ()
    class_generation: int = 0

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name


class NodeClass(Struct, frozen=True, gc=False, eq=False):
    """An EC2NodeClass (or another provider's): spec and status as they stand, since only the provider reads them."""

    metadata: Metadata
    kind: str
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}
    conditions: Conditions = ()

    @property
    def name(self) -> str:
        """Its name, which those of other providers may have as well."""
        return self.metadata.name

    @property
    def key(self) -> str:
        """Kind and name: `EC2NodeClass/default`."""
        return f"{self.kind}/{self.metadata.name}"
