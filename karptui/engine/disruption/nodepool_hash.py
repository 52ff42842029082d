"""The hash of a NodePool's template, version v3, bit for bit (spec/lifecycle.md 4.2).

Zero values are left out (hashstructure.py has the routine itself). Requirements are not part of it.
A hash that differs by a bit under the same version would make a returning Karpenter roll every node.
"""

from collections.abc import Mapping

from karptui.engine.disruption.hashstructure import (
    hash_of_map,
    hash_of_number,
    hash_of_set,
    hash_of_struct,
    hash_of_text,
)
from karptui.model.nodepool import NodePool, NodeTemplate
from karptui.model.taints import Taint

HASH_VERSION = "v3"

_NANOSECONDS = 1_000_000_000


def nodepool_hash(pool: NodePool) -> str:
    """The text of the annotation karpenter.sh/nodepool-hash."""
    return str(template_hash(pool.template))


def template_hash(template: NodeTemplate) -> int:
    """64 bits over spec.template."""
    reference = template.node_class
    spec = _struct(
        "NodeClaimTemplateSpec",
        ("Taints", _taints(template.taints, "taints" in template.given_empty)),
        ("StartupTaints", _taints(template.startup_taints, "startupTaints" in template.given_empty)),
        (
            "NodeClassRef",
            _struct(
                "NodeClassReference",
                ("Kind", _text(reference.kind)),
                ("Name", _text(reference.name)),
                ("Group", _text(reference.group)),
            ),
        ),
        ("TerminationGracePeriod", _duration("Duration", template.termination_grace_period)),
        ("ExpireAfter", _nillable(template.expire_after)),
    )
    labels = _map(template.labels, "labels" in template.given_empty)
    annotations = _map(template.own_annotations, "annotations" in template.given_empty)
    metadata = None
    if labels is not None or annotations is not None:
        metadata = _struct("ObjectMeta", ("Labels", labels), ("Annotations", annotations))
    return _struct("NodeClaimTemplate", ("ObjectMeta", metadata), ("Spec", spec))


def _text(text: str) -> int | None:
    """None for a zero value, as for all of these."""
    return hash_of_text(text) if text else None


def _map(entries: Mapping[str, str], given_empty: bool) -> int | None:
    if not entries and not given_empty:
        return None
    return hash_of_map((key, hash_of_text(value)) for key, value in entries.items())


def _struct(name: str, *fields: tuple[str, int | None]) -> int:
    return hash_of_struct(name, fields)


def _taint(taint: Taint) -> int:
    return _struct("Taint", ("Key", _text(taint.key)), ("Value", _text(taint.value)), ("Effect", _text(taint.effect)))


def _taints(taints: tuple[Taint, ...], given_empty: bool) -> int | None:
    return hash_of_set(map(_taint, taints)) if taints or given_empty else None


def _duration(name: str, seconds: float | None) -> int | None:
    """A duration that is not given is zero; one that is given as 0s is a struct without fields."""
    if seconds is None:
        return None
    nanoseconds = round(seconds * _NANOSECONDS)
    return _struct(name, ("Duration", hash_of_number(nanoseconds) if nanoseconds else None))


def _nillable(seconds: float | None) -> int | None:
    """A duration behind a pointer: one of 0s is there, so it counts."""
    if seconds is None:
        return None
    return _struct("NillableDuration", ("Duration", hash_of_number(round(seconds * _NANOSECONDS))))
