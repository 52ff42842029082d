"""Taints as they are written."""

from karptui.model.taints import Taint


def written_taint(taint: Taint) -> dict[str, str]:
    """A taint as the API has it."""
    found = {"key": taint.key, "effect": taint.effect}
    return found | {"value": taint.value} if taint.value else found
