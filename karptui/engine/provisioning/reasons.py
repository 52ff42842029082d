"""Why a NodePool does not take a pod, found only once it is certain that it does not (spec/scheduling.md 8.7)."""

from collections.abc import Mapping, Sequence

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.engine.provisioning.topology.groups import Group
from karptui.model.decision import Reason, Refusal
from karptui.model.labels import CAPACITY_TYPE, ZONE
from karptui.model.requirements import Conflict, Requirement
from karptui.model.taints import Taint

_SHOWN_DOMAINS = 25
NO_TYPE = "no instance type"
"""What is said to have been found where no type meets a requirement."""


def allowed(requirement: Requirement | None) -> str:
    """What a requirement allows, without its key: `In [a b]`."""
    return "" if requirement is None else str(requirement).partition(" ")[2]


def taint_reason(pool: str, taint: Taint) -> Reason:
    """The pod does not tolerate a taint of the template."""
    return Reason(Refusal.TAINT, pool, taint.key, "", taint.format())


def conflict_reason(pool: str, conflicts: Sequence[Conflict], code: Refusal = Refusal.REQUIREMENT) -> Reason:
    """The first label on which pod and claim disagree, or that the claim does not have."""
    conflict = conflicts[0]
    if conflict.kind == "undefined" and code is Refusal.REQUIREMENT:
        code = Refusal.LABEL_UNDEFINED
    return Reason(code, pool, conflict.key, allowed(conflict.incoming), allowed(conflict.existing))


def topology_reason(pool: str, group: Group) -> Reason:
    """A group left no domain; `wanted` is its kind, `found` its counts."""
    counts = group.hosts if group.per_host else group.counts
    named = sorted(
        (f"claim-{domain}" if isinstance(domain, int) else domain, count) for domain, count in counts.items()
    )
    shown = ", ".join(f"{domain}={count}" for domain, count in named[:_SHOWN_DOMAINS])
    return Reason(Refusal.TOPOLOGY, pool, group.key, str(group.kind), shown)


def type_reason(
    pool: str,
    catalogue: PreparedCatalogue,
    requirements: RequirementSet,
    eligible: int,
    amounts: Mapping[str, int],
) -> Reason:
    """Which test no instance type passed: requirements by key, then offerings, then resources."""
    left = eligible
    for entry in requirements.requirements.values():
        remaining = left & catalogue.matching(entry)
        if not remaining:
            return Reason(Refusal.REQUIREMENT, pool, entry.key, allowed(entry), NO_TYPE)
        left = remaining
    rows = catalogue.expand(left)
    fitting = rows & catalogue.allocatable.fits(amounts.items())
    if not fitting:
        return _shortage(pool, catalogue, rows, amounts)
    if not fitting & requirements.rows:
        zone, capacity = requirements.requirements.get(ZONE), requirements.requirements.get(CAPACITY_TYPE)
        offered = any(kind.types & catalogue.collapse(fitting) for kind in requirements.kinds)
        code = Refusal.NO_CAPACITY if offered else Refusal.NO_OFFERING
        if not rows & requirements.rows or offered:
            return Reason(code, pool, ZONE, allowed(zone), allowed(capacity))
        return _shortage(pool, catalogue, rows & requirements.rows, amounts)
    return Reason(Refusal.HOST_PORT, pool)


def _shortage(pool: str, catalogue: PreparedCatalogue, rows: int, amounts: Mapping[str, int]) -> Reason:
    """The resource of which even the largest type has too little, or of which the fewest types have enough."""
    worst, fewest = "", catalogue.allocatable.count + 1
    for name, amount in sorted(amounts.items()):
        enough = (rows & catalogue.allocatable.at_least(name, amount)).bit_count()
        if enough < fewest:
            worst, fewest = name, enough
    largest = catalogue.allocatable.maximum(worst, rows & catalogue.allocatable.usable)
    return Reason(Refusal.RESOURCES, pool, worst, str(amounts.get(worst, 0)), str(largest))
