"""The seam between the controllers and a cloud: a kind of NodeClass, ten methods, and the errors that decide what
becomes of a NodeClaim."""

from collections.abc import AsyncGenerator, Callable, Collection
from typing import Protocol

from msgspec import Struct

from karptui.failure import Failure
from karptui.model.instance_type import Catalogue
from karptui.model.metadata import Condition
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass


class CloudError(Failure):
    """Something went wrong in the cloud; the message is one sentence that can be shown as it is."""


class InsufficientCapacity(CloudError):
    """Nothing that the NodeClaim allows is on offer now: the claim is deleted and its pods are scheduled again."""


class NodeClassNotReady(CloudError):
    """The NodeClass cannot be used: the claim is deleted."""


class NotFound(CloudError):
    """The instance does not exist (any more); for a deletion that means finished."""


class CreateError(CloudError):
    """The launch failed for another reason and is tried again.

    `reason` goes into the claim's Launched condition; `condition_message` is what Karpenter says there for it.
    """

    def __init__(self, reason: str, message: str, condition_message: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.condition_message = condition_message or message


class Unauthorized(CloudError):
    """Credentials are missing, expired or not allowed to do this."""


class Throttled(CloudError):
    """The cloud asks for patience; the call may be tried again later."""


class Unreachable(CloudError):
    """No answer from the cloud."""


class Launched(Struct, frozen=True):
    """An instance as the cloud has it. Amounts in nano-units; `launched` is epoch seconds; `state` is EC2's.

    `claim` names the NodeClaim that it was launched for, "" where that is not known; `uid` is that claim's UID.
    `capacity` and `allocatable` are empty where the instance type is not known.
    """

    provider_id: str
    instance_type: str
    zone: str
    capacity_type: str
    image_id: str
    capacity: dict[str, int] = {}
    allocatable: dict[str, int] = {}
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    node_pool: str = ""
    claim: str = ""
    uid: str = ""
    launched: float = 0.0
    state: str = "running"
    private_dns: str = ""
    security_groups: tuple[str, ...] = ()
    subnet: str = ""

    @property
    def instance_id(self) -> str:
        """The cloud's own id, the last part of the provider id."""
        return self.provider_id.rpartition("/")[2]


class Measured(Struct, frozen=True):
    """What a node has: its type, its image and its memory in nano-bytes."""

    instance_type: str
    image: str
    memory: int


class Interruption(Struct, frozen=True):
    """One message that an instance will go or has gone.

    `kind` is Karpenter's: spot_interrupted, rebalance_recommendation, scheduled_change, instance_stopped,
    instance_terminated, capacity_reservation_interrupted, and instance_unhealthy for one whose status checks fail. `at`
    is the message's own time, `deadline` when the instance goes, both epoch seconds; `disrupts` is whether the
    NodeClaim should be replaced, `forceful` whether its pods need not be waited for. `receipt` is what acknowledges it.
    `claims` has, by instance, the NodeClaim that it was launched for, where the cloud knows it.
    """

    kind: str
    instance_ids: tuple[str, ...]
    at: float
    deadline: float | None = None
    disrupts: bool = True
    receipt: str = ""
    forceful: bool = False
    claims: dict[str, str] = {}


class NodeClassStatus(Struct, frozen=True):
    """What a NodeClass resolves to, for its status. `status` holds the resolved lists; the caller adds times.

    `hashed` is what Karpenter's own provider writes into the hash annotation, `hash_version` how it was made; "" where
    the provider has no such annotation.
    """

    status: dict[str, object]
    conditions: tuple[Condition, ...]
    hashed: str = ""
    hash_version: str = ""

    @property
    def ready(self) -> bool:
        """Whether every condition is True."""
        return all(condition.status == "True" for condition in self.conditions)

    @property
    def ready_condition(self) -> Condition:
        """Ready, which sums the others up."""
        if self.ready:
            return Condition("Ready", "True", "Ready")
        if any(condition.status == "False" for condition in self.conditions):
            return Condition("Ready", "False", "UnhealthyDependents")
        return Condition("Ready", "Unknown", "ReconcilingDependents")


LaidOver = Callable[[Catalogue], Catalogue]
"""What the NodeOverlays make of a catalogue for one NodePool; the same object for the same one."""


def as_it_is(catalogue: Catalogue) -> Catalogue:
    """Where no NodeOverlay counts."""
    return catalogue


class CloudProvider(Protocol):
    """A cloud. Every method raises a CloudError (or one of its kinds) and nothing else on purpose."""

    @property
    def node_class(self) -> str:
        """The kind of its own NodeClasses, "" for any."""
        ...

    async def instance_types(self, node_class: NodeClass, measured: Collection[Measured] = ()) -> Catalogue:
        """What NodePools with this NodeClass can buy now. The same object as long as nothing changed.

        `measured` is what registered nodes of this NodeClass turned out to have.
        """
        ...

    async def create(
        self, claim: NodeClaim, node_class: NodeClass, *, new: bool = False, laid_over: LaidOver = as_it_is
    ) -> Launched:
        """Launch an instance for a claim, or find the one launched for it before: never two for one UID.

        `new`: nobody can have launched for it before, so that none need be looked for. `laid_over` is asked for what
        the claim's NodePool sees of the types. An instance that the claim names already (another controller launched
        it) is only completed: it gets the tags that it lacks. Raises NotFound if that has ended.
        Raises InsufficientCapacity, NodeClassNotReady, CreateError.
        """
        ...

    async def get(self, provider_id: str) -> Launched:
        """An instance that has not ended. Raises NotFound."""
        ...

    async def list(self) -> list[Launched]:
        """Every instance of this cluster that has not ended."""
        ...

    async def delete(self, provider_id: str) -> None:
        """End an instance; repeat until it raises NotFound."""
        ...

    async def tidy(self, node_classes: Collection[NodeClass], claims: Collection[NodeClaim]) -> None:
        """Delete what neither these NodeClasses nor these claims need any more (never instances)."""
        ...

    async def node_class_status(self, node_class: NodeClass, *, only_look: bool = False) -> NodeClassStatus:
        """Resolve a NodeClass: networks, groups, images, profile, and whether each was found.

        With `only_look` nothing is made on the way: what would be made counts as if it were there.
        """
        ...

    async def is_drifted(self, claim: NodeClaim, node_class: NodeClass) -> str:
        """Why the claim's instance no longer is what its NodeClass asks for ("AMIDrift" ...), or ""."""
        ...

    def interruptions(self) -> AsyncGenerator[Interruption]:
        """Messages as they come, until cancelled. Reading takes them: only who acts on them may call this.

        Ends at once where there are none to come.
        """
        ...

    async def acknowledge(self, interruption: Interruption) -> None:
        """The message has been acted on and must not come again."""
        ...
