"""A pod as the scheduler reads it, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass

from karptui.lab.cluster.kinds import Object, controller_uid, key_of
from karptui.lab.cluster.selection import Labels, selects
from karptui.model.containers import Container, HostPort, host_ports
from karptui.model.pod_requests import pod_requests
from karptui.model.quantity import parse

Resources = dict[str, int]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

UNSTATED = {"cpu": 100 * 10**6, "memory": 200 * 2**20 * 10**9}
"""What a container counts for in scores if it asks for nothing (scheduler util.DefaultMilliCPURequest, 200 MB)."""


@dataclass(frozen=True, slots=True)
class Term:
    """One pod (anti-)affinity term, with the namespaces that it looks at (None: all)."""

    topology_key: str
    selector: Object | None
    namespaces: frozenset[str] | None
    weight: int = 0

    def matches(self, namespace: str, labels: Labels) -> bool:
        """Whether a pod of this namespace with these labels is meant."""
        return (self.namespaces is None or namespace in self.namespaces) and selects(self.selector, labels)


@dataclass(frozen=True, slots=True)
class Spread:
    """One topologySpreadConstraint; its selector has the labels of matchLabelKeys added."""

    topology_key: str
    max_skew: int
    selector: Object | None
    hard: bool
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


@dataclass(slots=True, eq=False)
class PodInfo:
    """What filters and scores need of a pod. `requests` in nano-units, with "pods": one pod."""

    key: str
    uid: str
    name: str
    namespace: str
    labels: Labels
    owner: str
    spec: Object
    priority: int
    created: str
    requests: Resources
    scored: Resources
    ports: tuple[HostPort, ...]
    spreads: tuple[Spread, ...]
    affinity: tuple[Term, ...]
    anti_affinity: tuple[Term, ...]
    preferred: tuple[Term, ...]
    tolerations: tuple[Object, ...]
    nominated: str
    terminating: bool


NAMES_OF_ALL: dict[str, Labels] = {}


def pod_info(pod: Object, namespaces: dict[str, Labels] = NAMES_OF_ALL) -> PodInfo:
    """Take a pod apart. `namespaces` are the labels of every namespace, for namespaceSelectors."""
    meta, spec = pod["metadata"], pod["spec"]
    affinity = spec.get("affinity") or {}
    together, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    containers = [_container(one) for one in spec.get("containers") or ()]
    requests = pod_requests(
        containers,
        [_container(one) for one in spec.get("initContainers") or ()],
        _resources(spec.get("overhead")),
        _resources((spec.get("resources") or {}).get("requests")),
    )
    scored = dict(requests)
    for name, amount in UNSTATED.items():
        scored[name] = scored.get(name, 0) + amount * sum(name not in one.requests for one in containers)
    labels = meta.get("labels") or {}

    def terms(wanted: Object) -> tuple[Term, ...]:
        return tuple(_term(term, meta["namespace"], labels, namespaces) for term in wanted.get(REQUIRED) or ())

    def preferences(wanted: Object, sign: int) -> list[Term]:
        return [
            _term(one["podAffinityTerm"], meta["namespace"], labels, namespaces, sign * one["weight"])
            for one in wanted.get(PREFERRED) or ()
        ]

    return PodInfo(
        key=key_of(pod),
        uid=meta["uid"],
        name=meta["name"],
        namespace=meta["namespace"],
        labels=labels,
        owner=controller_uid(pod),
        spec=spec,
        priority=spec.get("priority") or 0,
        created=meta.get("creationTimestamp") or "",
        requests=requests,
        scored=scored,
        ports=host_ports(containers),
        spreads=tuple(_spread(one, labels) for one in spec.get("topologySpreadConstraints") or ()),
        affinity=terms(together),
        anti_affinity=terms(apart),
        preferred=(*preferences(together, 1), *preferences(apart, -1)),
        tolerations=tuple(spec.get("tolerations") or ()),
        nominated=(pod.get("status") or {}).get("nominatedNodeName") or "",
        terminating=meta.get("deletionTimestamp") is not None,
    )


def _container(container: Object) -> Container:
    resources = container.get("resources") or {}
    limits, requests = _resources(resources.get("limits")), _resources(resources.get("requests"))
    ports = tuple(
        HostPort(port.get("hostIP") or "", port["hostPort"], port.get("protocol") or "TCP")
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )
    return Container(container["name"], {**limits, **requests}, limits, container.get("restartPolicy") or "", ports)


def _resources(quantities: Object | None) -> Resources:
    return {name: parse(amount) for name, amount in (quantities or {}).items()}


def _with_label_keys(selector: Object | None, keys: list[str], labels: Labels, operator: str) -> Object | None:
    added = [{"key": key, "operator": operator, "values": [labels[key]]} for key in keys if key in labels]
    if selector is None or not added:
        return selector
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *added]}


def _spread(one: Object, labels: Labels) -> Spread:
    return Spread(
        topology_key=one["topologyKey"],
        max_skew=one["maxSkew"],
        selector=_with_label_keys(one.get("labelSelector"), one.get("matchLabelKeys") or [], labels, "In"),
        hard=one.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule",
        min_domains=one.get("minDomains") or 1,
        honor_affinity=one.get("nodeAffinityPolicy", "Honor") == "Honor",
        honor_taints=one.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )


def _term(one: Object, own: str, labels: Labels, namespaces: dict[str, Labels], weight: int = 0) -> Term:
    """A term without namespaces and namespaceSelector looks at the pod's own; an empty namespaceSelector at all."""
    selector = _with_label_keys(one.get("labelSelector"), one.get("matchLabelKeys") or [], labels, "In")
    selector = _with_label_keys(selector, one.get("mismatchLabelKeys") or [], labels, "NotIn")
    names = set(one.get("namespaces") or ())
    by_label = one.get("namespaceSelector")
    looked_at: frozenset[str] | None
    if by_label is not None and not by_label.get("matchLabels") and not by_label.get("matchExpressions"):
        looked_at = None
    elif by_label is not None:
        names |= {name for name, its_labels in namespaces.items() if selects(by_label, its_labels)}
        looked_at = frozenset(names)
    else:
        looked_at = frozenset(names or {own})
    return Term(one["topologyKey"], selector, looked_at, weight)
