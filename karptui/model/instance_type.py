"""Instance types and their offerings."""

from msgspec import Struct

from karptui.model.commitment import Commitment
from karptui.model.requirements import Requirements


class Overhead(Struct, frozen=True, gc=False):
    """What is taken off capacity, in nano-units."""

    kube_reserved: dict[str, int] = {}
    system_reserved: dict[str, int] = {}
    eviction_threshold: dict[str, int] = {}


class Offering(Struct, frozen=True, gc=False, eq=False):
    """One way to buy a type: zone × capacity type (× reservation). Price in USD an hour.

    `price_overlay` names the NodeOverlay that the price comes from; `unpriced` is what would be on offer if it had one.
    """

    requirements: Requirements
    zone: str
    capacity_type: str
    price: float
    available: bool = True
    reservation_id: str = ""
    reservation_capacity: int = 0
    capacity_override: dict[str, int] | None = None
    overhead_override: Overhead | None = None
    price_overlay: str = ""
    unpriced: bool = False


class InstanceType(Struct, frozen=True, gc=False, eq=False):
    """An instance type. `allocatable` is capacity less overhead (spec/scheduling.md 3.3), without overrides.

    `capacity_overlays`: resources that come from a NodeOverlay, and its name.
    """

    name: str
    requirements: Requirements
    capacity: dict[str, int]
    overhead: Overhead
    allocatable: dict[str, int]
    offerings: tuple[Offering, ...]
    capacity_overlays: dict[str, str] = {}


class Catalogue(Struct, frozen=True, gc=False, eq=False):
    """What the cloud offers: types in the provider's order, and for a pool that sees fewer, which.

    `source` says where prices come from ("shipped 2026-07-20", "aws", "scenario") and `priced` when (epoch seconds).
    `commitments` is what the account pays for in advance, `commitments_unknown` why some of it is not known.
    `shifted` are zones that traffic is shifted away from, `shifts_unknown` why that is not known now.
    `variants`: by pool and name what the pool sees in place of a type, as its NodeClass or NodeOverlays would have it.
    Engines key what they precompute by the identity of this object, so it is replaced, never changed.
    """

    types: tuple[InstanceType, ...]
    by_pool: dict[str, tuple[str, ...]] = {}
    source: str = ""
    priced: float = 0.0
    spot_synthetic: bool = False
    variants: dict[str, dict[str, InstanceType]] = {}
    commitments: tuple[Commitment, ...] = ()
    commitments_unknown: tuple[str, ...] = ()
    shifted: tuple[str, ...] = ()
    shifts_unknown: str = ""
