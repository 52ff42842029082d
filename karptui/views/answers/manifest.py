"""An object as kubectl or k9s prints it: YAML in the shape of Kubernetes' API, also of what is only kept."""

import re
from typing import Any

import msgspec
import yaml

from karptui.kube.encode import encoded
from karptui.kube.timestamps import rfc3339, rfc3339_micro
from karptui.model.quantity import QuantityError, parse
from karptui.model.resources import format_resources
from karptui.views.line import Line
from karptui.world.world import World

RESOURCE_OF = {"pod": "pods", "node": "nodes", "claim": "nodeclaims", "pool": "nodepools", "class": "nodeclasses",
               "pdb": "poddisruptionbudgets"}  # fmt: skip
LONGEST_YAML = 200_000
"""Characters of YAML that are shown; no screen needs more."""
NOT_ALL = ("What karptui keeps of it, in the shape of Kubernetes' API:", "fields that it does not read are not here.")
ONE_CONTAINER = "One container stands for all, with what they ask for together."
OWN_RECORD = "karptui's own record: Kubernetes has no such object."
_AMOUNTS = frozenset({"allocatable", "capacity", "daemon_requests", "limits", "requests", "resources"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_NO_TIME = rfc3339(0.0)


def kept_object(world: World, kind: str, key: str) -> dict[str, Any] | None:
    """What karptui keeps of an object, as plain data, for where the API server cannot be asked."""
    if kind in RESOURCE_OF:
        found = world.of(RESOURCE_OF[kind]).get(key)
        return None if found is None else _as_printed(encoded(found))
    decision = world.decisions.get(key)
    if decision is None:
        return None
    record = msgspec.to_builtins(decision, enc_hook=_plain)
    return _without_nothing({**record, "at": rfc3339_micro(decision.at)})


def remarks(kind: str) -> list[str]:
    """What has to be said of YAML that was made from what is kept."""
    if kind not in RESOURCE_OF:
        return [OWN_RECORD]
    return [*NOT_ALL, ONE_CONTAINER] if kind == "pod" else [*NOT_ALL]


def yaml_lines(found: dict[str, Any], said: list[str] | None = None) -> list[Line]:
    """An object as YAML, its keys in kubectl's order: keys and values told apart, `said` as comments before it."""
    data = {name: value for name, value in found.items() if value not in (None, {}, [], ())}
    if isinstance(data.get("metadata"), dict):
        data["metadata"] = {name: value for name, value in data["metadata"].items() if name != "managedFields"}
    text = yaml.safe_dump(data, sort_keys="apiVersion" in data, allow_unicode=True, width=10_000)[:LONGEST_YAML]
    lines: list[Line] = [((f"# {words}", "dim"),) for words in said or ()]
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        plain = separator and (not value or value.startswith(" ")) and '"' not in name and "'" not in name
        lines.append(((f"{name}:", "accent"), (value, "text")) if plain else ((line, "text"),))
    return lines


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)


def _as_printed(value: Any, name: str = "") -> Any:
    """A manifest as the API server prints it: whole seconds, short quantities, and no time where none is known."""
    if isinstance(value, dict):
        if name in _AMOUNTS and all(isinstance(amount, str) for amount in value.values()):
            return {key: _amount(key, amount) for key, amount in value.items()}
        told = {key: _as_printed(entry, key) for key, entry in value.items()}
        return {key: entry for key, entry in told.items() if entry != _NO_TIME and entry not in ({}, [])}
    if isinstance(value, list):
        return [_as_printed(entry) for entry in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value[:19] + "Z"
    return value


def _amount(resource: str, amount: str) -> str:
    try:
        return format_resources({resource: parse(amount)})[resource]
    except QuantityError:
        return amount


def _without_nothing(value: Any, name: str = "") -> Any:
    """A record without what is empty in it, amounts as they are written."""
    if isinstance(value, dict):
        if name in _AMOUNTS and all(isinstance(amount, int) for amount in value.values()):
            return format_resources(value)
        told = {key: _without_nothing(entry, key) for key, entry in value.items()}
        return {key: entry for key, entry in told.items() if entry not in (None, "", {}, [])}
    return [_without_nothing(entry) for entry in value] if isinstance(value, list) else value
