"""Taints and tolerations."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from karptui.model.labels import (
    CLOUD_UNINITIALIZED,
    DISRUPTED,
    NOT_READY,
    READINESS_PREFIX,
    UNREACHABLE,
    UNREGISTERED,
    parse_integer,
)

NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "PreferNoSchedule", "NoExecute"


class Taint(Struct, frozen=True, gc=False):
    """A taint; `effect` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    value: str = ""
    effect: str = ""

    def matches(self, other: "Taint") -> bool:
        """Whether both are the same taint to Kubernetes: key and effect, the value does not count."""
        return self.key == other.key and self.effect == other.effect

    def format(self) -> str:
        """`key=value:effect`, without the parts that are empty."""
        text = f"{self.key}={self.value}" if self.value else self.key
        if not self.effect:
            return f"{text}:" if self.value else text
        return f"{text}:{self.effect}"


class Toleration(Struct, frozen=True, gc=False):
    """A toleration; operator Equal (or empty), Exists, Lt or Gt; `seconds` (tolerationSeconds) does not affect fit."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    seconds: int | None = None

    def tolerates(self, taint: Taint) -> bool:
        """Whether it lets a pod onto a node with the taint (spec/scheduling.md 6.5)."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        if self.operator in ("", "Equal"):
            return self.value == taint.value
        if self.operator == "Exists":
            return True
        if self.operator in ("Lt", "Gt"):
            return _compares(self.operator, taint.value, self.value)
        return False


# Kubernetes wants the one way a person would write the integer: no plus, no leading zero.
_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def _compares(operator: str, taint_value: str, toleration_value: str) -> bool:
    if not _PLAIN_INTEGER.fullmatch(taint_value) or not _PLAIN_INTEGER.fullmatch(toleration_value):
        return False
    left, right = parse_integer(taint_value), parse_integer(toleration_value)
    if left is None or right is None:
        return False
    return left < right if operator == "Lt" else left > right


DISRUPTED_TAINT = Taint(DISRUPTED, "", NO_SCHEDULE)
UNREGISTERED_TAINT = Taint(UNREGISTERED, "", NO_EXECUTE)

_EPHEMERAL = frozenset(
    {
        (NOT_READY, NO_SCHEDULE),
        (NOT_READY, NO_EXECUTE),
        (UNREACHABLE, NO_SCHEDULE),
        (CLOUD_UNINITIALIZED, NO_SCHEDULE),
        (UNREGISTERED, NO_EXECUTE),
    }
)


def is_ephemeral(taint: Taint, readiness: bool = True) -> bool:
    """Whether the taint goes away by itself while a node starts (spec/scheduling.md 3.4).

    `readiness` counts those of the node readiness controller, as Karpenter does from 1.13.0 on.
    """
    return (taint.key, taint.effect) in _EPHEMERAL or (readiness and taint.key.startswith(READINESS_PREFIX))


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Whether any of the tolerations tolerates the taint."""
    for toleration in tolerations:  # noqa: SIM110  called for every pod and node
        if toleration.tolerates(taint):
            return True
    return False


def untolerated(taints: Iterable[Taint], tolerations: Sequence[Toleration]) -> list[Taint]:
    """The taints that keep the pod away, in their order; PreferNoSchedule keeps it away like the others."""
    return [taint for taint in taints if not tolerates(tolerations, taint)]


@lru_cache(maxsize=16_384)
def tolerates_all(tolerations: tuple[Toleration, ...], taints: tuple[Taint, ...]) -> bool:
    """Whether nothing is left untolerated; cached, as pods and nodes share a few combinations."""
    return not untolerated(taints, tolerations)
