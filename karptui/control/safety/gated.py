"""A cloud behind the gate: what only reads goes straight through, what changes something passes the gate."""

from collections.abc import AsyncGenerator, Collection

from karptui.cloud.provider import (
    CloudProvider,
    Interruption,
    LaidOver,
    Launched,
    Measured,
    NodeClassStatus,
    as_it_is,
)
from karptui.control.safety.gate import Act, Gate
from karptui.model.instance_type import Catalogue
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass


class GatedProvider:
    """Implements CloudProvider by another one."""

    def __init__(self, provider: CloudProvider, gate: Gate) -> None:
        self._provider = provider
        self._gate = gate

    @property
    def node_class(self) -> str:
        """The kind of the provider's own NodeClasses."""
        return self._provider.node_class

    async def instance_types(self, node_class: NodeClass, measured: Collection[Measured] = ()) -> Catalogue:
        """What can be bought."""
        return await self._provider.instance_types(node_class, measured)

    async def create(
        self, claim: NodeClaim, node_class: NodeClass, *, new: bool = False, laid_over: LaidOver = as_it_is
    ) -> Launched:
        """Launch an instance for a claim, or complete the one it has."""
        act = Act("tag" if claim.provider_id else "launch", "instances", claim.key)
        return await self._gate.act(act, lambda: self._provider.create(claim, node_class, new=new, laid_over=laid_over))

    async def get(self, provider_id: str) -> Launched:
        """An instance that has not ended."""
        return await self._provider.get(provider_id)

    async def list(self) -> list[Launched]:
        """Every instance of this cluster."""
        return await self._provider.list()

    async def delete(self, provider_id: str) -> None:
        """End an instance."""
        act = Act("terminate", "instances", provider_id.rpartition("/")[2])
        await self._gate.act(act, lambda: self._provider.delete(provider_id))

    async def tidy(self, node_classes: Collection[NodeClass], claims: Collection[NodeClaim]) -> None:
        """Delete what nobody needs any more."""
        if not self._provider.node_class:
            return  # one for any NodeClass makes nothing for them
        names = ", ".join(sorted(node_class.name for node_class in node_classes))
        act = Act("delete", "launch templates and profiles", f"all but those of {names}" if names else "all")
        await self._gate.act(act, lambda: self._provider.tidy(node_classes, claims))

    async def node_class_status(self, node_class: NodeClass, *, only_look: bool = False) -> NodeClassStatus:
        """Resolve a NodeClass; EC2 makes its instance profile on the way, but not in a dry run."""
        if only_look or self._gate.dry_run:
            return await self._provider.node_class_status(node_class, only_look=True)
        act = Act("resolve", "nodeclasses", node_class.name)
        return await self._gate.act(act, lambda: self._provider.node_class_status(node_class))

    async def is_drifted(self, claim: NodeClaim, node_class: NodeClass) -> str:
        """Why an instance is no longer what its NodeClass asks for."""
        return await self._provider.is_drifted(claim, node_class)

    def interruptions(self) -> AsyncGenerator[Interruption]:
        """Messages as they come."""
        return self._provider.interruptions()

    async def acknowledge(self, interruption: Interruption) -> None:
        """The message has been acted on."""
        act = Act("acknowledge", "messages", ", ".join(interruption.instance_ids), interruption.kind)
        await self._gate.act(act, lambda: self._provider.acknowledge(interruption))
