"""Label and field selectors: parsed once, asked for every object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from karptui.lab.apiserver.errors import ApiError, bad_request
from karptui.lab.apiserver.registry import Resource

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]

_SET = re.compile(r"^(?P<key>[^\s=!,()]+)\s+(?P<verb>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUAL = re.compile(r"^(?P<key>[^\s=!,()]+)\s*(?P<verb>==|=|!=)\s*(?P<value>[^\s=!,()]*)$")
_EXISTS = re.compile(r"^(?P<absent>!?)\s*(?P<key>[^\s=!,()]+)$")
_COMPARE = re.compile(r"^(?P<key>[^\s=!,()<>]+)\s*(?P<verb>[<>])\s*(?P<value>-?\d+)$")

FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "namespaces"): ("status.phase",),
    ("", "secrets"): ("type",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("", "events"): (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
}
"""The fields, beside metadata.name and metadata.namespace, that each resource can be selected by in Kubernetes."""

_EVENTS_V1 = {
    "regarding.kind": "involvedObject.kind",
    "regarding.namespace": "involvedObject.namespace",
    "regarding.name": "involvedObject.name",
    "regarding.uid": "involvedObject.uid",
    "reportingController": "reportingComponent",
}


@dataclass(frozen=True, slots=True)
class Selector:
    """Label and field requirements together. An empty one matches everything."""

    labels: tuple[Test, ...] = ()
    fields: tuple[tuple[str, bool, str], ...] = ()
    text: str = field(default="", compare=False)
    name: str = ""
    """The one name it asks for, if it does."""

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def matches(self, labels: Labels, fields: Labels) -> bool:
        """Whether an object with these labels and field values is selected."""
        for test in self.labels:
            if not test(labels):
                return False
        return all((fields.get(key, "") == value) == wanted for key, wanted, value in self.fields)


def parse(resource: Resource, label_selector: str, field_selector: str) -> Selector:
    """A Selector from the two query parameters. Raises 400 BadRequest for what cannot be parsed or selected by."""
    fields = _parse_fields(resource, field_selector)
    named = [value for key, wanted, value in fields if key == "metadata.name" and wanted]
    return Selector(
        tuple(_parse_label(part) for part in _split(label_selector)),
        fields,
        f"{label_selector}|{field_selector}",
        named[0] if named else "",
    )


def from_object(selector: Mapping[str, Any] | None) -> Callable[[Labels], bool]:
    """A test for a metav1.LabelSelector: None matches nothing, an empty one everything."""
    if selector is None:
        return lambda labels: False
    tests: list[Test] = [_equal(key, str(value)) for key, value in (selector.get("matchLabels") or {}).items()]
    tests.extend(
        _expression(expression["key"], expression["operator"], tuple(expression.get("values") or ()))
        for expression in selector.get("matchExpressions") or ()
    )
    return lambda labels: all(test(labels) for test in tests)


def selected_fields(resource: Resource, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The values of every field the resource can be selected by."""
    metadata = manifest.get("metadata") or {}
    fields = {"metadata.name": metadata.get("name", "")}
    if resource.namespaced:
        fields["metadata.namespace"] = metadata.get("namespace", "")
    for path in FIELDS.get(resource.key, ()):
        fields[path] = _value(manifest, path)
    return fields


def _value(manifest: Mapping[str, Any], path: str) -> str:
    if path == "source":
        return (manifest.get("source") or {}).get("component") or manifest.get("reportingComponent") or ""
    if path == "status.successful":
        path = "status.succeeded"
    value: Any = manifest
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if path in ("spec.unschedulable",):
        return "true" if value else "false"
    if path in ("status.replicas", "status.succeeded"):
        return str(value or 0)
    return "" if value is None else str(value)


def _parse_fields(resource: Resource, text: str) -> tuple[tuple[str, bool, str], ...]:
    known = {"metadata.name", *FIELDS.get(resource.key, ())}
    if resource.namespaced:
        known.add("metadata.namespace")
    requirements: list[tuple[str, bool, str]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.match(r"^([^=!]+)(==|=|!=)(.*)$", part)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        key, verb, value = match.groups()
        key = _EVENTS_V1.get(key, key)
        if key not in known:
            kind = resource.kind.lower() if resource.custom else resource.kind
            raise bad_request(f'field label not supported: {key} (kind "{kind}")')
        requirements.append((key, verb != "!=", value))
    return tuple(requirements)


def _split(text: str) -> list[str]:
    """Split at the commas that are not inside parentheses."""
    parts = [part.strip() for part in re.split(r",(?![^()]*\))", text)]
    return [part for part in parts if part]


def _parse_label(part: str) -> Test:
    if match := _SET.match(part):
        values = tuple(value.strip() for value in match["values"].split(","))
        return _expression(match["key"], "In" if match["verb"] == "in" else "NotIn", values)
    if match := _EQUAL.match(part):
        if match["verb"] == "!=":
            return _expression(match["key"], "NotIn", (match["value"],))
        return _equal(match["key"], match["value"])
    if match := _COMPARE.match(part):
        return _compare(match["key"], match["verb"], int(match["value"]))
    if match := _EXISTS.match(part):
        return _expression(match["key"], "DoesNotExist" if match["absent"] else "Exists", ())
    raise _unparsable(part)


def _unparsable(part: str) -> ApiError:
    return bad_request(f"unable to parse requirement: found '{part}', expected: a label selector")


def _equal(key: str, value: str) -> Test:
    return lambda labels: labels.get(key) == value


def _compare(key: str, verb: str, bound: int) -> Test:
    def test(labels: Labels) -> bool:
        try:
            value = int(labels[key])
        except (KeyError, ValueError):
            return False
        return value > bound if verb == ">" else value < bound

    return test


def _expression(key: str, operator: str, values: tuple[str, ...]) -> Test:
    allowed = frozenset(values)
    tests: dict[str, Test] = {
        "In": lambda labels: labels.get(key) in allowed,
        "NotIn": lambda labels: labels.get(key) not in allowed,
        "Exists": lambda labels: key in labels,
        "DoesNotExist": lambda labels: key not in labels,
    }
    if operator not in tests:
        raise bad_request(f'"{operator}" is not a valid label selector operator')
    return tests[operator]
