"""Answers to those who ask who they are and what they may do."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import orjson

from karptui.kube.timestamps import rfc3339
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
TOKEN_SECONDS = 3600
"""How long a token is valid if the request does not say."""


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


def token_request(body: Any, namespace: str, account: str, now: float) -> Manifest:
    """The answer to a TokenRequest for a service account: a token as a real server's are, but for its signature.

    Nothing in the lab lets anybody in with it.
    """
    spec = dict((body or {}).get("spec") or {})
    spec.setdefault("audiences", ["https://kubernetes.default.svc"])
    seconds = int(spec.setdefault("expirationSeconds", TOKEN_SECONDS))
    claims = {
        "aud": spec["audiences"],
        "exp": int(now) + seconds,
        "iat": int(now),
        "iss": "https://kubernetes.default.svc",
        "jti": str(uuid.uuid4()),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account}},
        "sub": f"system:serviceaccount:{namespace}:{account}",
    }
    parts = (orjson.dumps({"alg": "none"}), orjson.dumps(claims), b"karptui lab")
    token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": account, "namespace": namespace, "creationTimestamp": rfc3339(now)},
        "spec": spec,
        "status": {"token": token, "expirationTimestamp": rfc3339(now + seconds)},
    }
