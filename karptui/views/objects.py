"""What the API server says of an object: its Events, and the object itself as YAML."""

from typing import Any

import msgspec
import yaml

from karptui.views.line import Line
from karptui.views.wording import clock
from karptui.world.world import World

RESOURCE_OF = {"pod": "pods", "node": "nodes", "claim": "nodeclaims", "pool": "nodepools", "class": "nodeclasses",
               "pdb": "poddisruptionbudgets"}  # fmt: skip
KIND_OF = {"pod": ("Pod",), "node": ("Node",), "claim": ("NodeClaim",), "pool": ("NodePool",),
           "pdb": ("PodDisruptionBudget",)}  # fmt: skip
LONGEST_YAML = 200_000
"""Characters of YAML that are shown; no screen needs more."""


def event_lines(world: World, kind: str, key: str) -> list[Line]:
    """The Events about it that are still kept, newest first; a decision's are those of its pods."""
    keys, kinds = {key}, KIND_OF.get(kind, ())
    if kind == "class":
        keys, kinds = {key.partition("/")[2]}, (key.partition("/")[0],)
    if kind == "decision" and (decision := world.decisions.get(key)) is not None:
        keys, kinds = set(decision.pods), ("Pod",)
    found = [
        event for event in world.of("events").values() if event.about in keys and (not kinds or event.kind in kinds)
    ]
    if not found:
        return [(("No Event about it is kept: the API server forgets them after an hour.", "dim"),)]
    found.sort(key=lambda event: -event.at)
    return [
        (
            (f"{clock(event.at)}  ", "dim"),
            (f"{event.source:<22.22}  ", "dim"),
            (f"{event.reason:<22.22}  ", "warn" if event.type == "Warning" else "text"),
            (event.message + (f"  ({event.count} times)" if event.count > 1 else ""), "text"),
        )
        for event in found
    ]


def kept_object(world: World, kind: str, key: str) -> dict[str, Any] | None:
    """What karptui keeps of an object, as plain data, for where the API server cannot be asked."""
    found = world.of(RESOURCE_OF[kind]).get(key) if kind in RESOURCE_OF else world.decisions.get(key)
    return None if found is None else msgspec.to_builtins(found, enc_hook=_plain)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)


def yaml_lines(found: dict[str, Any]) -> list[Line]:
    """An object as YAML: keys and values told apart."""
    data = {name: value for name, value in found.items() if value not in (None, {}, [], ())}
    if isinstance(data.get("metadata"), dict):
        data["metadata"] = {name: value for name, value in data["metadata"].items() if name != "managedFields"}
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)[:LONGEST_YAML]
    lines: list[Line] = []
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        plain = separator and (not value or value.startswith(" ")) and '"' not in name and "'" not in name
        lines.append(((f"{name}:", "accent"), (value, "text")) if plain else ((line, "text"),))
    return lines
