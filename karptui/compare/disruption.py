"""A disruption answer held against Karpenter's, level by level (both in the `expect` shape of scenario files)."""

from collections.abc import Callable, Mapping
from typing import Any

from karptui.model.quantity import parse

Answer = Mapping[str, Any]


def _candidates(answer: Answer) -> object:
    return {
        "blocked": sorted(answer["blocked"]),
        "driftOnly": answer["driftOnly"],
        "budgets": answer["budgets"],
        "deferred": bool(answer.get("deferred")),
    }


def _conditions(answer: Answer) -> object:
    return answer.get("conditions")


def _commands(answer: Answer) -> object:
    return [
        (command["method"], command["reason"], command["decision"], command["candidates"], len(command["replacements"]))
        for command in answer["commands"]
    ]


def _prices(answer: Answer) -> object:
    return [(round(command["priceBefore"], 6), round(command["priceAfter"], 6)) for command in answer["commands"]]


def _replacements(answer: Answer) -> object:
    return [[_claim(claim) for claim in command["replacements"]] for command in answer["commands"]]


def _claim(claim: Answer) -> object:
    return {
        "nodePool": claim["nodePool"],
        "pods": claim["pods"],
        "instanceTypes": claim["instanceTypes"],
        "requirements": [
            (entry["key"], entry["operator"], tuple(entry.get("values") or ()), entry.get("minValues"))
            for entry in claim["requirements"]
        ],
        "instanceTypeMinValues": claim.get("instanceTypeMinValues"),
        "requests": {name: parse(amount) for name, amount in claim["requests"].items()},
        "taints": _taints(claim["taints"]),
        "startupTaints": _taints(claim["startupTaints"]),
    }


def _taints(taints: list[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    return sorted((taint["key"], taint.get("value") or "", taint["effect"]) for taint in taints)


LEVELS: dict[str, Callable[[Answer], object]] = {
    "conditions": _conditions,
    "candidates and budgets": _candidates,
    "commands": _commands,
    "prices": _prices,
    "replacements": _replacements,
}
"""Each is compared if those before it agree."""


def disruption_difference(ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first level at which two answers differ, with both sides; None if they agree."""
    for level, part in LEVELS.items():
        mine, wanted = part(ours), part(theirs)
        if mine != wanted:
            return level, mine, wanted
    return None
