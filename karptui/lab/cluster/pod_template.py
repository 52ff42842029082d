"""Pods from templates: names, hashes, owners."""

from __future__ import annotations

import copy
import hashlib
import random

import orjson

from karptui.lab.cluster.kinds import Kind, Object, controller_reference

NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names: no vowels, no 0, 1, 3 (apimachinery util/rand)."""

MAX_GENERATED = 58
"""Longest prefix of a generated name: 63 less five random letters."""


def random_suffix(source: random.Random) -> str:
    """Five letters, as generateName appends them."""
    return "".join(source.choices(NAME_LETTERS, k=5))


def template_hash(template: Object, collisions: int = 0) -> str:
    """Ten letters that stand for the content of a pod template (the real ones hash a Go-specific dump)."""
    content = orjson.dumps([bare_template(template), collisions], option=orjson.OPT_SORT_KEYS)
    value = int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
    letters = ""
    for _ in range(10):
        value, rest = divmod(value, len(NAME_LETTERS))
        letters += NAME_LETTERS[rest]
    return letters


def bare_template(template: Object) -> Object:
    """The template without the label that tells ReplicaSets apart, for comparing."""
    meta = {**(template.get("metadata") or {})}
    meta.pop("creationTimestamp", None)
    labels = {key: value for key, value in (meta.pop("labels", None) or {}).items() if key != "pod-template-hash"}
    return {"metadata": {**meta, "labels": labels}, "spec": template.get("spec") or {}}


def pod_from(template: Object, owner: Object, kind: Kind, source: random.Random) -> Object:
    """A new pod of the template, owned by `owner`. Its name is drawn here, so that a seed gives the same names."""
    meta = template.get("metadata") or {}
    prefix = f"{owner['metadata']['name']}-"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": prefix,
            "name": prefix[:MAX_GENERATED] + random_suffix(source),
            "namespace": owner["metadata"]["namespace"],
            "labels": {**(meta.get("labels") or {})},
            "annotations": {**(meta.get("annotations") or {})},
            "finalizers": [*(meta.get("finalizers") or ())],
            "ownerReferences": [controller_reference(owner, kind)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }
