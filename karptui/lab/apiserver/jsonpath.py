"""As much of Kubernetes' JSONPath as printer columns use: fields, escaped dots, and one filter by equality."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"""\.(?P<field>(?:\\.|[^.\[\\])+)          # .field, with \. for a dot inside
      | \[\?\(@\.(?P<key>\w+)\s*==\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)\)\]   # [?(@.type=="Ready")]
      | \[(?P<index>\d+)\]
      | \['(?P<quoted>[^']+)'\]""",
    re.VERBOSE,
)


@lru_cache(maxsize=512)
def compiled(path: str) -> Callable[[Any], Any]:
    """A function that reads `path`; it gives None for what is absent. Raises ValueError for an unsupported path."""
    text = path.strip().removeprefix("{").removesuffix("}")
    text = text if text.startswith((".", "[")) else f".{text}"
    steps: list[Callable[[Any], Any]] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if not match:
            raise ValueError(f"unsupported JSONPath: {path}")
        steps.append(_step(match))
        at = match.end()

    def read(value: Any) -> Any:
        for step in steps:
            value = step(value)
            if value is None:
                return None
        return value

    return read


def _step(match: re.Match[str]) -> Callable[[Any], Any]:
    if match["index"] is not None:
        index = int(match["index"])
        return lambda value: value[index] if isinstance(value, list) and index < len(value) else None
    if match["key"] is not None:
        key, wanted = match["key"], match["value"]
        return lambda value: (
            next((item for item in value if item.get(key) == wanted), None) if isinstance(value, list) else None
        )
    field = match["quoted"] or re.sub(r"\\(.)", r"\1", match["field"])
    return lambda value: value.get(field) if isinstance(value, dict) else None
