"""What comparing answers of both kinds takes: levels one after the other, and NodeClaims in a form to be compared."""

from collections.abc import Callable, Mapping
from typing import Any

Answer = Mapping[str, Any]
Levels = Mapping[str, Callable[[Answer], object]]


def first_difference(levels: Levels, ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first level at which two answers differ, with both sides; None if they agree."""
    for level, part in levels.items():
        mine, wanted = part(ours), part(theirs)
        if mine != wanted:
            return level, mine, wanted
    return None


def claim_details(claim: Answer) -> dict[str, object]:
    """What a NodeClaim asks for, whatever its instance types."""
    return {
        "pods": claim["pods"],
        "requirements": [
            (entry["key"], entry["operator"], tuple(entry.get("values") or ()), entry.get("minValues"))
            for entry in claim["requirements"]
        ],
        "instanceTypeMinValues": claim.get("instanceTypeMinValues"),
        "requests": claim["requests"],
        "taints": _taints(claim["taints"]),
        "startupTaints": _taints(claim["startupTaints"]),
        "annotations": claim.get("annotations") or {},
    }


def _taints(taints: list[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return sorted((taint["key"], taint.get("value") or "", taint["effect"]) for taint in taints)
