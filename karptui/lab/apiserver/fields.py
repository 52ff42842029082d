"""The fields of Kubernetes' own kinds, from the table that `make_fields` makes of the modules that define them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import orjson

QUANTITY = "api.resource.Quantity"
INT_OR_STRING = "util.intstr.IntOrString"
TIMES = ("apis.meta.v1.Time", "apis.meta.v1.MicroTime")
RAW = ("apis.meta.v1.FieldsV1", "runtime.RawExtension", "apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON")
LISTS = ("apis.meta.v1.Verbs", "api.authorization.v1.ExtraValue", "api.authentication.v1.ExtraValue")
FREE_FORM = "apiextensions_apiserver."
"""Definitions of custom resources are written in another form than they are encoded in."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its number in protobuf, its name in JSON ("" for one whose fields stand in the parent), its type.

    `many` is "" for one, "*" for a list, "%" for a map from text; `keep` says whether its zero value is written.
    """

    number: int
    name: str
    type: str
    many: str
    keep: bool
    within: str = ""
    """For a field of an inlined message, that message's name and a dot: Go's decoder names it in what it says."""


@cache
def _table() -> dict[str, dict[str, object]]:
    return orjson.loads(Path(__file__).with_name("fields.json").read_bytes())


def message_of(group_version: str, kind: str) -> str | None:
    """The message that a kind is encoded as, None for one that is not Kubernetes' own."""
    kinds = _table()["kinds"]
    found = kinds.get("v1 DeleteOptions" if kind == "DeleteOptions" else f"{group_version} {kind}")
    return str(found) if found else None


@cache
def by_number(message: str) -> dict[int, Field]:
    """The fields of a message by number."""
    rows = _table()["messages"].get(message) or []
    assert isinstance(rows, list)
    return {row[0]: Field(row[0], row[1], row[2].lstrip("*%"), _many(row[2]), bool(row[3])) for row in rows}


@cache
def by_name(message: str) -> dict[str, Field]:
    """The fields of a message by their name in JSON, those of its inlined messages among them."""
    return {field.name: field for field in _flat(message)}


def _flat(message: str) -> Iterator[Field]:
    for field in by_number(message).values():
        if field.name:
            yield field
        else:
            within = f"{field.type.rpartition('.')[2]}."
            yield from (replace(inner, within=within + inner.within) for inner in _flat(field.type))


def _many(kind: str) -> str:
    return kind[0] if kind[0] in "*%" else ""
