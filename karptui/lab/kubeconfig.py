"""The kubeconfig file that lets kubectl, and karptui itself, into the lab."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

CONTEXT = "karptui-lab"
ACCESS_PREFIX = "/as/"
"""Paths may begin with this and the token. client-go sends no credentials over plain HTTP, so kubectl and
kube-scheduler could not show a token otherwise; the kubeconfig is a secret either way."""


def write_kubeconfig(path: Path, *, url: str, token: str, context: str = CONTEXT, namespace: str = "default") -> Path:
    """Write a kubeconfig for the API server at `url` and return its path.

    Clients that send their token can do without the prefix of the server's path. The file holds a secret, so only its
    owner may read it. It replaces an older one in a single step.
    """
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": f"{url}{ACCESS_PREFIX}{token}"}}],
        "users": [{"name": context, "user": {"token": token}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context, "namespace": namespace}}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    draft.replace(path)
    return path
