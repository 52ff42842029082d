"""A provisioning answer held against Karpenter's, level by level (both in the `expect` shape of scenario files)."""

from collections.abc import Callable, Mapping
from typing import Any

Answer = Mapping[str, Any]


def _claims(answer: Answer) -> list[Answer]:
    return sorted(answer["newNodeClaims"], key=lambda claim: claim["pods"])


def _placement(answer: Answer) -> object:
    return {
        "newNodeClaims": [(claim["nodePool"], claim["pods"]) for claim in _claims(answer)],
        "existingNodes": answer["existingNodes"],
        "errors": sorted(answer["errors"]),
        "put off": sorted(pod for pod, error in answer["errors"].items() if error.startswith("[reserved]")),
        "deferred": bool(answer.get("deferred")),
    }


def _type_sets(answer: Answer) -> object:
    return [(claim["pods"], sorted(claim["instanceTypes"])) for claim in _claims(answer)]


def _type_order(answer: Answer) -> object:
    return [(claim["pods"], claim["instanceTypes"]) for claim in _claims(answer)]


def _details(answer: Answer) -> object:
    return [
        {
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
        for claim in _claims(answer)
    ] + [{"ignored": sorted(answer["ignored"]), "nodeOverlays": _overlays(answer)}]


def _overlays(answer: Answer) -> dict[str, str]:
    return {name: entry.get("reason", "") for name, entry in (answer.get("nodeOverlays") or {}).items()}


def _taints(taints: list[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return sorted((taint["key"], taint.get("value") or "", taint["effect"]) for taint in taints)


LEVELS: dict[str, Callable[[Answer], object]] = {
    "placement": _placement,
    "instance types": _type_sets,
    "their order": _type_order,
    "requirements, requests, taints, ignored pods": _details,
}
"""Each compares more than the one before."""


def difference(ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first level at which two answers differ, with both sides; None if they agree."""
    for level, part in LEVELS.items():
        mine, wanted = part(ours), part(theirs)
        if mine != wanted:
            return level, mine, wanted
    return None
