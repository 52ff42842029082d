"""One requirement: which values of a label it allows (spec/scheduling.md 4.1 to 4.4).

Immutable, hashable and equal by content, so that the engine can cache by it.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from karptui.model.labels import (
    AWS_NORMALIZED,
    DOES_NOT_EXIST,
    EXISTS,
    GT,
    GTE,
    IN,
    LT,
    LTE,
    MAX_INTEGER,
    MIN_INTEGER,
    NOT_IN,
    OPERATORS,
    parse_integer,
)
from karptui.model.node import RequirementSpec

_NOTHING: frozenset[str] = frozenset()
_SHOWN_VALUES = 5


class Requirement(Struct, frozen=True, gc=False, cache_hash=True):
    """The values of one label that are allowed: those in `values`, or (`complement`) all but those.

    `gte` and `lte` are inclusive bounds, which only complements carry; with a bound only integers are allowed.
    Build one with `requirement` or the constructors below, which keep that so.
    """

    key: str
    complement: bool
    values: frozenset[str] = _NOTHING
    gte: int | None = None
    lte: int | None = None
    min_values: int | None = None

    @property
    def operator(self) -> str:
        """In, NotIn, Exists or DoesNotExist; bounds do not show."""
        if self.complement:
            return NOT_IN if self.values else EXISTS
        return IN if self.values else DOES_NOT_EXIST

    @property
    def is_open(self) -> bool:
        """Whether every value is allowed."""
        return self.complement and not self.values and self.gte is None and self.lte is None

    @property
    def allows_absence(self) -> bool:
        """Whether its operator is NotIn or DoesNotExist, which something without the label satisfies."""
        return self.complement == bool(self.values)

    def has(self, value: str) -> bool:
        """Whether a value is allowed."""
        if (value in self.values) == self.complement:
            return False
        return (self.gte is None and self.lte is None) or _within(value, self.gte, self.lte)

    def intersection(self, other: "Requirement") -> "Requirement":
        """What both allow; of `min_values` the larger. The key is this one's."""
        gte = _larger(self.gte, other.gte)
        lte = _smaller(self.lte, other.lte)
        min_values = _larger(self.min_values, other.min_values)
        if gte is not None and lte is not None and gte > lte:
            return Requirement(self.key, False, _NOTHING, None, None, min_values)
        if self.complement:
            values = self.values | other.values if other.complement else other.values - self.values
        else:
            values = self.values - other.values if other.complement else self.values & other.values
        if values and (gte is not None or lte is not None):
            values = frozenset(value for value in values if _within(value, gte, lte))
        if self.complement and other.complement:
            return Requirement(self.key, True, values, gte, lte, min_values)
        return Requirement(self.key, False, values, None, None, min_values)

    def has_intersection(self, other: "Requirement") -> bool:
        """Whether some value is allowed by both. Two complements always share one unless their bounds exclude it."""
        if self.gte is None and self.lte is None and other.gte is None and other.lte is None:
            if self.complement:
                return other.complement or not other.values <= self.values
            return not self.values <= other.values if other.complement else not self.values.isdisjoint(other.values)
        return self._has_bounded_intersection(other)

    def _has_bounded_intersection(self, other: "Requirement") -> bool:
        gte = _larger(self.gte, other.gte)
        lte = _smaller(self.lte, other.lte)
        if gte is not None and lte is not None and gte > lte:
            return False
        if self.complement and other.complement:
            return True
        concrete, against = (other, self) if self.complement else (self, other)
        for value in concrete.values:
            if (value in against.values) != against.complement:
                number = parse_integer(value)
                if number is not None and (gte is None or number >= gte) and (lte is None or number <= lte):
                    return True
        return False

    def any_value(self) -> str:
        """One allowed value, or "" if there is none: the first in order, or the least integer of 0 or more if open.

        Karpenter picks at random; a fixed choice keeps the engine's answers repeatable.
        """
        if not self.complement:
            return min(self.values, default="")
        low = self.gte if self.gte is not None else min(0, self.lte or 0)
        # One of the first integers is free: only as many are taken as there are excluded values.
        for number in range(low, low + len(self.values) + 1):
            if self.lte is not None and number > self.lte:
                break
            if str(number) not in self.values:
                return str(number)
        if self.gte is None and self.lte is not None:
            return next(
                str(number)
                for number in range(self.lte, self.lte - len(self.values) - 1, -1)
                if str(number) not in self.values
            )
        return ""

    def to_specs(self) -> list[RequirementSpec]:
        """The entries that Karpenter writes into a NodeClaim, values sorted.

        Two bounds make two entries. A bound loses the excluded values, as it does in Karpenter.
        """
        specs: list[RequirementSpec] = []
        if self.gte is not None:
            specs.append(RequirementSpec(self.key, GTE, (str(self.gte),), self.min_values))
        if self.lte is not None:
            specs.append(RequirementSpec(self.key, LTE, (str(self.lte),), self.min_values))
        return specs or [RequirementSpec(self.key, self.operator, tuple(sorted(self.values)), self.min_values)]

    def __str__(self) -> str:
        """As Karpenter's messages put it: `zone In [a b] minValues 2`."""
        text = f"{self.key} {self.operator}"
        if self.values:
            shown = sorted(self.values)
            if len(shown) > _SHOWN_VALUES:
                shown[_SHOWN_VALUES:] = [f"and {len(shown) - _SHOWN_VALUES} others"]
            text += f" [{' '.join(shown)}]"
        if self.gte is not None:
            text += f" >={self.gte}"
        if self.lte is not None:
            text += f" <={self.lte}"
        return text if self.min_values is None else f"{text} minValues {self.min_values}"


