"""NodeOverlays: what an operator says about prices and capacities that the cloud does not (karpenter.sh/v1alpha1)."""

from msgspec import Struct

from karptui.model.metadata import Conditions, Metadata
from karptui.model.node import RequirementSpec


class NodeOverlay(Struct, frozen=True, gc=False, eq=False):
    """A NodeOverlay. `price` is USD an hour, `price_adjustment` `+0.5` or `-10%`, both as written; None: not given.

    `capacity` in nano-units; None: not given, which for conflicts is not the same as empty.
    """

    metadata: Metadata
    requirements: tuple[RequirementSpec, ...] = ()
    price: str | None = None
    price_adjustment: str | None = None
    capacity: dict[str, int] | None = None
    weight: int = 0
    conditions: Conditions = ()

    @property
    def key(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def change(self) -> str | None:
        """What it does to a price; the API server lets nobody give both forms."""
        return self.price_adjustment if self.price is None else self.price
