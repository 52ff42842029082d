"""Status conditions as Karpenter keeps them (spec/lifecycle.md 0.2): set one, and the root Ready follows."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from karptui.kube.timestamps import rfc3339
from karptui.model.metadata import Condition, Conditions
from karptui.model.nodepool import NodePool

NODE_CLAIM_DEPENDENTS = ("Launched", "Registered", "Initialized")
NODE_POOL_DEPENDENTS = ("ValidationSucceeded", "NodeClassReady")
ROOT = "Ready"


class Said(Struct, frozen=True):
    """What a condition is to say."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


def with_condition(
    conditions: Conditions,
    type_: str,
    status: str,
    *,
    now: float,
    created: float,
    generation: int,
    dependents: Sequence[str],
    reason: str = "",
    message: str = "",
) -> Conditions:
    """The conditions with one of them set, every dependent present, and Ready worked out anew.

    A condition set True has its own name as reason. One that keeps its status keeps its transition time; a dependent
    that was never set is Unknown since `created`.
    """
    entries = {entry.type: entry for entry in conditions}
    for name in (*dependents, ROOT):
        entries.setdefault(
            name, Condition(name, "Unknown", "AwaitingReconciliation", "object is awaiting reconciliation", created)
        )
    before = entries.get(type_)
    changed = before.changed if before is not None and before.status == status else now
    entries[type_] = Condition(
        type_, status, reason or (type_ if status == "True" else ""), message, changed, generation
    )
    entries[ROOT] = _root(entries, dependents, now, generation)
    return tuple(entries.values())


def without_condition(conditions: Conditions, type_: str) -> Conditions:
    """The conditions with an independent one removed."""
    return tuple(entry for entry in conditions if entry.type != type_)


def _root(entries: dict[str, Condition], dependents: Sequence[str], now: float, generation: int) -> Condition:
    unhappy = [entries[name] for name in dependents if entries[name].status != "True"]
    failed = any(entry.status == "False" for entry in unhappy)
    status = "True" if not unhappy else "False" if failed else "Unknown"
    reason = {"True": ROOT, "False": "UnhealthyDependents", "Unknown": "ReconcilingDependents"}[status]
    message = ", ".join(f"{entry.type}={entry.status}" for entry in unhappy)
    before = entries[ROOT]
    return Condition(ROOT, status, reason, message, before.changed if before.status == status else now, generation)


def with_pool_condition(
    pool: NodePool, conditions: Conditions, type_: str, verdict: tuple[str, str, str], now: float
) -> Conditions:
    """A NodePool's conditions with one set to a verdict: its status, reason and message."""
    status, reason, message = verdict
    return with_condition(
        conditions,
        type_,
        status,
        now=now,
        created=pool.metadata.created,
        generation=pool.metadata.generation,
        dependents=NODE_POOL_DEPENDENTS,
        reason=reason,
        message=message,
    )


def written(conditions: Conditions) -> list[dict[str, Any]]:
    """As the API has them."""
    return [
        {
            "type": entry.type,
            "status": entry.status,
            "reason": entry.reason or entry.type,
            "message": entry.message,
            "lastTransitionTime": rfc3339(entry.changed),
            "observedGeneration": entry.observed_generation,
        }
        for entry in conditions
    ]
