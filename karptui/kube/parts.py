"""Parts that several kinds have: selectors, expressions, taints, requirements, durations."""

import re

from msgspec import Struct

from karptui.kube.wire import FieldError, Text, WireExpression, WireSelector, WireTaint, word, words
from karptui.model.affinity import Expression, NodeSelectorTerm
from karptui.model.node import NodeClassReference, RequirementSpec
from karptui.model.selectors import LabelSelector, label_selector
from karptui.model.taints import Taint

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_EC2_GROUP, _EC2_KIND = "karpenter.k8s.aws", "EC2NodeClass"
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class WireNodeTerm(Struct, gc=False):
    """NodeTerm as the API has it."""

    matchExpressions: list[WireExpression] | None = None
    matchFields: list[WireExpression] | None = None


class WireNodeSelector(Struct, gc=False):
    """NodeSelector as the API has it."""

    nodeSelectorTerms: list[WireNodeTerm] | None = None


class WireRequirement(Struct, gc=False):
    """Requirement as the API has it."""

    key: Text = None
    operator: Text = None
    values: list[str] | None = None
    minValues: int | None = None


class WireNodeClassReference(Struct, gc=False):
    """NodeClassReference as the API has it."""

    group: Text = None
    kind: Text = None
    name: Text = None
    apiVersion: Text = None


def selector_of(wire: WireSelector | None) -> LabelSelector | None:
    """A label selector; None where there is none."""
    if wire is None:
        return None
    labels = {word(key): word(value) for key, value in (wire.matchLabels or {}).items()}
    return label_selector(labels, expressions_of(wire.matchExpressions))


def expressions_of(wire: list[WireExpression] | None) -> tuple[Expression, ...]:
    """matchExpressions as (key, operator, values)."""
    return tuple((word(entry.key), word(entry.operator), words(entry.values)) for entry in wire or ())


def node_term_of(wire: WireNodeTerm | None) -> NodeSelectorTerm:
    """One node selector term."""
    if wire is None:
        return NodeSelectorTerm()
    return NodeSelectorTerm(expressions_of(wire.matchExpressions), bool(wire.matchFields))


def node_terms_of(wire: WireNodeSelector | None) -> tuple[NodeSelectorTerm, ...]:
    """The OR terms of a node selector."""
    return tuple(node_term_of(term) for term in wire.nodeSelectorTerms or ()) if wire is not None else ()


def taints_of(wire: list[WireTaint] | None) -> tuple[Taint, ...]:
    """Taints in their order."""
    return tuple(Taint(word(taint.key), word(taint.value), word(taint.effect)) for taint in wire or ())


def requirements_of(wire: list[WireRequirement] | None) -> tuple[RequirementSpec, ...]:
    """A NodePool's or NodeClaim's requirements in their order."""
    return tuple(
        RequirementSpec(word(entry.key), word(entry.operator), words(entry.values), entry.minValues)
        for entry in wire or ()
    )


def node_class_reference_of(wire: WireNodeClassReference | None) -> NodeClassReference:
    """nodeClassRef; v1beta1 gives an apiVersion where v1 gives a group, and needs neither that nor a kind."""
    if wire is None:
        return NodeClassReference()
    group = wire.group or (wire.apiVersion or "").rpartition("/")[0]
    if wire.name and not wire.kind and group in ("", _EC2_GROUP):  # v1 requires both
        return NodeClassReference(_EC2_GROUP, _EC2_KIND, word(wire.name))
    return NodeClassReference(word(group), word(wire.kind), word(wire.name))


def duration_of(text: str | None, path: str) -> float | None:
    """Seconds of a Go duration (`1h30m`); None for Never and for nothing. Raises FieldError at `path`."""
    if text is None or text in ("", "Never"):
        return None
    if text == "0":
        return 0.0
    total, end = 0.0, 0
    body = text[1:] if text[0] in "+-" else text
    for match in _DURATION.finditer(body):
        if match.start() != end:
            break
        total += float(match[1]) * _UNITS[match[2]]
        end = match.end()
    if end != len(body) or not body:
        raise FieldError(path, f'"{text[:40]}" is not a duration such as 1h30m, 30s or Never')
    return -total if text[0] == "-" else total
