"""Answers to those who ask who they are and what they may do."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.faults import Faults

Manifest = dict[str, Any]

USER = "karptui-lab"
KINDS = {
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authorization.k8s.io", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
    ("authorization.k8s.io", "subjectaccessreviews"): "SubjectAccessReview",
    ("authentication.k8s.io", "tokenreviews"): "TokenReview",
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
}


def review(kind: str, body: Any, faults: Faults, token: str) -> Manifest:
    """The review with its status. Everything is allowed but what `faults.forbidden` holds."""
    spec = (body or {}).get("spec") or {} if isinstance(body, dict) else {}
    group = "authentication.k8s.io/v1" if kind in ("TokenReview", "SelfSubjectReview") else "authorization.k8s.io/v1"
    answer: Manifest = {"kind": kind, "apiVersion": group, "metadata": {"creationTimestamp": None}}
    if spec:
        answer["spec"] = spec
    user = {"username": USER, "groups": ["system:masters", "system:authenticated"]}
    if kind == "SelfSubjectRulesReview":
        answer["status"] = {
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        }
    elif kind == "SelfSubjectReview":
        answer["status"] = {"userInfo": user}
    elif kind == "TokenReview":
        known = spec.get("token") == token
        answer["status"] = {"authenticated": True, "user": user} if known else {"user": {}}
    else:
        attributes = spec.get("resourceAttributes") or {}
        refused = faults.refuses(attributes.get("verb", ""), attributes.get("resource", ""))
        answer["status"] = {"allowed": not refused, **({} if refused else {"reason": "the lab allows it"})}
    return answer