@lru_cache(maxsize=4096)
def anything(key: str) -> Requirement:
    """Exists, which is what saying nothing about a key amounts to."""
    return Requirement(key, True)


def requirement(
    key: str,
    operator: str,
    values: Iterable[str] = (),
    min_values: int | None = None,
    *,
    normalized: Mapping[str, str] = AWS_NORMALIZED,
    normalized_values: Mapping[str, Mapping[str, str]] | None = None,
) -> Requirement:
    """A requirement as an object of the cluster states it, its key (then its values) normalised.

    A bound that is no integer counts as 0 and one beyond 64 bits as the outermost integer, as in Karpenter, which
    validates only some of its sources. Raises ValueError for an unknown operator and for a bound without a value.
    """
    key = normalized.get(key, key)
    if normalized_values and (renamed := normalized_values.get(key)):
        values = (renamed.get(value, value) for value in values)
    if operator == IN:
        return Requirement(key, False, frozenset(values), None, None, min_values)
    if operator == NOT_IN:
        return Requirement(key, True, frozenset(values), None, None, min_values)
    if operator == EXISTS:
        return Requirement(key, True, _NOTHING, None, None, min_values)
    if operator == DOES_NOT_EXIST:
        return Requirement(key, False, _NOTHING, None, None, min_values)
    if operator not in OPERATORS:
        raise ValueError(f"the requirement on {key} has an unknown operator {operator}")
    bound = next(iter(values), None)
    if bound is None:
        raise ValueError(f"the requirement on {key} with operator {operator} has no value")
    return _bounded(key, operator, _lenient_integer(bound), min_values)


def _bounded(key: str, operator: str, bound: int, min_values: int | None) -> Requirement:
    if operator == GT:
        if bound == MAX_INTEGER:
            # Nothing is larger; Karpenter forgets minValues here.
            return Requirement(key, False)
        return Requirement(key, True, _NOTHING, bound + 1, None, min_values)
    if operator == GTE:
        return Requirement(key, True, _NOTHING, bound, None, min_values)
    if operator == LT:
        # Below the least integer Karpenter's arithmetic wraps round and the bound excludes nothing.
        bound = MAX_INTEGER if bound == MIN_INTEGER else bound - 1
    return Requirement(key, True, _NOTHING, None, bound, min_values)


def _lenient_integer(text: str) -> int:
    number = parse_integer(text)
    if number is not None:
        return number
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit()):
        return 0
    return MIN_INTEGER if text[0] == "-" else MAX_INTEGER


def _within(value: str, gte: int | None, lte: int | None) -> bool:
    if gte is None and lte is None:
        return True
    number = parse_integer(value)
    if number is None:
        return False
    return (gte is None or number >= gte) and (lte is None or number <= lte)


def _larger(left: int | None, right: int | None) -> int | None:
    if left is None:
        return right
    return left if right is None or left > right else right


def _smaller(left: int | None, right: int | None) -> int | None:
    if left is None:
        return right
    return left if right is None or left < right else right
