"""What is kept by key, up to a number: the oldest goes first."""

from collections.abc import Callable
from typing import Any

LOOKS = 64
"""At what came first, for each value that is kept: more may be needed than there is room for."""


def remember(
    kept: dict[Any, Any], key: Any, value: Any, most: int, needed: Callable[[Any], bool] = lambda _: False
) -> None:
    """Keep a value; beyond `most` the key that came first is forgotten, unless its value is still `needed`: then it
    counts as new, and the next one goes."""
    kept[key] = value
    for _ in range(LOOKS):
        if len(kept) <= most:
            return
        first = next(iter(kept))
        oldest = kept.pop(first)
        if needed(oldest):
            kept[first] = oldest
