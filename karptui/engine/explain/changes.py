"""Single changes to a pod or a NodePool that might give the pod a place, and which of them a failure suggests."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.provisioning.classes import pod_requirements
from karptui.engine.provisioning.requirement_sets import is_readable
from karptui.model.affinity import NodeSelectorTerm
from karptui.model.decision import PodFailure, Reason, Refusal
from karptui.model.labels import AWS_NORMALIZED, IN, NODEPOOL
from karptui.model.node import RequirementSpec
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod, PodSpec
from karptui.model.pod_requests import PODS
from karptui.model.quantity import NANO, is_binary_resource
from karptui.model.requirements import from_specs
from karptui.model.taints import Toleration, untolerated

MEBI = 2**20 * NANO
_TYPE_REASONS = frozenset({Refusal.RESOURCES, Refusal.NO_OFFERING, Refusal.NO_CAPACITY, Refusal.REQUIREMENT})


class ChangeKind(StrEnum):
    """What is changed; the first ones at the pod, the others at a NodePool."""

    DROP_SELECTOR = "drop-selector"
    DROP_AFFINITY = "drop-affinity"
    TOLERATE = "tolerate"
    LOWER_REQUEST = "lower-request"
    DROP_SPREAD = "drop-spread"
    DROP_POD_AFFINITY = "drop-pod-affinity"
    DROP_POD_ANTI_AFFINITY = "drop-pod-anti-affinity"
    DROP_HOST_PORTS = "drop-host-ports"
    WIDEN_POOL = "widen-pool"
    OPEN_POOL = "open-pool"
    LABEL_POOL = "label-pool"
    RAISE_LIMIT = "raise-limit"
    LIFT_LIMITS = "lift-limits"
    LOWER_MIN_VALUES = "lower-min-values"


AT_POOL = frozenset(kind for kind in ChangeKind if kind.value.endswith(("-pool", "-limit", "-limits", "-values")))
"""Changes to a NodePool."""

TENTATIVE = frozenset({ChangeKind.OPEN_POOL, ChangeKind.LIFT_LIMITS})
"""Changes that are larger than needed: made only to learn from their result which smaller one would do."""


class Change(Struct, frozen=True, gc=False):
    """One change. `key` is a label key, a resource or a topology key; `amount` is in nano-units; `pool` a NodePool."""

    kind: ChangeKind
    key: str = ""
    values: tuple[str, ...] = ()
    amount: int = 0
    before: int = 0
    pool: str = ""


# --- which changes a failure suggests ---------------------------------------------------------------------------------


def suggested(pod: Pod, pools: Mapping[str, NodePool], failure: PodFailure) -> Iterator[Change]:
    """Changes that go against something that stood in the way, those at the pod first."""
    spec = pod.spec
    codes = {reason.code for reason in failure.reasons}
    for key, value in sorted(spec.node_selector.items()):
        yield Change(ChangeKind.DROP_SELECTOR, key, (value,))
    for key in sorted({key for term in spec.required_node_terms for key, _, _ in term.expressions}):
        yield Change(ChangeKind.DROP_AFFINITY, key)
    if Refusal.TOPOLOGY in codes:
        for kind, keys in _topology_keys(spec):
            for key in keys:
                yield Change(kind, key)
    if Refusal.HOST_PORT in codes:
        yield Change(ChangeKind.DROP_HOST_PORTS)
    seen: set[Change] = set()
    for reason in failure.reasons:
        pool = pools.get(reason.pool)
        if pool is None:
            continue
        for change in _against(reason, pod, pool):
            if change not in seen:
                seen.add(change)
                yield change


def _topology_keys(spec: PodSpec) -> list[tuple[ChangeKind, list[str]]]:
    spread = [entry.topology_key for entry in spec.topology_spread if entry.when_unsatisfiable == "DoNotSchedule"]
    return [
        (ChangeKind.DROP_SPREAD, list(dict.fromkeys(spread))),
        (ChangeKind.DROP_POD_AFFINITY, list(dict.fromkeys(term.topology_key for term in spec.affinity))),
        (ChangeKind.DROP_POD_ANTI_AFFINITY, list(dict.fromkeys(term.topology_key for term in spec.anti_affinity))),
    ]


def _against(reason: Reason, pod: Pod, pool: NodePool) -> Iterator[Change]:
    code, name = reason.code, pool.key
    if code is Refusal.TAINT:
        taints = untolerated(pool.template.taints, pod.spec.tolerations)
        yield Change(ChangeKind.TOLERATE, name, tuple(taint.format() for taint in taints))
    elif code in (Refusal.LIMIT, Refusal.LIMIT_NODES):
        yield Change(ChangeKind.LIFT_LIMITS, reason.key, pool=name)
    elif code is Refusal.MIN_VALUES:
        yield Change(ChangeKind.LOWER_MIN_VALUES, reason.key, (), int(reason.found or 0), int(reason.wanted or 0), name)
    elif code in (Refusal.REQUIREMENT, Refusal.LABEL_UNDEFINED):
        wanted = pod_requirements(pod.spec, preferences=False).get(reason.key)
        if wanted is not None and wanted.values and not wanted.complement and reason.key != NODEPOOL:
            kind = ChangeKind.LABEL_POOL if code is Refusal.LABEL_UNDEFINED else ChangeKind.WIDEN_POOL
            yield Change(kind, reason.key, tuple(sorted(wanted.values)), pool=name)
    if code is Refusal.RESOURCES:
        yield from _smaller(reason, pod)
    if code in _TYPE_REASONS:
        for entry in pool.template.requirements:
            if entry.operator != "Exists":
                yield Change(ChangeKind.OPEN_POOL, _normal(entry.key), pool=name)


def _smaller(reason: Reason, pod: Pod) -> Iterator[Change]:
    """The request that the largest type would still hold; what DaemonSets take stays."""
    own = pod.requests.get(reason.key, 0)
    left = own - (int(reason.wanted or 0) - int(reason.found or 0))
    step = MEBI if is_binary_resource(reason.key) else NANO // 100 if reason.key == "cpu" else NANO
    left = left // step * step
    if 0 < left < own and reason.key != PODS:
        yield Change(ChangeKind.LOWER_REQUEST, reason.key, (), left, own)


# --- making a change --------------------------------------------------------------------------------------------------


def changed_pod(pod: Pod, change: Change, pools: Mapping[str, NodePool]) -> Pod:
    """The pod with a change at it; the pod itself where the change is at a NodePool."""
    if change.kind in AT_POOL:
        return pod
    spec = _changed_spec(pod.spec, change, pools)
    # Specs with one fingerprint are taken to be equal.
    spec = replace(spec, key=b"%b %b" % (pod.spec.key, repr(change).encode()))
    return replace(pod, spec=spec, requests=_changed_requests(pod.requests, change))


def _changed_requests(requests: dict[str, int], change: Change) -> dict[str, int]:
    return {**requests, change.key: change.amount} if change.kind is ChangeKind.LOWER_REQUEST else requests


def _changed_spec(spec: PodSpec, change: Change, pools: Mapping[str, NodePool]) -> PodSpec:
    key = change.key
    match change.kind:
        case ChangeKind.DROP_SELECTOR:
            return replace(spec, node_selector={k: v for k, v in spec.node_selector.items() if k != key})
        case ChangeKind.DROP_AFFINITY:
            left = [tuple(entry for entry in term.expressions if entry[0] != key) for term in spec.required_node_terms]
            terms = tuple(NodeSelectorTerm(expressions) for expressions in left if expressions)
            # A term that asks for nothing more is satisfied everywhere, and so are all of them together.
            return replace(spec, required_node_terms=terms if all(left) else ())
        case ChangeKind.TOLERATE:
            taints = untolerated(pools[key].template.taints, spec.tolerations)
            more = tuple(Toleration(taint.key, "Equal", taint.value, taint.effect) for taint in taints)
            return replace(spec, tolerations=(*spec.tolerations, *more))
        case ChangeKind.LOWER_REQUEST:
            return replace(spec, requests=_changed_requests(spec.requests, change))
        case ChangeKind.DROP_SPREAD:
            kept = tuple(entry for entry in spec.topology_spread if entry.topology_key != key)
            return replace(spec, topology_spread=kept)
        case ChangeKind.DROP_POD_AFFINITY:
            return replace(spec, affinity=tuple(term for term in spec.affinity if term.topology_key != key))
        case ChangeKind.DROP_POD_ANTI_AFFINITY:
            kept_terms = tuple(term for term in spec.anti_affinity if term.topology_key != key)
            return replace(spec, anti_affinity=kept_terms)
        case ChangeKind.DROP_HOST_PORTS:
            return replace(spec, host_ports=())
        case _:
            return spec


def changed_pool(pool: NodePool, change: Change) -> NodePool:
    """The NodePool with a change at it."""
    template, key = pool.template, change.key
    match change.kind:
        case ChangeKind.WIDEN_POOL:
            kept = tuple(entry for entry in template.requirements if _normal(entry.key) != key)
            own = [entry for entry in template.requirements if _normal(entry.key) == key]
            before = from_specs(entry for entry in own if is_readable(entry.operator, entry.values)).get(key)
            values = set(change.values)
            if before is not None and not before.complement:
                values |= before.values
            least = before.min_values if before is not None else None
            widened = (*kept, RequirementSpec(key, IN, tuple(sorted(values)), least))
            labels = {name: value for name, value in template.labels.items() if name != key}
            return replace(pool, template=replace(template, requirements=widened, labels=labels))
        case ChangeKind.OPEN_POOL:
            kept = tuple(entry for entry in template.requirements if _normal(entry.key) != key)
            return replace(pool, template=replace(template, requirements=kept))
        case ChangeKind.LABEL_POOL:
            labels = {**template.labels, key: change.values[0]}
            return replace(pool, template=replace(template, labels=labels))
        case ChangeKind.RAISE_LIMIT:
            return replace(pool, limits={**(pool.limits or {}), key: change.amount})
        case ChangeKind.LIFT_LIMITS:
            return replace(pool, limits=None)
        case ChangeKind.LOWER_MIN_VALUES:
            lowered = tuple(
                replace(entry, min_values=change.amount or None) if entry.key == key else entry
                for entry in template.requirements
            )
            return replace(pool, template=replace(template, requirements=lowered))
        case _:
            return pool


def distinct(changes: Sequence[Change]) -> bool:
    """Whether changes made together are about different things."""
    return len({(change.kind, change.key, change.pool) for change in changes}) == len(changes)


def _normal(key: str) -> str:
    return AWS_NORMALIZED.get(key, key)
