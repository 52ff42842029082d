"""What every Kubernetes object carries: metadata, owners, conditions. Times are epoch seconds (float)."""

from msgspec import Struct


class OwnerReference(Struct, frozen=True, gc=False):
    """One entry of metadata.ownerReferences."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False


class Metadata(Struct, frozen=True, gc=False):
    """metadata of an object, cut to what decisions and screens need; `deleted` is its deletionTimestamp."""

    name: str
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    created: float = 0.0
    deleted: float | None = None
    owners: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    resource_version: str = ""
    generation: int = 0

    @property
    def key(self) -> str:
        """`namespace/name`, or `name` for a cluster-scoped object: unique within one resource."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def controller(self) -> OwnerReference | None:
        """The owner that has controller set, if any."""
        for owner in self.owners:
            if owner.controller:
                return owner
        return None

    def owned_by(self, api_version: str, kind: str) -> bool:
        """Whether any owner has this apiVersion and kind (Karpenter does not ask for the controller flag)."""
        for owner in self.owners:  # noqa: SIM110  asked of every pod
            if owner.kind == kind and owner.api_version == api_version:
                return True
        return False


class Condition(Struct, frozen=True, gc=False):
    """One entry of status.conditions; `changed` is its lastTransitionTime."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    changed: float = 0.0
    observed_generation: int = 0


Conditions = tuple[Condition, ...]


def condition(conditions: Conditions, type_: str) -> Condition | None:
    """The first condition of this type."""
    for entry in conditions:
        if entry.type == type_:
            return entry
    return None


def is_true(conditions: Conditions, type_: str) -> bool:
    """Whether the condition is there with status True (absent reads as Unknown, spec/lifecycle.md 0.2)."""
    found = condition(conditions, type_)
    return found is not None and found.status == "True"
