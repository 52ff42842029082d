"""The two shapes of an Event: core/v1, in which it is stored, and events.k8s.io/v1."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]

_PAIRS = (
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
)
_TO_CORE = dict(_PAIRS)
_FROM_CORE = {core: other for other, core in _PAIRS}


def to_core(event: Manifest) -> Manifest:
    """The core/v1 shape of an events.k8s.io/v1 Event."""
    return {**{_TO_CORE.get(field, field): value for field, value in event.items()}, "apiVersion": "v1"}


def from_core(event: Manifest) -> Manifest:
    """The events.k8s.io/v1 shape of a core/v1 Event."""
    renamed = {_FROM_CORE.get(field, field): value for field, value in event.items()}
    return {**renamed, "apiVersion": "events.k8s.io/v1", "kind": "Event"}
