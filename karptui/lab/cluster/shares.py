"""IntOrString: a count, or a percentage of something."""

from __future__ import annotations


def share(value: int | str, total: int, *, round_up: bool) -> int:
    """`value` itself, or that percentage of `total`."""
    if isinstance(value, int):
        return value
    text = value.removesuffix("%")
    if text == value:
        return int(value)
    part = int(text) * total
    return -(-part // 100) if round_up else part // 100
