"""Tables: what `kubectl get` prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from karptui.lab.apiserver import columns, jsonpath
from karptui.lab.apiserver.registry import Column, Resource
from karptui.lab.apiserver.timestamps import age

Manifest = dict[str, Any]


def partial_metadata(manifest: Manifest) -> Manifest:
    """The metav1.PartialObjectMetadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": manifest["metadata"]}


def table(
    resource: Resource,
    manifests: Iterable[Manifest],
    now: float,
    *,
    version: str,
    with_columns: bool,
    objects: str,
) -> Manifest:
    """The metav1.Table of some objects; `objects` says what each row carries: None, Metadata or Object."""
    definitions, row = _layout(resource)
    rows: list[orjson.Fragment] = []
    for manifest in manifests:
        entry: Manifest = {"cells": row(manifest, now)}
        if objects == "Metadata":
            entry["object"] = partial_metadata(manifest)
        elif objects == "Object":
            entry["object"] = manifest
        rows.append(orjson.Fragment(orjson.dumps(entry)))  # 5,000 pods as dictionaries would take 200 MB
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version} if version else {},
        "columnDefinitions": definitions if with_columns else [],
        "rows": rows,
    }


def _layout(resource: Resource) -> tuple[list[Manifest], columns.Row]:
    layout = columns.LAYOUTS.get(resource.key)
    if layout is not None:
        names, row = layout
        return [_definition(name) for name in names], row
    if not resource.columns:
        return [_definition(name) for name in ("Name", "Age")], columns.name_and_age
    definitions = [_definition("Name"), *(_custom_definition(column) for column in resource.columns)]

    def cells(manifest: Manifest, now: float) -> list[Any]:
        return [
            manifest["metadata"]["name"],
            *(_cell(column.type, column.path, manifest, now) for column in resource.columns),
        ]

    return definitions, cells


def _custom_definition(column: Column) -> Manifest:
    definition = {"name": column.name, "type": column.type, "format": "", "description": column.path}
    return {**definition, "priority": column.priority}


def _cell(kind: str, path: str, manifest: Manifest, now: float) -> Any:
    try:
        value = jsonpath.compiled(path)(manifest)
    except ValueError:
        return None
    if kind == "date":
        return age(value, now)
    if value is None or isinstance(value, (bool, int, float)):
        return value if kind != "string" or value is None else str(value)
    return str(value)


def _definition(name: str) -> Manifest:
    """A column from its layout: `+` in front marks one that only `-o wide` shows, `#` one that holds integers."""
    wide, name = name.startswith("+"), name.removeprefix("+")
    kind, name = ("integer" if name.startswith("#") else "string"), name.removeprefix("#")
    return {
        "name": name,
        "type": kind,
        "format": "name" if name == "Name" else "",
        "description": name,
        "priority": 1 if wide else 0,
    }
