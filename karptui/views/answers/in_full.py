"""What a detail tells of a pod, a node, a NodeClaim or a NodePool beyond why: figures, rules, conditions."""

from collections import Counter
from collections.abc import Mapping

from karptui.model.labels import CAPACITY_TYPE, DO_NOT_DISRUPT, HOSTNAME, INSTANCE_TYPE, NODEPOOL, ZONE
from karptui.model.metadata import Conditions
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import Budget, NodePool
from karptui.model.pod import Pod
from karptui.model.quantity import human
from karptui.model.selectors import selects
from karptui.views.extended import extended_of
from karptui.views.line import Line
from karptui.views.wording import clock_at, duration, percent, plural, short_capacity_type
from karptui.world.world import World

BAR = 20
"""Cells of a bar."""
MOST_TYPES = 8
"""Instance types of a NodePool that are named."""
SAID = frozenset({CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODEPOOL, ZONE})
"""Labels that stand in other words on the same screen."""
INDENT = 14


def pod_in_full(world: World, pod: Pod, now: float) -> list[Line]:
    """How it stands, whose it is, and what keeps Karpenter from moving it."""
    lines: list[Line] = [(), _named("phase", f"{pod.phase}, made {_made(pod.metadata.created, now)}")]
    owner = pod.metadata.controller()
    lines.append(_named("owned by", f"{owner.kind} {owner.name}" if owner is not None else "nobody"))
    if pod.priority:
        lines.append(_named("priority", f"{pod.priority:,} {pod.spec.priority_class_name}".rstrip()))
    for name, budget in world.of("poddisruptionbudgets").items():
        if budget.metadata.namespace == pod.metadata.namespace and selects(budget.selector, pod.metadata.labels):
            allowed = budget.disruptions_allowed
            words = f"PodDisruptionBudget {name}, which allows {plural(allowed, 'eviction')} now"
            lines.append(_named("protected by", words, "text" if allowed else "warn"))
    if pod.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
        lines.append(_named("annotated", f"{DO_NOT_DISRUPT}: its node stays", "warn"))
    return [*lines, *labels_in_full(pod.metadata.labels, frozenset())]


def node_in_full(world: World, node: Node, now: float) -> list[Line]:
    """Usage as bars, age and owners, conditions that are not as they should be."""
    claim = world.claim_of_provider_id.get(node.provider_id, "")
    lines: list[Line] = [(), _named("NodePool", node.node_pool or "none"), _named("NodeClaim", claim or "none")]
    lines.append(_named("up for", duration(max(now - node.metadata.created, 0.0))))
    asked, there = world.usage.requested.get(node.key, {}), node.allocatable
    lines += [_share(name, asked.get(name, 0), there.get(name, 0)) for name in ("cpu", "memory")]
    lines += [_share(name, asked.get(name, 0), there[name]) for name in extended_of(there)]
    pods = len(world.usage.on(node.key))
    if most := there.get("pods", 0):
        lines.append(_bar("pods", pods / (most / 1e9), f"{pods} of {human(most, 'pods')}"))
    wrong = [entry for entry in node.conditions if (entry.status == "True") != (entry.type == "Ready")]
    lines += [_named(entry.type, f"{entry.status} {entry.message or entry.reason}".strip(), "warn") for entry in wrong]
    return [*lines, ()]


def labels_in_full(labels: Mapping[str, str], said: frozenset[str] = SAID) -> list[Line]:
    """Those that stand in no other words on the same screen."""
    own = {name: value for name, value in labels.items() if name not in said}
    lines: list[Line] = [
        ((f"{'label' if not place else '':<{INDENT}}", "dim"), (name, "text"), (f" = {value}", "dim"))
        for place, (name, value) in enumerate(sorted(own.items()))
    ]
    return [(), *lines] if lines else []


def claim_in_full(world: World, claim: NodeClaim, now: float) -> list[Line]:
    """Where it belongs, what was asked for, and each condition with the time it came."""
    lines: list[Line] = [(), _named("NodePool", claim.node_pool or "none"), _named("NodeClass", claim.node_class.name)]
    lines.append(_named("node", claim.node_name or "not yet"))
    lines.append(_named("made", _made(claim.metadata.created, now)))
    asked = " ".join(f"{human(value, name)} {name}" for name, value in claim.requests.items())
    if asked:
        lines.append(_named("asked for", asked))
    lines += _requirements(claim)
    return [*lines, (), *_conditions(claim.conditions, claim.metadata.created, now)]


