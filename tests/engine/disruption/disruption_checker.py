"""Checks a disruption against what may not happen, knowing nothing of how the engine came to it."""

import math
from collections import Counter

from msgspec.structs import replace

from karptui.model.decision import Plan
from karptui.model.disruption import Command, Disruption
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot
from tests.engine.checker import violations
from tests.engine.cluster import UNSCHEDULABLE

DO_NOT_DISRUPT = "karpenter.sh/do-not-disrupt"


def wrongs(cluster: Snapshot, answer: Disruption) -> list[str]:
    """Everything that is wrong with an answer; empty if nothing is. For clusters without pending pods."""
    found: list[str] = []
    for command in answer.commands:
        found += _protected(cluster, command) + _over_budget(cluster, command) + _dearer(cluster, command)
        found += violations(*_afterwards(cluster, command))
    unsaid = cluster.nodes.keys() - answer.held.keys() - {name for entry in answer.commands for name in entry.nodes}
    if not answer.commands:
        found += [f"nothing is said of {name}" for name in sorted(unsaid)]
    return found


def _on(cluster: Snapshot, name: str) -> list[Pod]:
    return [pod for pod in cluster.pods.values() if pod.node_name == name]


def _protected(cluster: Snapshot, command: Command) -> list[str]:
    found: list[str] = []
    for name in command.nodes:
        if cluster.nodes[name].metadata.annotations.get(DO_NOT_DISRUPT) == "true":
            found.append(f"{name} must not be disrupted")
        for pod in _on(cluster, name):
            if pod.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
                found.append(f"{pod.key} on {name} must not be disrupted")
            for budget in cluster.budgets.values():
                selector = budget.selector
                if selector is not None and selector.matches(pod.metadata.labels) and not budget.disruptions_allowed:
                    found.append(f"{budget.key} forbids to evict {pod.key}")
    return found


def _over_budget(cluster: Snapshot, command: Command) -> list[str]:
    found: list[str] = []
    taken = Counter(cluster.nodes[name].node_pool for name in command.nodes)
    for name, pool in cluster.node_pools.items():
        total = sum(node.node_pool == name for node in cluster.nodes.values())
        for budget in pool.budgets:
            share = budget.nodes.removesuffix("%")
            most = math.ceil(total * int(share) / 100) if share != budget.nodes else int(share)
            applies = budget.reasons is None or command.reason in budget.reasons
            if applies and taken[name] > most:
                found.append(f"{taken[name]} nodes of {name} go, its budgets allow {most}")
    return found


def _price(cluster: Snapshot, type_: str, zone: str, capacity_type: str) -> float:
    found = next(entry for entry in cluster.catalogue.types if entry.name == type_)
    return next(entry.price for entry in found.offerings if entry.zone == zone and entry.capacity_type == capacity_type)


def _dearer(cluster: Snapshot, command: Command) -> list[str]:
    before = 0.0
    for name in command.nodes:
        node = cluster.nodes[name]
        before += _price(cluster, node.instance_type, node.zone, node.capacity_type)
    found: list[str] = []
    if not math.isclose(before, command.price_before, abs_tol=1e-9):
        found.append(f"the nodes cost {before}, not {command.price_before}")
    if command.reason == "Drifted":
        return found
    if len(command.replacements) > 1:
        found.append("more than one replacement")
    for claim in command.replacements:
        kinds = next(spec.values for spec in claim.requirements if spec.key == "karpenter.sh/capacity-type")
        best = "spot" if "spot" in kinds else "on-demand"
        for type_ in claim.instance_types:
            entry = next(known for known in cluster.catalogue.types if known.name == type_)
            worst = max(offering.price for offering in entry.offerings if offering.capacity_type == best)
            if worst >= before:
                found.append(f"{type_} may cost {worst}, the nodes cost {before}")
    return found


def _afterwards(cluster: Snapshot, command: Command) -> tuple[Snapshot, Plan]:
    """The cluster as it would be with the nodes gone and their pods waiting, and the command as a plan for them."""
    nodes = {name: node for name, node in cluster.nodes.items() if name not in command.nodes}
    pods = {
        key: replace(pod, node_name="", conditions=UNSCHEDULABLE) if pod.node_name in command.nodes else pod
        for key, pod in cluster.pods.items()
    }
    placements, claims = dict(command.placements), command.replacements
    if command.reason == "Empty":
        pods = {key: pod for key, pod in pods.items() if pod.node_name}
    return replace(cluster, nodes=nodes, pods=pods), Plan(claims=claims, existing=placements)
