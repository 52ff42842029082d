"""Requirements by key: Karpenter's algebra of what a pod, a pool or an offering allows (spec/scheduling.md 4).

Immutable, hashable and equal by content, so that the engine can cache by them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from karptui.model.labels import AWS_NORMALIZED, IN
from karptui.model.node import RequirementSpec
from karptui.model.requirement import Requirement, anything, requirement

__all__ = [
    "NO_REQUIREMENTS",
    "Conflict",
    "Requirement",
    "Requirements",
    "anything",
    "from_labels",
    "from_selector_terms",
    "from_specs",
    "requirement",
]

_NOTHING: frozenset[str] = frozenset()


class Conflict(Struct, frozen=True, gc=False):
    """Why two sets of requirements do not go together, for one key.

    "undefined": `incoming` asks for a label that the other side does not have (`existing` is None).
    "conflict": no value satisfies both.
    """

    key: str
    kind: Literal["undefined", "conflict"]
    incoming: Requirement
    existing: Requirement | None = None


class Requirements:
    """Requirements by key, at most one a key; a mapping that never changes."""

    __slots__ = ("_by_key", "_hash")

    def __init__(self, requirements: Iterable[Requirement] = ()) -> None:
        by_key: dict[str, Requirement] = {}
        for entry in requirements:
            known = by_key.get(entry.key)
            by_key[entry.key] = entry if known is None else known.intersection(entry)
        self._by_key = by_key
        self._hash: int | None = None

    @classmethod
    def keyed(cls, by_key: dict[str, Requirement]) -> "Requirements":
        """From requirements by their own keys; the dict is kept, so nobody may change it any more."""
        made = cls()
        made._by_key = by_key
        return made

    def __getitem__(self, key: str) -> Requirement:
        return self._by_key[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Requirements) and (self is other or self._by_key == other._by_key)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._by_key.values()))
        return self._hash

    def __repr__(self) -> str:
        return f"Requirements({self})"

    def __str__(self) -> str:
        """Sorted by key, joined by commas."""
        return ", ".join(str(self._by_key[key]) for key in sorted(self._by_key))

    def keys(self) -> Iterable[str]:
        """The keys, as they came."""
        return self._by_key.keys()

    def values(self) -> Iterable[Requirement]:
        """The requirements, as they came."""
        return self._by_key.values()

    def items(self) -> Iterable[tuple[str, Requirement]]:
        """Keys and requirements, as they came."""
        return self._by_key.items()

    def get(self, key: str) -> Requirement | None:
        """The requirement on a key, or None."""
        return self._by_key.get(key)

    def of(self, key: str) -> Requirement:
        """The requirement on a key, or Exists, which is what saying nothing amounts to."""
        return self._by_key.get(key) or anything(key)

    def add(self, *incoming: Requirement) -> "Requirements":
        """With further requirements; one on a known key is intersected with what is there."""
        return self.merge(incoming)

    def merge(self, incoming: "Requirements | Iterable[Requirement]") -> "Requirements":
        """With all of another set's requirements, intersected by key; `self` if that changes nothing."""
        by_key: dict[str, Requirement] | None = None
        current = self._by_key
        for entry in incoming.values() if isinstance(incoming, Requirements) else incoming:
            known = current.get(entry.key)
            result = entry if known is None else known.intersection(entry)
            if known is None or result != known:
                if by_key is None:
                    current = by_key = dict(current)
                by_key[entry.key] = result
        return self if by_key is None else _of(by_key)

    def replace(self, entry: Requirement) -> "Requirements":
        """With exactly this requirement on its key, whatever was there."""
        return _of({**self._by_key, entry.key: entry})

    def without(self, *keys: str) -> "Requirements":
        """Without the requirements on some keys."""
        return _of({key: entry for key, entry in self._by_key.items() if key not in keys})

    def intersects(self, other: "Requirements") -> bool:
        """Whether each key of both has a value that both allow; two that allow absence always agree."""
        mine, theirs = self._by_key, other._by_key
        if len(theirs) > len(mine):
            mine, theirs = theirs, mine
        for key, entry in theirs.items():
            known = mine.get(key)
            if known is None or known.has_intersection(entry):
                continue
            if not (known.allows_absence and entry.allows_absence):
                return False
        return True

    def is_compatible(self, other: "Requirements", allow_undefined: frozenset[str] = _NOTHING) -> bool:
        """Whether `other`, a pod's or an offering's side, can go onto this, the node's or the pool's side.

        Not symmetric: what `other` asks for must be defined here, unless its key is in `allow_undefined` or it
        allows absence.
        """
        mine = self._by_key
        for key, incoming in other._by_key.items():
            known = mine.get(key)
            if known is None:
                if key not in allow_undefined and incoming.complement != bool(incoming.values):
                    return False
            elif not known.has_intersection(incoming) and not (known.allows_absence and incoming.allows_absence):
                return False
        return True

    def compatible(self, other: "Requirements", allow_undefined: frozenset[str] = _NOTHING) -> list[Conflict] | None:
        """None if `is_compatible`, else what stands against it: undefined labels first, each kind sorted by key."""
        undefined: list[Conflict] = []
        conflicts: list[Conflict] = []
        for key in sorted(other._by_key):
            incoming = other._by_key[key]
            known = self._by_key.get(key)
            if known is None:
                if key not in allow_undefined and not incoming.allows_absence:
                    undefined.append(Conflict(key, "undefined", incoming))
            elif not known.has_intersection(incoming) and not (known.allows_absence and incoming.allows_absence):
                conflicts.append(Conflict(key, "conflict", incoming, known))
        return undefined + conflicts or None

    def to_specs(self) -> list[RequirementSpec]:
        """The entries that Karpenter writes into a NodeClaim, sorted by key."""
        return [spec for key in sorted(self._by_key) for spec in self._by_key[key].to_specs()]


def _of(by_key: dict[str, Requirement]) -> Requirements:
    """Requirements around a dict that is theirs from now on."""
    result = Requirements()
    result._by_key = by_key  # pyright: ignore[reportPrivateUsage]
    return result


NO_REQUIREMENTS = Requirements()


def from_labels(labels: Mapping[str, str], normalized: Mapping[str, str] = AWS_NORMALIZED) -> Requirements:
    """`key In [value]` for each label."""
    if normalized is AWS_NORMALIZED:
        return Requirements(_labelled(key, value) for key, value in labels.items())
    return Requirements(requirement(key, IN, (value,), normalized=normalized) for key, value in labels.items())


@lru_cache(maxsize=65_536)
def _labelled(key: str, value: str) -> Requirement:
    """Nodes share most of their labels, and are asked for them in every pass."""
    return requirement(key, IN, (value,))


def from_selector_terms(
    expressions: Iterable[tuple[str, str, Iterable[str]]], normalized: Mapping[str, str] = AWS_NORMALIZED
) -> Requirements:
    """The match expressions (key, operator, values) of one node selector term, all of which must hold."""
    return Requirements(
        requirement(key, operator, values, normalized=normalized) for key, operator, values in expressions
    )


def from_specs(specs: Iterable[RequirementSpec], normalized: Mapping[str, str] = AWS_NORMALIZED) -> Requirements:
    """The requirements of a NodePool or NodeClaim, with their minValues."""
    return Requirements(
        requirement(spec.key, spec.operator, spec.values, spec.min_values, normalized=normalized) for spec in specs
    )
