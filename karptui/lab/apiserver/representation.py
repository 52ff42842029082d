"""How objects go out: as JSON, as metadata only, or as rows of a Table, by what the client accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from karptui.lab.apiserver import events, table
from karptui.lab.apiserver.listing import Page
from karptui.lab.apiserver.registry import Resource
from karptui.lab.apiserver.store import Stored
from karptui.lab.apiserver.watch import Encode, plain

Manifest = dict[str, Any]

JSON, TABLE, METADATA = "json", "Table", "PartialObjectMetadata"
_EVENTS_V1 = "events.k8s.io"


def accepted(accept: str) -> str:
    """The first form in an Accept header that the server speaks: JSON, TABLE or METADATA. Unknown ones give JSON."""
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        if kind not in ("application/json", "application/*", "*/*", "application/yaml"):
            continue
        form = next((value[3:] for value in parameters if value.startswith("as=")), "")
        if not form:
            return JSON
        form = form.removesuffix("List")
        if form in (TABLE, METADATA) and "v=v1" in parameters:
            return form
    return JSON


class Representation:
    """One form of one resource. `now` is the lab time, for ages; `objects` is the Table's includeObject."""

    def __init__(self, resource: Resource, form: str, now: Callable[[], float], objects: str = "Metadata") -> None:
        self._resource = resource
        self._form = form
        self._now = now
        self._objects = objects or "Metadata"
        self._named_columns = False

    def one(self, stored: Stored) -> bytes:
        """A single object."""
        if self._form == TABLE:
            return orjson.dumps(self._table([stored], str(stored.version), columns=True))
        return self._json()(stored)

    def many(self, page: Page) -> bytes:
        """A list."""
        metadata: Manifest = {"resourceVersion": str(page.version)}
        if page.token:
            metadata["continue"] = page.token
            if page.remaining is not None:
                metadata["remainingItemCount"] = page.remaining
        if self._form == TABLE:
            body = self._table(page.items, "", columns=True)
            body["metadata"] = metadata
            return orjson.dumps(body)
        kind, version = f"{self._resource.kind}List", self._resource.group_version
        if self._form == METADATA:
            kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        head = orjson.dumps({"kind": kind, "apiVersion": version, "metadata": metadata})
        return head[:-1] + b',"items":[' + b",".join(self._items(page.items)) + b"]}"

    def event(self) -> Encode:
        """The encoder of a watch's objects."""
        if self._form == TABLE:
            return self._row
        return self._json()

    def bookmark(self, version: int, annotations: dict[str, str] | None) -> bytes:
        """The object of a BOOKMARK event: nothing but a version."""
        metadata: Manifest = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        kind, group_version = self._resource.kind, self._resource.group_version
        if self._form == METADATA:
            kind, group_version = METADATA, "meta.k8s.io/v1"
        elif self._form == TABLE:
            return orjson.dumps({"kind": TABLE, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "rows": []})
        return orjson.dumps({"kind": kind, "apiVersion": group_version, "metadata": metadata})

    def _json(self) -> Encode:
        if self._form == METADATA:
            return lambda stored: orjson.dumps(table.partial_metadata(stored.manifest()))
        if self._resource.group == _EVENTS_V1:
            return lambda stored: orjson.dumps(events.from_core(stored.manifest()))
        if self._resource.custom:
            return self._in_version
        return plain

    def _in_version(self, stored: Stored) -> bytes:
        """A custom resource in the version asked for: conversion is by name only, as the `None` strategy does it."""
        if stored.resource.version == self._resource.version:
            return stored.encoded
        return orjson.dumps({**stored.manifest(), "apiVersion": self._resource.group_version})

    def _items(self, items: list[Stored]) -> list[bytes]:
        encode = self._json()
        if encode is not plain:
            return [encode(stored) for stored in items]
        # Items of built-in lists carry neither apiVersion nor kind; both stand in front, so they can be cut off.
        prefix = orjson.dumps({"apiVersion": self._resource.group_version, "kind": self._resource.kind})
        cut = len(prefix)
        return [b"{" + stored.encoded[cut:] for stored in items]

    def _row(self, stored: Stored) -> bytes:
        body = self._table([stored], str(stored.version), columns=not self._named_columns)
        self._named_columns = True
        return orjson.dumps(body)

    def _table(self, items: list[Stored], version: str, *, columns: bool) -> Manifest:
        return table.table(
            self._resource,
            (stored.manifest() for stored in items),
            self._now(),
            version=version,
            with_columns=columns,
            objects=self._objects,
        )
