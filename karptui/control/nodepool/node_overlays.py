"""Says of each NodeOverlay whether it counts (spec/scheduling.md Appendix E), where the gate NodeOverlay is on."""

from collections.abc import Iterable

from msgspec.structs import replace

from karptui.control.conditions import with_condition, written
from karptui.control.hands import Hands
from karptui.engine.provisioning.overlays import CONFLICT, GATE, overlaid
from karptui.model.metadata import condition
from karptui.model.node_overlay import NodeOverlay
from karptui.model.snapshot import Snapshot

VALIDATED = "ValidationSucceeded"


class NodeOverlayValidation:
    """Keeps the condition ValidationSucceeded what the engine makes of all overlays together."""

    resource = "nodeoverlays"

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def due(self) -> Iterable[str]:
        """Overlays whose condition says something else, or is of an older generation."""
        world = self._hands.world
        if not world.of("nodeoverlays") or not world.options.gate(GATE) or not world.catalogue.types:
            return
        standing = self._standing()
        for key, overlay in world.of("nodeoverlays").items():
            known = condition(overlay.conditions, VALIDATED)
            told = (known.status, known.reason, known.message, known.observed_generation) if known is not None else None
            if overlay.metadata.deleted is None and told != (*_verdict(standing[key]), overlay.metadata.generation):
                yield key

    async def reconcile(self, key: str) -> None:
        """Write it; refused if the overlay changed meanwhile."""
        overlay: NodeOverlay | None = self._hands.world.of("nodeoverlays").get(key)
        if overlay is None:
            return
        status, reason, message = _verdict(self._standing()[key])
        metadata = overlay.metadata
        conditions = with_condition(
            overlay.conditions,
            VALIDATED,
            status,
            now=self._hands.now(),
            created=metadata.created,
            generation=metadata.generation,
            dependents=(VALIDATED,),
            reason=reason,
            message=message,
        )
        self._hands.pretend("nodeoverlays", replace(overlay, conditions=conditions))
        body = {
            "metadata": {"resourceVersion": metadata.resource_version},
            "status": {"conditions": written(conditions)},
        }
        await self._hands.kube.patch("nodeoverlays", key, body, subresource="status")

    def _standing(self) -> dict[str, str]:
        world, now = self._hands.world, self._hands.now()
        pools, overlays = world.of("nodepools"), world.of("nodeoverlays")
        grounds = Snapshot(
            world.number, now, world.options, world.catalogue, node_pools=dict(pools), node_overlays=dict(overlays)
        )
        return overlaid(grounds).standing


def _verdict(why: str) -> tuple[str, str, str]:
    """Status, reason and message, as Karpenter writes them; `why` is "" where the overlay counts."""
    if not why:
        return "True", VALIDATED, ""
    return "False", "Conflict" if why == CONFLICT else "RuntimeValidation", why
