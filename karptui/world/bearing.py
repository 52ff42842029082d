"""Which changes of an object bear on a plan or a survey: most in a busy cluster are a new version and nothing else."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from msgspec import Struct

from karptui.model.metadata import Conditions, Metadata
from karptui.model.pod import Pod, PodSpec

_UNREAD = frozenset({"resource_version", "generation", "containers_started", "changed"})
"""Fields that no engine reads; what a container does shows in the pod's phase and in its condition Ready."""

_READ_CONDITIONS = frozenset({"PodScheduled", "Ready"})
"""The conditions of a pod that an engine reads."""


def bears(before: Any, after: Any) -> bool:
    """Whether a plan may be another one after this change; `before` and `after` are None where there is no object."""
    kind = type(before)
    if kind is not type(after) or not isinstance(before, Struct):
        return True
    names, read = _fields(kind)
    mine, theirs = read(before), read(after)
    # Nearly always nothing differs, and all at once are compared several times faster than one by one.
    return mine != theirs and any(map(_differs, (kind,) * len(names), names, mine, theirs))


def _differs(kind: type[Struct], name: str, mine: Any, theirs: Any) -> bool:
    if isinstance(mine, PodSpec):
        return mine.key != theirs.key
    if name == "conditions" and kind is Pod:
        return _read(mine) != _read(theirs)
    return mine != theirs


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """Names of all that an engine may read of objects of a kind, and what gets them."""
    names: list[str] = []
    for name in kind.__struct_fields__:
        if name == "metadata":
            names += (f"metadata.{part}" for part in Metadata.__struct_fields__ if part not in _UNREAD)
        elif name not in _UNREAD:
            names.append(name)
    return tuple(names), attrgetter(*names)


def _read(conditions: Conditions) -> Conditions:
    return tuple(entry for entry in conditions if entry.type in _READ_CONDITIONS)
