"""TOML as Karpenter's writer sets it: literal strings, a table's own values first, tables in the order given."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def to_toml(document: Mapping[str, Any]) -> str:
    """The document as text."""
    return _table(document, ())


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> str:
    values = {key: value for key, value in table.items() if not _is_table(value)}
    text = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())
    follows = bool(text)
    for key, value in table.items():
        if not _is_table(value):
            continue
        inner = (*path, key)
        name = ".".join(_key(part) for part in inner)
        for entry in [value] if isinstance(value, Mapping) else value:
            header = f"[{name}]" if isinstance(value, Mapping) else f"[[{name}]]"
            text += ("\n" if follows else "") + f"{header}\n{_table(entry, inner)}"
            follows = True
    return text


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(entry, Mapping) for entry in value)  # pyright: ignore[reportUnknownVariableType]
    return isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    plain = "'" not in text and all(letter == "\t" or letter.isprintable() for letter in text)
    if plain:
        return f"'{text}'"
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else f"\\u{ord(c):04X}") for c in text) + '"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items())  # pyright: ignore
        return "{" + inner + "}"
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return str(value)
