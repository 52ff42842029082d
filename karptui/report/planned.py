"""A Plan as text: each decision with its reason in a sentence, on request type by type."""

from typing import Any

from msgspec.structs import replace

from karptui.model.decision import Decision, Plan
from karptui.model.snapshot import Snapshot
from karptui.report.status import columns
from karptui.views.line import plain
from karptui.views.lists.decisions import CandidateRow, DecisionView, comparison_text, decision_view
from karptui.views.wording import amount, hourly, overlay_lines, plural, short_capacity_type, short_zone
from karptui.world import events
from karptui.world.planning import decisions_of
from karptui.world.world import World

SHOWN_TYPES = 12


def planned_text(snapshot: Snapshot, plan: Plan, reasons: bool = False) -> str:
    """The whole answer; with `reasons` also the funnel and the instance types that were looked at."""
    if plan.deferred:
        return f"nothing is decided yet: {plan.deferred}"
    world = world_of(snapshot)
    decisions = [
        replace(decision, id=f"D-{number:05d}") for number, decision in enumerate(decisions_of(plan, snapshot, 0.0), 1)
    ]
    parts = [_summary(plan, decisions)]
    for decision in decisions:
        world.apply(events.DecisionMade(snapshot.now, decision))
        parts.append(_decision(decision_view(world, decision, snapshot.now), reasons))
    if plan.compared is not None:
        parts.append(f"by policy: {comparison_text(plan.compared)}")
    parts += [f"{pod} is ignored: {message}" for pod, message in plan.ignored.items()]
    parts += [
        f"{pod.key} is not planned for: it waits for its scheduling gate {', '.join(pod.spec.scheduling_gates)}"
        for pod in snapshot.pods.values()
        if pod.spec.scheduling_gates and not pod.node_name
    ]
    parts += [f"not modelled: {what}" for what in plan.not_modelled]
    parts += overlay_lines(plan.overlays)
    source = snapshot.catalogue.source or "nowhere"
    synthetic = ", spot prices synthetic" if snapshot.catalogue.spot_synthetic else ""
    parts.append(f"prices: {source}{synthetic}; {plural(len(snapshot.catalogue.types), 'instance type')}")
    return "\n\n".join(parts)


def _summary(plan: Plan, decisions: list[Decision]) -> str:
    placed = sum(len(claim.pods) for claim in plan.claims)
    cost = sum(claim.price for claim in plan.claims)
    words = []
    if plan.claims:
        words.append(f"{plural(len(plan.claims), 'new node')} for {plural(placed, 'pod')}, {hourly(cost)}")
    if plan.existing:
        count = sum(len(pods) for pods in plan.existing.values())
        words.append(f"{plural(count, 'pod')} on {plural(len(plan.existing), 'node')} that are there")
    if plan.errors:
        words.append(f"{plural(len(plan.errors), 'pod')} {'fits' if len(plan.errors) == 1 else 'fit'} nowhere")
    return "; ".join(words) or ("nothing to decide" if not decisions else "")


def _decision(view: DecisionView, reasons: bool) -> str:
    lines = [view.title]
    if view.sentence and view.sentence not in view.title:
        lines.append(f"  {view.sentence}")
    lines += [f"  {fact}" for line in view.facts if (fact := plain(line)) not in view.title]
    if reasons:
        lines += [f"  {row.remaining:>6,} types left  {row.text}" for row in view.funnel]
        lines += ["  " + line for line in columns([_cells(row) for row in view.candidates[:SHOWN_TYPES]])]
        if len(view.candidates) > SHOWN_TYPES:
            lines.append(f"    and {len(view.candidates) - SHOWN_TYPES:,} more")
    return "\n".join(lines)


def _cells(row: CandidateRow) -> list[str]:
    price = f"${amount(row.price)}/h" if row.price < float("inf") else ""
    offer = f"{short_capacity_type(row.capacity_type)} {short_zone(row.zone)}".strip()
    return [row.instance_type, offer, price, row.use, row.verdict]


def world_of(snapshot: Snapshot) -> World:
    """A World that holds what a Snapshot holds, for views that read a World."""
    world = World(snapshot.options)
    world.apply(events.CatalogueSeen(snapshot.now, snapshot.catalogue))
    held: dict[str, dict[str, Any]] = {
        "nodepools": snapshot.node_pools,
        "nodeclasses": snapshot.node_classes,
        "nodeoverlays": snapshot.node_overlays,
        "nodeclaims": snapshot.node_claims,
        "nodes": snapshot.nodes,
        "namespaces": snapshot.namespaces,
        "priorityclasses": snapshot.priority_classes,
        "daemonsets": snapshot.daemon_sets,
        "replicasets": snapshot.workloads,
        "poddisruptionbudgets": snapshot.budgets,
        "persistentvolumeclaims": snapshot.volume_claims,
        "persistentvolumes": snapshot.volumes,
        "storageclasses": snapshot.storage_classes,
        "csinodes": snapshot.csi_nodes,
        "pods": snapshot.pods,
    }
    for resource, objects in held.items():
        for entry in objects.values():
            world.apply(events.ObjectSeen(snapshot.now, resource, events.Change.ADDED, entry))
    return world
