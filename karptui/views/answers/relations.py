"""What hangs together: from a pod to its node, NodeClaim, NodePool, NodeClass and decision, and back."""

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from karptui.model.metadata import condition
from karptui.model.quantity import human
from karptui.model.selectors import selects
from karptui.views.lists.decisions import decision_text
from karptui.views.lists.pdb import protected
from karptui.views.timelines.progress import stage_of, waiting
from karptui.views.wording import hourly, plural, short_zone
from karptui.world.world import World

MOST = 500
"""Pods or nodes that are listed of one thing."""


class Relation(Struct, frozen=True):
    """One thing beside another: `role` says how it stands to it, `text` what it is."""

    kind: str
    name: str
    relation: str
    text: str

    @property
    def key(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.name}"


def relations(world: World, kind: str, key: str, now: float) -> list[Relation]:
    """Everything beside it, nearest first; nothing twice, and not itself."""
    found: dict[str, Relation] = {}
    for entry in _of(world, kind, key, now):
        if (entry.kind, entry.name) != (kind, key):
            found.setdefault(entry.key, entry)
    return list(found.values())


def _of(world: World, kind: str, key: str, now: float) -> Iterator[Relation]:
    match kind:
        case "pod":
            yield from _of_pod(world, key)
        case "waiting":
            row = next((row for row in waiting(world, now) if row.key == key), None)
            for pod in row.pods[:MOST] if row is not None else ():
                yield Relation("pod", pod, "waits", "")
            if row is not None and row.claim:
                yield from _claim(world, row.claim, "waits for")
        case "node" if (node := world.of("nodes").get(key)) is not None:
            claim = world.claim_of_provider_id.get(node.provider_id, "")
            yield from _claim(world, claim, "made by")
            yield from _decision(world, world.decision_of_claim.get(claim, ""), "made for")
            yield from _pool(world, node.node_pool)
            yield from _pods_on(world, key)
        case "claim" if (claim := world.of("nodeclaims").get(key)) is not None:
            yield from _node(world, claim.node_name, "became")
            yield from _decision(world, world.decision_of_claim.get(key, ""), "made for")
            yield from _pool(world, claim.node_pool)
            yield from _pods_on(world, claim.node_name)
        case "pool" if (pool := world.of("nodepools").get(key)) is not None:
            yield from _class(world, pool.template.node_class.key)
            for claim in world.of("nodeclaims").values():
                if claim.node_pool == key:
                    yield from _claim(world, claim.key, "owns")
            for name in [name for name, node in world.of("nodes").items() if node.node_pool == key][:MOST]:
                yield from _node(world, name, "owns")
        case "class":
            for pool in world.of("nodepools").values():
                if pool.template.node_class.key == key:
                    yield from _pool(world, pool.key, "used by")
        case "pdb" if (budget := world.of("poddisruptionbudgets").get(key)) is not None:
            for pod in islice(protected(world, budget), MOST):
                yield Relation("pod", pod.key, "protects", _pod_text(world, pod.key))
        case "decision" if (decision := world.decisions.get(key)) is not None:
            yield from _claim(world, world.claim_of_decision.get(key, ""), "made")
            for name in decision.nodes:
                yield from _node(world, name, "about")
            for pod in decision.pods[:MOST]:
                yield Relation("pod", pod, "for", _pod_text(world, pod))
        case _:
            return


def _of_pod(world: World, key: str) -> Iterator[Relation]:
    pod, timeline = world.of("pods").get(key), world.pod_timelines.get(key)
    target = timeline.target if timeline is not None else ""
    node = world.of("nodes").get(pod.node_name) if pod is not None else None
    if node is not None:
        yield from _node(world, node.key, "runs on")
        yield from _claim(world, world.claim_of_provider_id.get(node.provider_id, ""), "made by")
    elif target in world.of("nodeclaims"):
        yield from _claim(world, target, "nominated to")
    else:
        yield from _node(world, target, "nominated to")
    yield from _decision(world, timeline.decision if timeline is not None else "", "placed by")
    yield from _pool(world, node.node_pool if node is not None else "")
    if pod is None:
        return
    owner = pod.metadata.controller()
    if owner is not None:
        yield Relation("", f"{pod.metadata.namespace}/{owner.name}", "owned by", owner.kind)
    for name, budget in world.of("poddisruptionbudgets").items():
        same = budget.metadata.namespace == pod.metadata.namespace
        if same and selects(budget.selector, pod.metadata.labels):
            words = f"allows {plural(budget.disruptions_allowed, 'eviction')} now"
            yield Relation("pdb", name, "protected by", words)


def _node(world: World, name: str, relation: str) -> Iterator[Relation]:
    node = world.of("nodes").get(name)
    if node is not None:
        entry = world.ledger.nodes.get(name)
        price = f" {hourly(entry.price)}" if entry is not None and entry.price is not None else ""
        words = f"{node.instance_type} {node.capacity_type} {short_zone(node.zone)}{price}"
        yield Relation("node", name, relation, words.strip())


def _claim(world: World, name: str, relation: str) -> Iterator[Relation]:
    claim = world.of("nodeclaims").get(name)
    if claim is not None:
        stage = stage_of(claim, world.claim_timelines.get(name)).name
        yield Relation("claim", name, relation, f"{claim.instance_type or 'no type yet'}, {stage}")


def _pool(world: World, name: str, relation: str = "belongs to") -> Iterator[Relation]:
    pool = world.of("nodepools").get(name)
    if pool is not None:
        yield Relation("pool", name, relation, f"weight {pool.weight}")
        if relation == "belongs to":
            yield from _class(world, pool.template.node_class.key)


def _class(world: World, key: str) -> Iterator[Relation]:
    found = world.of("nodeclasses").get(key)
    if found is not None:
        ready = condition(found.conditions, "Ready")
        yield Relation("class", key, "built from", f"Ready {ready.status}" if ready is not None else "")


def _decision(world: World, name: str, relation: str) -> Iterator[Relation]:
    decision = world.decisions.get(name)
    if decision is not None:
        yield Relation("decision", name, relation, decision_text(world, decision))


def _pods_on(world: World, node: str) -> Iterator[Relation]:
    for key, pod in islice(world.usage.on(node).items(), MOST):
        asked = " ".join(f"{human(value, name)} {name}" for name, value in pod.requests.items() if name != "pods")
        yield Relation("pod", key, "carries", asked or "asks for nothing")


def _pod_text(world: World, key: str) -> str:
    pod = world.of("pods").get(key)
    if pod is None:
        return "gone"
    return f"{pod.phase} on {pod.node_name.partition('.')[0]}" if pod.node_name else "waits"
