"""Label selectors. None stands for a selector that is not given and selects nothing; an empty one selects all."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from karptui.model.labels import DOES_NOT_EXIST, EXISTS, IN, NOT_IN, label_value_errors, qualified_name_errors


class LabelExpression(Struct, frozen=True, gc=False):
    """One matchExpressions entry; the order of its values means nothing."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    @property
    def valid(self) -> bool:
        """Whether Kubernetes accepts it; a selector with one entry that it refuses selects nothing."""
        if self.operator in (IN, NOT_IN):
            well_formed = bool(self.values)
        else:
            well_formed = self.operator in (EXISTS, DOES_NOT_EXIST) and not self.values
        return (
            well_formed
            and not qualified_name_errors(self.key)
            and not any(label_value_errors(value) for value in self.values)
        )

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels satisfy it; NotIn and DoesNotExist are satisfied where the key is absent."""
        value = labels.get(self.key)
        if self.operator == IN:
            return value is not None and value in self.values
        if self.operator == NOT_IN:
            return value is None or value not in self.values
        return (value is not None) == (self.operator == EXISTS)


class LabelSelector(Struct, frozen=True, gc=False):
    """matchLabels and matchExpressions, all of which must hold. Equal if they hold the same sets.

    Build it with `label_selector`, which finds out whether it is valid: one that is not selects nothing.
    """

    match_labels: frozenset[tuple[str, str]] = frozenset()
    match_expressions: frozenset[LabelExpression] = frozenset()
    valid: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects an object with these labels."""
        if not self.valid:
            return False
        for key, value in self.match_labels:
            if labels.get(key) != value:
                return False
        for expression in self.match_expressions:  # noqa: SIM110  called for every pod and group
            if not expression.matches(labels):
                return False
        return True

    def including(self, *expressions: LabelExpression) -> "LabelSelector":
        """The selector with further expressions, as matchLabelKeys adds them."""
        return LabelSelector(
            self.match_labels,
            self.match_expressions.union(expressions),
            self.valid and all(expression.valid for expression in expressions),
        )


EVERYTHING = LabelSelector()


def label_selector(
    match_labels: Mapping[str, str] | None = None,
    match_expressions: Iterable[tuple[str, str, Iterable[str]]] = (),
) -> LabelSelector:
    """A selector from matchLabels and (key, operator, values) entries."""
    pairs = frozenset((match_labels or {}).items())
    expressions = frozenset(
        LabelExpression(key, operator, frozenset(values)) for key, operator, values in match_expressions
    )
    valid = all(expression.valid for expression in expressions) and not any(
        qualified_name_errors(key) or label_value_errors(value) for key, value in pairs
    )
    return LabelSelector(pairs, expressions, valid)


def selects(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Whether a selector, which may not be given, selects an object with these labels."""
    return selector is not None and selector.matches(labels)
