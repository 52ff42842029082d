"""One plain sentence for a reason."""

from collections.abc import Callable

from karptui.model.decision import PodFailure, Reason, Refusal
from karptui.model.quantity import human


def failure_sentence(failure: PodFailure) -> str:
    """Why a pod was placed nowhere: the first obstacle in every NodePool, in the order tried."""
    return failure.message or "; ".join(sentence(reason) for reason in failure.reasons)


def sentence(reason: Reason) -> str:
    """A reason with its facts: `pool general: cpu 12.6 > 7.9`."""
    told = _TELLERS[reason.code](reason)
    return f"pool {reason.pool}: {told}" if reason.pool else told


def _label(key: str) -> str:
    """The part of a label key that tells it apart."""
    return key.rpartition("/")[2]


def _values(allowed: str) -> tuple[str, str]:
    """The operator and the values, with commas, of `In [a b]`."""
    operator, _, rest = allowed.partition(" ")
    return operator, rest.replace("[", "").replace("]", "").replace(" ", ", ")


def _wish(key: str, allowed: str) -> str:
    operator, values = _values(allowed)
    name = _label(key)
    if operator == "In":
        return f"{name} {values}"
    if operator == "NotIn":
        return f"any {name} but {values}"
    if operator == "DoesNotExist":
        return f"no {name}"
    return f"{name} {values}" if values else f"any {name}"


def _requirement(reason: Reason) -> str:
    wanted, found = _values(reason.wanted), _values(reason.found)
    name = _label(reason.key)
    if reason.found == "no instance type":
        return f"no instance type has {_wish(reason.key, reason.wanted)}"
    if wanted[0] == "In" and found[0] == "In":
        return f"{name} {wanted[1]} is not among {found[1]}"
    return f"the pod asks for {_wish(reason.key, reason.wanted)}, but only {_wish(reason.key, reason.found)} is allowed"


def _resources(reason: Reason) -> str:
    wanted = human(int(reason.wanted or 0), reason.key)
    found = human(int(reason.found or 0), reason.key)
    if int(reason.wanted or 0) > int(reason.found or 0):
        return f"{reason.key} {wanted} > {found}"
    return f"{reason.key} {wanted} fits no type that also suits otherwise"


def _topology(reason: Reason) -> str:
    counts = f" ({reason.found})" if reason.found else ""
    return f"{reason.wanted} leaves no {_label(reason.key)}{counts}"


def _limit(reason: Reason) -> str:
    if not reason.key:
        return "every instance type would exceed its limits"
    return (
        f"its limit leaves {human(int(reason.found or 0), reason.key)} {reason.key}, less than any type that suits has"
    )


def _no_offering(reason: Reason) -> str:
    where = f" in {_values(reason.wanted)[1]}" if reason.wanted else ""
    how = f"{_values(reason.found)[1]} " if reason.found else ""
    return f"no {how}offering of a type that suits{where}"


_TELLERS: dict[Refusal, Callable[[Reason], str]] = {
    Refusal.TAINT: lambda reason: f"taint {reason.found} is not tolerated",
    Refusal.LABEL_UNDEFINED: lambda reason: f"its nodes have no label {reason.key}",
    Refusal.REQUIREMENT: _requirement,
    Refusal.VOLUME: lambda reason: (
        f"a volume needs {_wish(reason.key, reason.wanted)}, not {_wish(reason.key, reason.found)}"
    ),
    Refusal.TOPOLOGY: _topology,
    Refusal.LIMIT_NODES: lambda reason: "its limit on nodes is reached",
    Refusal.LIMIT: _limit,
    Refusal.MIN_VALUES: lambda reason: (
        f"{reason.found} values of {_label(reason.key)} are left, minValues asks for {reason.wanted}"
    ),
    Refusal.RESERVED: lambda reason: "reserved capacity that suits exists, but none of it is free",
    Refusal.NO_TYPES: lambda reason: "no NodePool has an instance type that meets its own requirements",
    Refusal.NO_POOLS: lambda reason: "no NodePool is ready to make nodes",
    Refusal.RESOURCES: _resources,
    Refusal.NO_OFFERING: _no_offering,
    Refusal.NO_CAPACITY: lambda reason: f"{_no_offering(reason)} is available now",
    Refusal.HOST_PORT: lambda reason: "a host port is taken by a DaemonSet",
    Refusal.TRUNCATED: lambda reason: "cheaper types fill the list",
    Refusal.DEARER: lambda reason: "dearer",
    Refusal.DRA: lambda reason: "it has resource claims, which Karpenter is set to ignore",
    Refusal.CHOSEN: lambda reason: "chosen",
}
