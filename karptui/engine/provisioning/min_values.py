"""minValues: how many distinct values of a label the instance types of a claim must leave open (4.7, 8.4)."""

from karptui.engine.provisioning.catalogue import PreparedCatalogue, bits
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.model.requirements import Requirement


class MinValues:
    """Counts values over masks of types, and lowers minValues where the policy is BestEffort."""

    def __init__(self, catalogue: PreparedCatalogue, space: RequirementSpace, policy: str) -> None:
        self.strict = policy != "BestEffort"
        self._catalogue = catalogue
        self._space = space
        self._wanted: dict[RequirementSet, tuple[Requirement, ...]] = {}
        self._counts: dict[tuple[str, int], int] = {}

    def wanted(self, requirements: RequirementSet) -> tuple[Requirement, ...]:
        """The requirements of a set that have minValues."""
        known = self._wanted.get(requirements)
        if known is None:
            known = self._wanted[requirements] = tuple(
                entry for entry in requirements.requirements.values() if entry.min_values is not None
            )
        return known

    def unmet(self, requirements: RequirementSet, types: int) -> dict[str, int]:
        """The keys whose minValues these types do not reach, with the number of values that they do have."""
        return {
            entry.key: count
            for entry in self.wanted(requirements)
            if entry.min_values is not None and (count := self.count(entry.key, types)) < entry.min_values
        }

    def count(self, key: str, types: int) -> int:
        """The distinct values of a key that these types state themselves."""
        known = self._counts.get((key, types))
        if known is None:
            values: set[str] = set()
            for bit in bits(types):
                values |= self._catalogue.requirement_values(bit, key)
            known = self._counts[key, types] = len(values)
        return known

    def accept(self, requirements: RequirementSet, types: int, may_relax: bool) -> RequirementSet | None:
        """The set if these types satisfy it, with lowered minValues where the policy allows; None if they do not."""
        if not self.wanted(requirements):
            return requirements
        unmet = self.unmet(requirements, types)
        if not unmet:
            return requirements
        if self.strict or not may_relax:
            return None
        lowered = requirements.requirements
        for key, count in unmet.items():
            entry = lowered.of(key)
            lowered = lowered.replace(Requirement(key, entry.complement, entry.values, entry.gte, entry.lte, count))
        return self._space.intern(lowered)
