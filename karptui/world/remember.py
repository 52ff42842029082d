"""What is kept by key, up to a number: the oldest goes first."""

from typing import Any


def remember(kept: dict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Keep a value; beyond `most` the key that came first is forgotten."""
    kept[key] = value
    if len(kept) > most:
        kept.pop(next(iter(kept)))
