"""The scheduling part of a pod back into a pod's spec, and the selectors in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from karptui.model.affinity import NodeSelectorTerm, PodAffinityTerm, TopologySpreadConstraint
from karptui.model.pod import PodSpec, PodVolume
from karptui.model.pod_requests import PODS
from karptui.model.resources import format_resources
from karptui.model.selectors import LabelSelector

Json = dict[str, Any]


def given(**fields: Any) -> Json:
    """The fields that say something: neither None nor empty, zero or false."""
    return {name: value for name, value in fields.items() if value}


def encoded_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels in the order of their keys."""
    return dict(sorted(labels.items()))


def encoded_selector(selector: LabelSelector | None) -> Json | None:
    """A label selector; {} selects everything, None nothing."""
    if selector is None:
        return None
    expressions = [
        {"key": entry.key, "operator": entry.operator, **given(values=sorted(entry.values))}
        for entry in sorted(selector.match_expressions, key=lambda entry: (entry.key, entry.operator))
    ]
    # An invalid selector stays invalid: it is written as it was read. An empty one must not get lost.
    return {"matchLabels": encoded_labels(dict(selector.match_labels)), **given(matchExpressions=expressions)}


def encoded_node_terms(terms: Iterable[NodeSelectorTerm]) -> list[Json]:
    """nodeSelectorTerms."""
    return [_node_term(term) for term in terms]


def encoded_pod_spec(spec: PodSpec, requests: Mapping[str, int] | None = None) -> Json:
    """spec of a pod with one container; `requests` where they are not those of the spec."""
    asked = format_resources({n: a for n, a in (requests or spec.requests).items() if n != PODS}, spec.formats)
    container: Json = {"name": "all", "resources": {"requests": asked}}
    if spec.host_ports:
        container["ports"] = [{"hostPort": p.port, "hostIP": p.ip, "protocol": p.protocol} for p in spec.host_ports]
    tolerations = [
        given(key=t.key, operator=t.operator, value=t.value, effect=t.effect)
        | ({} if t.seconds is None else {"tolerationSeconds": t.seconds})
        for t in spec.tolerations
    ]
    return {
        "containers": [container],
        "schedulerName": spec.scheduler_name,
        **({} if spec.grace_seconds is None else {"terminationGracePeriodSeconds": spec.grace_seconds}),
        **given(
            nodeSelector=spec.node_selector,
            affinity=_affinity(spec),
            tolerations=tolerations,
            topologySpreadConstraints=[_spread(entry) for entry in spec.topology_spread],
            volumes=[_volume(entry) for entry in spec.volumes],
            resourceClaims=[{"name": "claim"}] if spec.resource_claims else [],
            schedulingGates=[{"name": name} for name in spec.scheduling_gates],
            priorityClassName=spec.priority_class_name,
        ),
    }


def _node_term(term: NodeSelectorTerm) -> Json:
    expressions = [{"key": key, "operator": op, **given(values=list(values))} for key, op, values in term.expressions]
    fields = [{"key": "metadata.name", "operator": "Exists"}] if term.match_fields else []
    return given(matchExpressions=expressions, matchFields=fields)


def _pod_term(term: PodAffinityTerm) -> Json:
    written: Json = {"topologyKey": term.topology_key, **given(namespaces=list(term.namespaces))}
    for name, selector in (("labelSelector", term.selector), ("namespaceSelector", term.namespace_selector)):
        if selector is not None:
            written[name] = encoded_selector(selector)
    return written


def _affinity(spec: PodSpec) -> Json:
    required, preferred = (
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    )
    node = given(
        **{
            required: {"nodeSelectorTerms": encoded_node_terms(spec.required_node_terms)}
            if spec.required_node_terms
            else None,
            preferred: [
                {"weight": entry.weight, "preference": _node_term(entry.term)} for entry in spec.preferred_node_terms
            ],
        }
    )
    kinds: Json = {}
    for name, hard, soft in (
        ("podAffinity", spec.affinity, spec.preferred_affinity),
        ("podAntiAffinity", spec.anti_affinity, spec.preferred_anti_affinity),
    ):
        weighted = [{"weight": entry.weight, "podAffinityTerm": _pod_term(entry.term)} for entry in soft]
        kinds[name] = given(**{required: [_pod_term(term) for term in hard], preferred: weighted})
    return given(nodeAffinity=node, **kinds)


def _spread(entry: TopologySpreadConstraint) -> Json:
    written: Json = {
        "topologyKey": entry.topology_key,
        "maxSkew": entry.max_skew,
        "whenUnsatisfiable": entry.when_unsatisfiable,
        "nodeAffinityPolicy": entry.node_affinity_policy,
        "nodeTaintsPolicy": entry.node_taints_policy,
        **given(matchLabelKeys=list(entry.match_label_keys)),
    }
    if entry.selector is not None:
        written["labelSelector"] = encoded_selector(entry.selector)
    if entry.min_domains is not None:
        written["minDomains"] = entry.min_domains
    return written


def _volume(entry: PodVolume) -> Json:
    if not entry.ephemeral:
        return {"name": entry.name, "persistentVolumeClaim": {"claimName": entry.claim}}
    template: Json = {} if entry.storage_class is None else {"storageClassName": entry.storage_class}
    return {"name": entry.name, "ephemeral": {"volumeClaimTemplate": {"spec": template}}}
