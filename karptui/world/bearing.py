"""Which changes of an object bear on a plan or a survey: most in a busy cluster are a new version and nothing else."""

from typing import Any

from msgspec import Struct

from karptui.model.metadata import Conditions, Metadata
from karptui.model.pod import Pod, PodSpec

_UNREAD = frozenset({"resource_version", "generation", "containers_started"})
"""Fields that no engine reads; what a container does shows in the pod's phase and in its condition Ready."""

_READ_CONDITIONS = frozenset({"PodScheduled", "Ready"})
"""The conditions of a pod that an engine reads."""


def bears(before: Any, after: Any) -> bool:
    """Whether a plan may be another one after this change; `before` and `after` are None where there is no object."""
    if type(before) is not type(after) or not isinstance(before, Struct):
        return True
    for name in before.__struct_fields__:
        mine, theirs = getattr(before, name), getattr(after, name)
        if mine is theirs or name in _UNREAD or mine == theirs:
            continue
        if isinstance(mine, Metadata):
            if bears(mine, theirs):
                return True
        elif isinstance(mine, PodSpec):
            if mine.key != theirs.key:
                return True
        elif name != "conditions" or not isinstance(before, Pod) or _read(mine) != _read(theirs):
            return True
    return False


def _read(conditions: Conditions) -> Conditions:
    return tuple(entry for entry in conditions if entry.type in _READ_CONDITIONS)
