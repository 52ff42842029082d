"""A disruption answer held against Karpenter's, level by level (both in the `expect` shape of scenario files)."""

from karptui.compare.levels import Answer, Levels, claim_details, first_difference


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
    return claim_details(claim) | {"nodePool": claim["nodePool"], "instanceTypes": claim["instanceTypes"]}


LEVELS: Levels = {
    "conditions": _conditions,
    "candidates and budgets": _candidates,
    "commands": _commands,
    "prices": _prices,
    "replacements": _replacements,
}
"""Each is compared if those before it agree."""


def disruption_difference(ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first level at which two answers differ, with both sides; None if they agree."""
    return first_difference(LEVELS, ours, theirs)