def pool_in_full(world: World, pool: NodePool) -> list[Line]:
    """How nodes may go, what is used of the limits, and which nodes it has."""
    after = "Never" if pool.consolidate_after is None else duration(pool.consolidate_after)
    lines: list[Line] = [(), _named("consolidation", f"{pool.consolidation_policy}, after {after}")]
    expires = pool.template.expire_after
    lines.append(_named("expires", "Never" if expires is None else f"after {duration(expires)}"))
    lines += [_named("budget", _budget(budget)) for budget in pool.budgets]
    nodes = [node for node in world.of("nodes").values() if node.node_pool == pool.key]
    for name, most in (pool.limits or {}).items():
        # As the Overview counts: status.resources of the NodePool comes seconds later.
        used = len(nodes) * 10**9 if name == "nodes" else sum(node.capacity.get(name, 0) for node in nodes)
        lines.append(_share(f"limit {name}", used, most))
    held = Counter(f"{node.instance_type} {short_capacity_type(node.capacity_type)}".strip() for node in nodes)
    lines += [
        _bar("nodes" if not place else "", count / len(nodes), f"{count:,} {name}")
        for place, (name, count) in enumerate(held.most_common(MOST_TYPES))
    ]
    if len(held) > MOST_TYPES:
        lines.append(((f"{'':{INDENT}}and {plural(len(held) - MOST_TYPES, 'other kind')}", "dim"),))
    return [*lines, ()]


def _made(at: float, now: float) -> str:
    return f"{clock_at(at, now)}, {duration(max(now - at, 0.0))} ago"


def _named(name: str, words: str, role: str = "text") -> Line:
    return ((f"{name:<{INDENT}}", "dim"), (words, role))


def _share(name: str, used: int, there: int) -> Line:
    """A resource that is asked for, of what is there."""
    resource = name.rpartition(" ")[2]
    free = human(max(there - used, 0), resource)
    return _bar(
        name, used / there if there else 0.0, f"{human(used, resource)} of {human(there, resource)}, {free} free"
    )


def _bar(name: str, share: float, words: str) -> Line:
    full = min(max(round(share * BAR), 1 if share > 0 else 0), BAR)
    return (
        (f"{name:<{INDENT}}", "dim"),
        ("█" * full, "bar"),
        ("░" * (BAR - full), "bar_free"),
        (f" {percent(share):>4}  ", "text"),
        (words, "dim"),
    )


def _requirements(claim: NodeClaim) -> list[Line]:
    return [
        _named("requires" if not place else "", f"{entry.key} {entry.operator} {_values(entry.values)}".rstrip())
        for place, entry in enumerate(claim.requirements)
    ]


def _values(values: tuple[str, ...], most: int = 6) -> str:
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return " ".join(values[:most]) + more


def _conditions(conditions: Conditions, created: float, now: float) -> list[Line]:
    lines: list[Line] = []
    for entry in sorted(conditions, key=lambda entry: entry.changed):
        role = {"True": "ok", "False": "warn"}.get(entry.status, "dim")
        after = f"  {clock_at(entry.changed, now)}, {duration(max(entry.changed - created, 0.0))} after it was made"
        message = entry.message if entry.message != entry.type else ""
        words = f"  {message}" if message and entry.status != "True" else ""
        lines.append(
            (
                (f"{entry.type:<24}", "text"),
                (f"{entry.status:<8}", role),
                (after if entry.changed else "", "dim"),
                (words, "dim"),
            )
        )
    return lines


def _budget(budget: Budget) -> str:
    reasons = f" for {', '.join(budget.reasons)}" if budget.reasons else ""
    when = f", from {budget.schedule}" if budget.schedule else ""
    lasts = f" for {duration(budget.duration)}" if budget.duration is not None else ""
    return f"{budget.nodes} of its nodes{reasons}{when}{lasts}"
