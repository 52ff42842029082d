"""A provisioning answer held against Karpenter's, level by level (both in the `expect` shape of scenario files)."""

from karptui.compare.levels import Answer, Levels, claim_details, first_difference


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
    ignored = {"ignored": sorted(answer["ignored"]), "nodeOverlays": _overlays(answer)}
    return [*map(claim_details, _claims(answer)), ignored]


def _overlays(answer: Answer) -> dict[str, str]:
    return {name: entry.get("reason", "") for name, entry in (answer.get("nodeOverlays") or {}).items()}


LEVELS: Levels = {
    "placement": _placement,
    "instance types": _type_sets,
    "their order": _type_order,
    "requirements, requests, taints, ignored pods": _details,
}
"""Each compares more than the one before."""


def difference(ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first level at which two answers differ, with both sides; None if they agree."""
    return first_difference(LEVELS, ours, theirs)
