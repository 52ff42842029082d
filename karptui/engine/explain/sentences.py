"""One plain sentence for a reason."""

from collections.abc import Callable

from karptui.engine.provisioning.reasons import NO_TYPE
from karptui.model.decision import PodFailure, Reason, Refusal
from karptui.model.labels import NODEPOOL
from karptui.model.quantity import human


def failure_sentence(failure: PodFailure) -> str:
    """Why a pod was placed nowhere, as one line."""
    return "; ".join(failure_sentences(failure))


def failure_sentences(failure: PodFailure) -> list[str]:
    """The first obstacle in every NodePool, those first that came nearest to taking the pod; NodePools with the same
    one together."""
    pools: dict[str, list[str]] = {}
    for reason in sorted(failure.reasons, key=_distance):
        pools.setdefault(_TELLERS[reason.code](reason), []).append(reason.pool)
    return [failure.message] if failure.message else [_told_of(names, told) for told, names in pools.items()]


def _distance(reason: Reason) -> int:
    """How far a NodePool was from taking the pod: one at its limit is what somebody looks for, one that the pod never
    asked for is not."""
    if reason.code is Refusal.TAINT:
        return 2
    if reason.code not in (Refusal.REQUIREMENT, Refusal.LABEL_UNDEFINED) or reason.found == NO_TYPE:
        return 0
    return 3 if reason.key == NODEPOOL else 1


def _told_of(pools: list[str], told: str) -> str:
    """`pool general: its limit on nodes is reached`, `pools a, b and c: their limit on nodes is reached`."""
    named = [pool for pool in pools if pool]
    if len(named) < 2:
        return f"pool {named[0]}: {told}" if named else told
    words = f"their {told.removeprefix('its ')}" if told.startswith("its ") else told
    return f"pools {', '.join(named[:-1])} and {named[-1]}: {words}"


def sentence(reason: Reason) -> str:
    """A reason with its facts: `pool general: cpu 12.6 > 7.9`."""
    told = _TELLERS[reason.code](reason)
    return f"pool {reason.pool}: {told}" if reason.pool else told


def label_name(key: str) -> str:
    """The part of a label key that tells it apart."""
    return key.rpartition("/")[2]


def _values(allowed: str) -> tuple[str, str]:
    """The operator and the values, with commas, of `In [a b]`."""
    operator, _, rest = allowed.partition(" ")
    values = rest.replace("[", "").replace("]", "").split(" ")
    # A long list ends in `and 3 others`.
    more = f" {' '.join(values[-3:])}" if values[-1] == "others" else ""
    return operator, ", ".join(values[:-3] if more else values) + more


def wish(key: str, allowed: str) -> str:
    """What a requirement asks for, from its key and what it allows: `zone us-east-1a, us-east-1b`."""
    operator, values = _values(allowed)
    name = label_name(key)
    if operator == "In":
        return f"{name} {values}"
    if operator == "NotIn":
        return f"any {name} but {values}"
    if operator == "DoesNotExist":
        return f"no {name}"
    return f"{name} {values}" if values else f"any {name}"


def _requirement(reason: Reason) -> str:
    """`wanted` is what a pod (or a type) brings, `found` what the pool (or the claim) allows."""
    wanted, found = _values(reason.wanted), _values(reason.found)
    name = label_name(reason.key)
    if reason.found == NO_TYPE:
        return f"no instance type has {wish(reason.key, reason.wanted)}"
    if reason.key == NODEPOOL and wanted[0] == "In":
        return f"the pod asks for nodepool {wanted[1]}"
    if not reason.key:
        return "does not go with the other pods of the claim"
    if wanted[0] == "In" and found[0] == "In":
        return f"{name} {wanted[1]} is not among {found[1]}"
    if wanted[0] == "In" and found[0] == "NotIn":
        return f"{name} {wanted[1]} is excluded"
    if wanted[0] == "DoesNotExist":
        return f"it has no {name}, where {wish(reason.key, reason.found)} is asked for"
    return f"{wish(reason.key, reason.wanted)} does not go with {wish(reason.key, reason.found)}"


def _resources(reason: Reason) -> str:
    wanted = human(int(reason.wanted or 0), reason.key)
    found = human(int(reason.found or 0), reason.key)
    if int(reason.wanted or 0) > int(reason.found or 0):
        return f"{reason.key} {wanted} > {found}"
    return f"no type that suits otherwise has {reason.key} {wanted}"


def _topology(reason: Reason) -> str:
    counts = f" ({reason.found})" if reason.found else ""
    return f"{reason.wanted} leaves no {label_name(reason.key)}{counts}"


def _limit(reason: Reason) -> str:
    if not reason.key:
        return "its capacity is beyond the limits of the pool"
    left = int(reason.found or 0)
    if left <= 0:
        over = f", by {human(-left, reason.key)}" if left else ""
        return f"its limit of {reason.key} is {'exceeded' if left else 'used up'}{over}"
    return f"its limit leaves {human(left, reason.key)} {reason.key}, less than any type that suits has"


def _offered(reason: Reason) -> tuple[str, str]:
    """`on-demand or spot ` and ` in us-east-1a`, as far as the claim says so."""
    zones, kinds = _values(reason.wanted), _values(reason.found)
    where = f" in {zones[1].replace(', ', ' or ')}" if zones[0] == "In" else ""
    return (f"{kinds[1].replace(', ', ' or ')} " if kinds[0] == "In" else ""), where


def _no_offering(reason: Reason) -> str:
    kinds, where = _offered(reason)
    return f"no {kinds}offering{where}"


def _no_capacity(reason: Reason) -> str:
    kinds, where = _offered(reason)
    return f"no {kinds}capacity{where} now"


def _no_types(reason: Reason) -> str:
    if reason.pool:
        return "no instance type meets its own requirements"
    return "no NodePool has an instance type that meets its own requirements"


_TELLERS: dict[Refusal, Callable[[Reason], str]] = {
    Refusal.TAINT: lambda reason: f"taint {reason.found} is not tolerated",
    Refusal.LABEL_UNDEFINED: lambda reason: f"its nodes have no label {reason.key}",
    Refusal.REQUIREMENT: _requirement,
    Refusal.VOLUME: lambda reason: (
        f"a volume needs {wish(reason.key, reason.wanted)}, not {wish(reason.key, reason.found)}"
    ),
    Refusal.TOPOLOGY: _topology,
    Refusal.LIMIT_NODES: lambda reason: "its limit on nodes is reached",
    Refusal.LIMIT: _limit,
    Refusal.MIN_VALUES: lambda reason: (
        f"{reason.found} values of {label_name(reason.key)} are left, minValues asks for {reason.wanted}"
    ),
    Refusal.RESERVED: lambda reason: "reserved capacity that suits exists, but none of it is free",
    Refusal.NO_TYPES: _no_types,
    Refusal.NO_POOLS: lambda reason: "no NodePool is ready to make nodes",
    Refusal.RESOURCES: _resources,
    Refusal.NO_OFFERING: _no_offering,
    Refusal.NO_CAPACITY: _no_capacity,
    Refusal.HOST_PORT: lambda reason: "a host port is taken by a DaemonSet",
    Refusal.TRUNCATED: lambda reason: "cheaper types fill the list",
    Refusal.DEARER: lambda reason: "dearer",
    Refusal.DRA: lambda reason: "it has resource claims, which Karpenter is set to ignore",
    Refusal.CHOSEN: lambda reason: "chosen",
}
