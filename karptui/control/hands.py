"""What every controller is given: the World to read, the API server and the cloud to write to, a clock and the sink."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from karptui.cloud.provider import CloudProvider
from karptui.control.conditions import (
    NODE_CLAIM_DEPENDENTS,
    Said,
    with_condition,
    without_condition,
    written,
)
from karptui.control.objects import Objects
from karptui.control.safety.brakes import Brakes
from karptui.control.safety.gate import Withheld
from karptui.failure import Failure
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim
from karptui.world import events
from karptui.world.world import World


@dataclass(frozen=True, slots=True)
class Hands:
    """`now` is epoch seconds of the cluster's clock, `sleep` waits seconds of it; with `dry_run` nothing is written."""

    world: World
    kube: Objects
    provider: CloudProvider
    sink: Callable[[events.Event], None]
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    brakes: Brakes = field(default_factory=Brakes)
    dry_run: bool = False

    def pretend(self, resource: str, found: Any) -> None:
        """In a dry run the World goes on as if this had been written; otherwise the watch will tell."""
        if self.dry_run:
            self.sink(events.ObjectSeen(self.now(), resource, events.Change.MODIFIED, found))

    async def announce(self, kind: str, about: Metadata, reason: str, message: str, *, warning: bool = False) -> None:
        """Write an Event about an object; what is done does not depend on whether that can be written."""
        try:
            await self.kube.record_event(kind, about, reason, message, now=self.now(), warning=warning)
        except Withheld:
            return
        except Failure as error:
            self.sink(events.Problem(self.now(), f"event {reason} about {about.key}", str(error)))

    async def set_claim_condition(
        self, claim: NodeClaim, type_: str, status: str, reason: str = "", message: str = "", **status_fields: Any
    ) -> None:
        """Set one condition of a NodeClaim, and further status fields; refused if the claim changed meanwhile."""
        await self.set_claim_conditions(claim, [Said(type_, status, reason, message)], **status_fields)

    async def set_claim_conditions(self, claim: NodeClaim, said: Iterable[Said], **status_fields: Any) -> None:
        """The same for several conditions in one write."""
        conditions = claim.conditions
        for one in said:
            conditions = with_condition(
                conditions,
                one.type,
                one.status,
                now=self.now(),
                created=claim.metadata.created,
                generation=claim.metadata.generation,
                dependents=NODE_CLAIM_DEPENDENTS,
                reason=one.reason,
                message=one.message,
            )
        await self._patch_status(claim, {"conditions": written(conditions), **status_fields})

    async def clear_claim_condition(self, claim: NodeClaim, type_: str) -> None:
        """Remove an independent condition of a NodeClaim."""
        conditions = without_condition(claim.conditions, type_)
        await self._patch_status(claim, {"conditions": written(conditions)})

    async def _patch_status(self, claim: NodeClaim, status: dict[str, Any]) -> None:
        body: dict[str, Any] = {"status": status}
        if claim.metadata.resource_version:
            body["metadata"] = {"resourceVersion": claim.metadata.resource_version}
        await self.kube.patch("nodeclaims", claim.key, body, subresource="status")
