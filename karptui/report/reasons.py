"""A Plan with its reasons, as plain data: what `karptui plan -o json --reasons` adds to the answer."""

from math import isfinite
from typing import Any

from karptui.engine.explain import explain_claim, remedies, remedy_sentence, sentence
from karptui.model.decision import Plan, PlannedClaim, PodFailure, Reason, Relaxation, TypeVerdict
from karptui.model.snapshot import Snapshot
from karptui.report.expect import expect_of

SHOWN_REMEDIES = 5


def expect_with_reasons(snapshot: Snapshot, plan: Plan) -> dict[str, Any]:
    """`expect_of`, with `reasons` in every new NodeClaim (funnel, instance types) and `podReasons` by pod."""
    answer = expect_of(plan)
    ordered = sorted(plan.claims, key=lambda claim: claim.pods)
    for written, claim in zip(answer["newNodeClaims"], ordered, strict=True):
        written["reasons"] = _claim(snapshot, claim)
    relaxed: dict[str, list[Relaxation]] = {}
    for entry in plan.relaxed:
        relaxed.setdefault(entry.pod, []).append(entry)
    pods: dict[str, Any] = {}
    for number, claim in enumerate(ordered):
        for pod in claim.pods:
            pods[pod] = {"newNodeClaim": number, "nodePool": claim.node_pool, "relaxed": _relaxed(relaxed.get(pod))}
    for node, keys in plan.existing.items():
        for pod in keys:
            pods[pod] = {"existingNode": node, "relaxed": _relaxed(relaxed.get(pod))}
    alike: dict[tuple[bytes, tuple[Reason, ...]], list[Any]] = {}
    for pod, failure in plan.errors.items():
        key = (snapshot.pods[pod].spec.key, failure.reasons)
        if key not in alike:
            alike[key] = _remedies(snapshot, pod)
        pods[pod] = _failure(failure) | {"remedies": alike[key]}
    answer["podReasons"] = dict(sorted(pods.items()))
    return answer


def _claim(snapshot: Snapshot, claim: PlannedClaim) -> dict[str, Any]:
    explained = explain_claim(snapshot, claim)
    funnel = [
        {"code": step.code, "key": step.key, "detail": step.detail, "remaining": step.remaining}
        for step in explained.funnel
    ]
    return {
        "price": claim.price if isfinite(claim.price) else None,
        "zone": claim.zone,
        "capacityType": claim.capacity_type,
        "funnel": funnel,
        "instanceTypes": [_verdict(verdict) for verdict in explained.verdicts],
    }


def _verdict(verdict: TypeVerdict) -> dict[str, Any]:
    return {
        "instanceType": verdict.instance_type,
        "price": verdict.price if isfinite(verdict.price) else None,
        "zone": verdict.zone,
        "capacityType": verdict.capacity_type,
        "use": {name: round(share, 4) for name, share in verdict.use.items()},
        **({"priceOverlay": verdict.price_overlay} if verdict.price_overlay else {}),
        **({"capacityOverlays": verdict.capacity_overlays} if verdict.capacity_overlays else {}),
        **_reason(verdict.reason),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    facts = {"nodePool": reason.pool, "key": reason.key, "wanted": reason.wanted, "found": reason.found}
    return {"code": reason.code, **{name: fact for name, fact in facts.items() if fact}, "sentence": sentence(reason)}


def _failure(failure: PodFailure) -> dict[str, Any]:
    return {"refused": [_reason(reason) for reason in failure.reasons], "relaxed": _relaxed(failure.relaxed)}


def _relaxed(entries: "list[Relaxation] | tuple[Relaxation, ...] | None") -> list[dict[str, str]]:
    return [{"kind": entry.kind, "detail": entry.detail} for entry in entries or ()]


def _remedies(snapshot: Snapshot, pod: str) -> list[dict[str, Any]]:
    return [
        {
            "changes": [
                {
                    name: value
                    for name, value in (
                        ("kind", change.kind),
                        ("nodePool", change.pool),
                        ("key", change.key),
                        ("values", list(change.values)),
                        ("amount", change.amount),
                        ("before", change.before),
                    )
                    if value
                }
                for change in remedy.changes
            ],
            "sentence": remedy_sentence(remedy),
            "price": remedy.price,
            **({"existingNode": remedy.node} if remedy.node else {"instanceType": remedy.instance_type}),
        }
        for remedy in remedies(snapshot, pod, SHOWN_REMEDIES, crowded=True)
    ]
