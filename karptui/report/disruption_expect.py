"""A Disruption in the `expect` shape of scenario files, which is also what `karptui disrupt -o json` prints."""

from math import floor
from typing import Any

from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Command, Disruption, Hold
from karptui.model.metadata import condition, is_true
from karptui.model.snapshot import Snapshot
from karptui.report.expect import overlay_conditions, written_claim

_WITHOUT_EVENT = frozenset({Hold.NO_CLAIM})
"""Karpenter says nothing about these, so they do not stand under `blocked`."""


def disruption_expect(answer: Disruption) -> dict[str, Any]:
    """commands, blocked, driftOnly, budgets and refused, as plain data for JSON."""
    written: dict[str, Any] = {
        "commands": [_command(command) for command in answer.commands],
        "blocked": {
            name: held_sentence(held)
            for name, held in sorted(answer.blocked.items())
            if held.code not in _WITHOUT_EVENT
        },
        "driftOnly": list(answer.drift_only),
        "budgets": {pool: dict(amounts) for pool, amounts in sorted(answer.budgets.items())},
        "refused": {name: held_sentence(held) for name, held in answer.held.items() if name not in answer.blocked},
    }
    if answer.deferred:
        written["deferred"] = answer.deferred
    if answer.not_modelled:
        written["notModelled"] = list(answer.not_modelled)
    if answer.overlays:
        written["nodeOverlays"] = overlay_conditions(answer.overlays)
    return written


def conditions_expect(snapshot: Snapshot) -> dict[str, Any]:
    """Consolidatable and Drifted of every NodeClaim, by the name of its node once that is registered."""
    from karptui.engine.provisioning.state_nodes import state_nodes

    written: dict[str, Any] = {}
    for state in state_nodes(snapshot):
        if state.claim is not None:
            drifted = condition(state.claim.conditions, "Drifted")
            written[state.name] = {
                "Consolidatable": is_true(state.claim.conditions, "Consolidatable"),
                "Drifted": drifted.reason if drifted is not None and drifted.status == "True" else None,
            }
    return written


def _command(command: Command) -> dict[str, Any]:
    return {
        "method": command.method,
        "reason": command.reason,
        "decision": command.decision,
        "candidates": list(command.nodes),
        "replacements": [written_claim(claim) for claim in command.replacements],
        "priceBefore": _rounded(command.price_before),
        "priceAfter": _rounded(command.price_after),
    }


def _rounded(price: float) -> float:
    """To a millionth of a dollar, halves upwards, as Go's math.Round has it."""
    return floor(price * 1e6 + 0.5) / 1e6
