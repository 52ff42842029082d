"""Requirement sets of one plan, each held once, so that merging two of them is decided once."""

from collections.abc import Sequence

from karptui.engine.provisioning.catalogue import OfferingKind, PreparedCatalogue
from karptui.model.labels import AWS_WELL_KNOWN, COMPARISONS, OPERATORS
from karptui.model.requirements import Conflict, Requirement, Requirements

NOTHING_UNDEFINED: frozenset[str] = frozenset()


def is_readable(operator: str, values: Sequence[str]) -> bool:
    """Whether an expression means anything: a known operator, and a bound for those that need one."""
    return operator in OPERATORS and (operator not in COMPARISONS or len(values) > 0)


class RequirementSet:
    """An interned set: equal sets of one space are one object, and identity is equality.

    `types` are the instance types whose requirements intersect it, `rows` the rows with an available offering that it
    admits, `kinds` the offerings that it admits. All are found when first asked for.
    """

    __slots__ = (
        "_eligible",
        "_kinds",
        "_rows",
        "_space",
        "_types",
        "by_key",
        "has_min_values",
        "merges",
        "requirements",
        "strict_merges",
        "within",
    )

    def __init__(self, space: "RequirementSpace", requirements: Requirements) -> None:
        self.requirements = requirements
        self.by_key = dict(requirements.items())
        self.has_min_values = any(entry.min_values is not None for entry in self.by_key.values())
        self._space = space
        self._eligible: int | None = None
        self._types: int | None = None
        self._rows: int | None = None
        self._kinds: tuple[OfferingKind, ...] | None = None
        self.merges: dict[RequirementSet, RequirementSet | tuple[Conflict, ...]] = {}
        self.strict_merges: dict[RequirementSet, RequirementSet | tuple[Conflict, ...]] = {}
        self.within: dict[tuple[str, frozenset[str]], RequirementSet | tuple[Conflict, ...]] = {}

    @property
    def types(self) -> int:
        """Mask of compatible types."""
        if self._types is None:
            self._types = self._space.catalogue.compatible_types(self.requirements)
        return self._types

    @property
    def kinds(self) -> tuple[OfferingKind, ...]:
        """The kinds of offerings that are compatible, available or not."""
        if self._kinds is None:
            self._kinds = self._space.catalogue.compatible_kinds(self.requirements)
        return self._kinds

    @property
    def rows(self) -> int:
        """Mask of rows with an available, compatible offering."""
        if self._rows is None:
            rows = 0
            for kind in self.kinds:
                rows |= kind.rows
            self._rows = rows
        return self._rows

    @property
    def eligible(self) -> int:
        """Mask of compatible types that themselves are a row with a compatible offering."""
        if self._eligible is None:
            self._eligible = self.types & self.rows
        return self._eligible

    def merge(self, incoming: "RequirementSet") -> "RequirementSet | tuple[Conflict, ...]":
        """This, a claim's side, with a pod's side added, or what is against it. Well-known keys may be undefined."""
        merged = self.merges.get(incoming)
        if merged is None:
            merged = self.merges[incoming] = self._merge(incoming, AWS_WELL_KNOWN)
        return merged

    def merge_strictly(self, incoming: "RequirementSet") -> "RequirementSet | tuple[Conflict, ...]":
        """As `merge`, for an existing node: no key may be undefined."""
        merged = self.strict_merges.get(incoming)
        if merged is None:
            merged = self.strict_merges[incoming] = self._merge(incoming, NOTHING_UNDEFINED)
        return merged

    def among(self, key: str, values: frozenset[str]) -> "RequirementSet | tuple[Conflict, ...]":
        """As `merge`, with one of some values asked for."""
        merged = self.within.get((key, values))
        if merged is None:
            merged = self.within[key, values] = self.merge(self._space.among(key, values))
        return merged

    def _merge(self, incoming: "RequirementSet", undefined: frozenset[str]) -> "RequirementSet | tuple[Conflict, ...]":
        conflicts = self.requirements.compatible(incoming.requirements, undefined)
        if conflicts is not None:
            return tuple(conflicts)
        return self._space.intern(self.requirements.merge(incoming.requirements))


class RequirementSpace:
    """All requirement sets of one plan."""

    def __init__(self, catalogue: PreparedCatalogue) -> None:
        self.catalogue = catalogue
        self._sets: dict[Requirements, RequirementSet] = {}
        self._single: dict[Requirement, RequirementSet] = {}
        self._among: dict[tuple[str, frozenset[str]], RequirementSet] = {}

    def intern(self, requirements: Requirements) -> RequirementSet:
        """The one set with this content."""
        known = self._sets.get(requirements)
        if known is None:
            known = self._sets[requirements] = RequirementSet(self, requirements)
        return known

    def among(self, key: str, values: frozenset[str]) -> RequirementSet:
        """The set that asks for one of some values."""
        known = self._among.get((key, values))
        if known is None:
            known = self._among[key, values] = self.intern(Requirements((Requirement(key, False, values),)))
        return known

    def single(self, requirement: Requirement) -> RequirementSet:
        """The set that holds one requirement."""
        known = self._single.get(requirement)
        if known is None:
            known = self._single[requirement] = self.intern(Requirements((requirement,)))
        return known
