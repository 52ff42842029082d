"""A Plan in the `expect` shape of scenario files, which is also what `karptui plan -o json` prints."""

from collections.abc import Mapping
from typing import Any

from karptui.engine.explain import failure_sentence
from karptui.engine.provisioning.node_claim import overlay_annotations
from karptui.engine.provisioning.overlays import CONFLICT, GATE_OFF
from karptui.model.decision import Plan, PlannedClaim, PodFailure, Refusal
from karptui.model.labels import IN, INSTANCE_TYPE
from karptui.model.node import RequirementSpec
from karptui.model.resources import format_resources
from karptui.model.taints import Taint


def expect_of(plan: Plan) -> dict[str, Any]:
    """newNodeClaims, existingNodes, errors and ignored, as plain data for JSON; the rest only if there is any."""
    answer: dict[str, Any] = {
        "newNodeClaims": [written_claim(claim) for claim in sorted(plan.claims, key=lambda claim: claim.pods)],
        "existingNodes": {name: list(pods) for name, pods in sorted(plan.existing.items())},
        "errors": {pod: _error(failure) for pod, failure in sorted(plan.errors.items())},
        "ignored": dict(sorted(plan.ignored.items())),
    }
    if plan.deferred:
        answer["deferred"] = plan.deferred
    if plan.not_modelled:
        answer["notModelled"] = list(plan.not_modelled)
    if plan.overlays:
        answer["nodeOverlays"] = overlay_conditions(plan.overlays)
    return answer


def overlay_conditions(standing: Mapping[str, str]) -> dict[str, Any]:
    """Of every NodeOverlay whether it counts, and why not, in the reasons of Karpenter's condition."""
    reasons = {CONFLICT: "Conflict", GATE_OFF: "FeatureGateOff"}
    return {
        name: {"applied": False, "reason": reasons.get(why, "RuntimeValidation"), "message": why}
        if why
        else {"applied": True}
        for name, why in standing.items()
    }


def written_claim(claim: PlannedClaim) -> dict[str, Any]:
    """One entry of newNodeClaims."""
    # A pool of fixed size leaves its types to the launch, and what it asks of them is a requirement still.
    asked = next((entry for entry in claim.requirements if entry.key == INSTANCE_TYPE), None)
    named = asked.values if asked is not None and asked.operator == IN else ()
    written: dict[str, Any] = {
        "nodePool": claim.node_pool,
        "pods": list(claim.pods),
        "requirements": [_requirement(entry) for entry in claim.requirements if entry is not asked],
        "instanceTypes": list(claim.instance_types) or sorted(named),
        "requests": format_resources(claim.requests, claim.formats),
        "taints": [_taint(taint) for taint in claim.taints],
        "startupTaints": [_taint(taint) for taint in claim.startup_taints],
    }
    annotations = overlay_annotations(claim)
    if annotations:
        written["annotations"] = annotations
    min_values = asked.min_values if asked is not None else claim.instance_type_min_values
    if min_values is not None:
        written["instanceTypeMinValues"] = min_values
    return written


def _requirement(entry: RequirementSpec) -> dict[str, Any]:
    written: dict[str, Any] = {"key": entry.key, "operator": entry.operator}
    if entry.values:
        written["values"] = list(entry.values)
    if entry.min_values is not None:
        written["minValues"] = entry.min_values
    return written


def _taint(taint: Taint) -> dict[str, str]:
    written = {"key": taint.key, "effect": taint.effect}
    if taint.value:
        written["value"] = taint.value
    return written


def _error(failure: PodFailure) -> str:
    prefix = {Refusal.RESERVED: "[reserved] ", Refusal.DRA: "[dra] "}.get(failure.reasons[0].code, "")
    return prefix + failure_sentence(failure)
