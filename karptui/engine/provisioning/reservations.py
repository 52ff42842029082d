"""Reserved capacity: which claim of a round holds which capacity reservation (spec/scheduling.md 8.5)."""

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.model.labels import RESERVED

NONE_HELD: frozenset[str] = frozenset()


class Reservations:
    """Capacity that is left by reservation ID, and what each claim holds. One unit a claim and ID."""

    def __init__(self, catalogue: PreparedCatalogue, enabled: bool, fallback: bool = False) -> None:
        """`fallback`: a claim that gets no reservation is made without one, as in disruption's simulations."""
        self._catalogue = catalogue
        self._fallback = fallback
        self._left = dict(catalogue.reservations)
        self.enabled = enabled and bool(self._left)

    def reserve(self, requirements: RequirementSet, types: int, held: frozenset[str]) -> frozenset[str] | None:
        """The IDs that a claim with these types would hold; None where it must not be made without one."""
        if not self.enabled:
            return NONE_HELD
        rows = self._catalogue.expand(types)
        offered = {
            kind.reservation_id
            for kind in requirements.kinds
            if kind.reservation_id and kind.sample.capacity_type == RESERVED and kind.rows & rows
        }
        free = frozenset(name for name in offered if name in held or self._left.get(name, 0) > 0)
        if (offered or held) and not free and not self._fallback:
            return None
        return free

    def hold(self, wanted: frozenset[str], held: frozenset[str]) -> None:
        """A claim goes from holding one set of IDs to another."""
        for name in wanted - held:
            self._left[name] -= 1
        for name in held - wanted:
            self._left[name] += 1
