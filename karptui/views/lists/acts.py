"""What active mode is about to do, soonest first, and what of it a person holds."""

from datetime import datetime

from msgspec import Struct

from karptui.control.node.replaced_first import awaits_replacement, latest_drain
from karptui.engine.disruption import VALIDATION_SECONDS
from karptui.model.decision import Decision, DecisionKind
from karptui.model.labels import TERMINATION_TIMESTAMP
from karptui.model.node import NodeClaim
from karptui.views.lists.decided import undecided
from karptui.views.lists.decisions import decision_text
from karptui.views.timelines.story import short_instance
from karptui.views.wording import plural, short_node
from karptui.world.events import LAUNCHES
from karptui.world.world import World

EXPIRING_SECONDS = 600.0
"""How long before its end the expiry of a node is told."""

_VALIDATED = ("Empty", "Underutilized")


class ActRow(Struct, frozen=True):
    """One act. `due` is in seconds from now, None where nobody can say; `holds` are the names that holding it holds,
    none where it cannot be held; `nodes` are those it is about."""

    key: str
    text: str
    due: float | None
    holds: tuple[str, ...]
    held: bool
    nodes: tuple[str, ...] = ()


def acts(world: World, now: float) -> list[ActRow]:
    """The acts at `now` (epoch seconds); what is held and has no act in sight comes last, so that it can be let go."""
    held = frozenset(world.brakes.held) if world.brakes is not None else frozenset[str]()
    found = [*_launches(world, now), *_commands(world, now), *_going(world, now), *_expiring(world, now)]
    rows = [
        ActRow(f"{kind} {' '.join(nodes or holds)}", text, due, holds, bool(holds) and set(holds) <= held, nodes)
        for kind, text, due, holds, nodes in [*found, *_taken(world, now)]
    ]
    rows.sort(key=lambda row: (row.due is None, row.due or 0.0, row.key))
    told = {name for row in rows for name in row.holds}
    for name in sorted(held - told):
        what = "launches are held" if name == LAUNCHES else f"nothing is done to {short_node(name)}"
        rows.append(ActRow(f"held {name}", what, None, (name,), True, () if name == LAUNCHES else (name,)))
    return rows


_Act = tuple[str, str, float | None, tuple[str, ...], tuple[str, ...]]


def _launches(world: World, now: float) -> list[_Act]:
    preview = world.preview
    if preview is None or preview.closes is None or not (claims := undecided(world, now)):
        return []
    pods = sum(len(claim.pods) for claim in claims)
    text = f"launch {plural(len(claims), 'node')} for {plural(pods, 'pod')}"
    return [("launch", text, max(preview.closes - now, 0.0), (LAUNCHES,), ())]


def _commands(world: World, now: float) -> list[_Act]:
    """Commands of the disruption engine that wait to be looked at again."""
    found: list[_Act] = []
    for decision in reversed(world.decisions.values()):
        due = decision.at + VALIDATION_SECONDS - now
        if due <= 0:
            break
        if _waits(world, decision):
            found.append(("disrupt", decision_text(world, decision), due, decision.nodes, decision.nodes))
    return found


def _waits(world: World, decision: Decision) -> bool:
    removes = decision.kind in (DecisionKind.DELETE, DecisionKind.REPLACE) and decision.cause in _VALIDATED
    return removes and not any(name in world.going for name in decision.nodes)


def _going(world: World, now: float) -> list[_Act]:
    """Nodes that are drained, or wait for the one that replaces them."""
    found: list[_Act] = []
    for name, node in world.going.items():
        claim = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))
        if node.metadata.deleted is None:
            found.append(
                ("replace", f"delete {short_node(name)} once its replacement is ready", None, (name,), (name,))
            )
            continue
        pods = [pod for pod in world.usage.on(name).values() if not pod.terminal and not pod.daemon and not pod.mirror]
        left, latest = len(pods), latest_drain(claim, pods)
        if latest is not None and awaits_replacement(world, claim, pods, now):
            text = f"drain {short_node(name)} once its {plural(left, 'pod')} can go to a node that is ready"
            found.append(("drain", text, latest - now, (name,), (name,)))
            continue
        text = (
            f"drain {short_node(name)}: {plural(left, 'pod')} left"
            if left
            else f"end {short_node(name)}: it is drained"
        )
        found.append(("drain", text, _deadline(claim, now), (name,), (name,)))
    return found


def _deadline(claim: NodeClaim | None, now: float) -> float | None:
    """Seconds until the node goes whatever holds it."""
    try:
        text = claim.metadata.annotations.get(TERMINATION_TIMESTAMP) if claim is not None else None
        return max(datetime.fromisoformat(text).timestamp() - now, 0.0) if text else None
    except ValueError:
        return None


def _expiring(world: World, now: float) -> list[_Act]:
    found: list[_Act] = []
    for name, claim in world.of("nodeclaims").items():
        if claim.expire_after is None or claim.metadata.deleted is not None:
            continue
        due = claim.metadata.created + claim.expire_after - now
        node = claim.node_name or name
        if due < EXPIRING_SECONDS and node not in world.going:
            found.append(("expire", f"expire {short_node(node)}", max(due, 0.0), (node,), (node,)))
    return found


def _taken(world: World, now: float) -> list[_Act]:
    """Instances that EC2 takes whatever anybody holds."""
    found: list[_Act] = []
    for provider_id, name in world.claim_of_provider_id.items() if world.interruptions else ():
        instance = provider_id.rpartition("/")[2]
        event = world.interruptions.get(instance)
        if event is not None and event.deadline is not None and event.deadline > now:
            claim = world.of("nodeclaims").get(name)
            nodes = (claim.node_name,) if claim is not None and claim.node_name else ()
            found.append(
                (f"taken {instance}", f"EC2 takes {short_instance(instance)}", event.deadline - now, (), nodes)
            )
    return found


def acts_title(world: World) -> tuple[str, str]:
    """Who may write, for the title of the list, and its role."""
    lease = world.lease
    switched = "" if world.brakes is None or world.brakes.disruption else "DISRUPTION OFF, "
    if lease is None or not lease.holder:
        return f"{switched}nobody holds the lease", "warn"
    if lease.ours:
        return f"{switched}lease: this karptui", "warn" if switched else "dim"
    return f"{switched}lease: {lease.holder}", "warn"
