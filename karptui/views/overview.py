"""What the Overview shows (W1): pools, pending by what they wait for, in flight, nodes, decisions."""

import math
from itertools import islice

from msgspec import Struct

from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodePool
from karptui.views.decisions import DecisionRow, decision_row
from karptui.views.progress import Waiting, created_at, stage_of, waiting
from karptui.views.wording import hourly, plural, short_capacity_type
from karptui.world.world import World


class PoolRow(Struct, frozen=True):
    """One NodePool. Shares are 0 to 1; `limit` the fullest limit's share, None without limits."""

    key: str
    nodes: int
    cpu: float
    memory: float
    limit: float | None
    hourly: float
    budget: str
    ready: bool


class ClaimRow(Struct, frozen=True):
    """One NodeClaim on its way in or out; `age` in seconds."""

    key: str
    instance_type: str
    capacity_type: str
    zone: str
    stage: str
    role: str
    age: float
    pods: int


class NodeRow(Struct, frozen=True):
    """One node; `price` None: unpriced. `note` is one word, `role` how it is meant."""

    key: str
    instance_type: str
    capacity_type: str
    zone: str
    cpu: float
    memory: float
    pods: int
    price: float | None
    note: str
    role: str


class Overview(Struct, frozen=True):
    """All of it."""

    pools: list[PoolRow]
    waiting: list[Waiting]
    in_flight: list[ClaimRow]
    nodes: list[NodeRow]
    decisions: list[DecisionRow]
    sentence: str


def overview(world: World, now: float) -> Overview:
    """The Overview at `now` (epoch seconds)."""
    pending = waiting(world, now)
    decisions = [decision_row(world, decision) for decision in reversed(list(world.decisions.values())[-200:])]
    return Overview(
        pools=pools(world),
        waiting=pending,
        in_flight=in_flight(world, pending, now),
        nodes=nodes(world),
        decisions=decisions,
        sentence=sentence(world, pending, decisions),
    )


def pools(world: World) -> list[PoolRow]:
    """NodePools in the order Karpenter asks them, then nodes that belong to none as "(no pool)"."""
    prices = world.ledger.by_pool()
    members: dict[str, list[Node]] = {}
    for node in world.of("nodes").values():
        members.setdefault(node.node_pool, []).append(node)
    rows = []
    for pool in sorted(world.of("nodepools").values(), key=lambda pool: (pool.weight, pool.key), reverse=True):
        own = members.pop(pool.key, [])
        rows.append(_pool_row(world, pool, own, prices.get(pool.key, 0.0)))
    loose = [node for group in members.values() for node in group]
    if loose:
        cpu, memory = _shares(world, loose)
        price = sum(prices.get(name, 0.0) for name in members)
        rows.append(PoolRow("(no pool)", len(loose), cpu, memory, None, price, "not Karpenter's", True))
    return rows


def _pool_row(world: World, pool: NodePool, own: list[Node], price: float) -> PoolRow:
    cpu, memory = _shares(world, own)
    limit = None
    if pool.limits:
        used = {"nodes": len(own) * 10**9}
        for node in own:
            for name, amount in node.capacity.items():
                used[name] = used.get(name, 0) + amount
        limit = max((used.get(name, 0) / most if most else 1.0) for name, most in pool.limits.items())
    return PoolRow(pool.key, len(own), cpu, memory, limit, price, _budget(pool, own), is_true(pool.conditions, "Ready"))


def _budget(pool: NodePool, own: list[Node]) -> str:
    if not pool.budgets:
        return "no budget"
    first = pool.budgets[0]
    if len(pool.budgets) > 1 or first.schedule:
        return plural(len(pool.budgets), "budget")
    if first.nodes.endswith("%"):
        allowed = math.ceil(len(own) * float(first.nodes[:-1]) / 100)  # percentages round up (spec/lifecycle.md 3.5)
        return f"{allowed} ({first.nodes})"
    return first.nodes


def _shares(world: World, own: list[Node]) -> tuple[float, float]:
    """What is asked for of what the nodes have, of cpu and of memory; in one pass, as there may be a thousand."""
    cpu = memory = asked_cpu = asked_memory = 0
    requested = world.usage.requested
    for node in own:
        cpu += node.allocatable.get("cpu", 0)
        memory += node.allocatable.get("memory", 0)
        asked = requested.get(node.key)
        if asked is not None:
            asked_cpu += asked.get("cpu", 0)
            asked_memory += asked.get("memory", 0)
    return asked_cpu / cpu if cpu else 0.0, asked_memory / memory if memory else 0.0


def in_flight(world: World, pending: list[Waiting], now: float) -> list[ClaimRow]:
    """NodeClaims that are not initialized yet or are going, newest first."""
    meant = {entry.claim: len(entry.pods) for entry in pending if entry.claim}
    rows = []
    for claim in world.of("nodeclaims").values():
        timeline = world.claim_timelines.get(claim.key)
        stage = stage_of(claim, timeline)
        if stage.name == "ready":
            continue
        going = claim.metadata.deleted is not None
        count = len(world.usage.on(claim.node_name)) if going else meant.get(claim.key, 0)
        name = f"draining, {plural(count, 'pod')} left" if stage.name == "draining" else stage.name
        if stage.name == "starting" and (taints := _startup_taints(world, claim)):
            name = f"startup taint {taints[0]}"
        row = ClaimRow(
            claim.key,
            claim.instance_type or "not chosen yet",
            claim.capacity_type,
            claim.zone,
            name,
            stage.role,
            max(now - (claim.metadata.deleted or created_at(claim, timeline)), 0.0),
            count,
        )
        rows.append(row)
    return sorted(rows, key=lambda row: (row.age, row.key))


def _startup_taints(world: World, claim: NodeClaim) -> list[str]:
    node = world.of("nodes").get(claim.node_name)
    if node is None:
        return []
    there = {(taint.key, taint.effect) for taint in node.taints}
    return [taint.key for taint in claim.startup_taints if (taint.key, taint.effect) in there]


def nodes(world: World) -> list[NodeRow]:
    """Every node, dearest unused capacity first: what could go costs most at the top."""
    rows = [node_row(world, node) for node in world.of("nodes").values()]
    return sorted(rows, key=_unused)


class NodeRows:
    """The rows of every node, of which only those are made anew whose node (or a pod on it) changed, and of those at
    most `AT_ONCE` at each reading: while 1,000 pods change in a second, a row may be a second behind."""

    AT_ONCE = 80

    def __init__(self) -> None:
        self._rows: dict[str, NodeRow] = {}
        self._changed: dict[str, None] = {}

    @property
    def behind(self) -> bool:
        """Whether some rows are still to be made anew."""
        return bool(self._changed)

    def forget(self, key: str) -> None:
        """This node changed."""
        self._changed[key] = None

    def forget_all(self) -> None:
        """All may have changed, as with new prices."""
        self._rows.clear()
        self._changed.clear()

    def read(self, world: World) -> list[NodeRow]:
        """As `nodes`."""
        held, rows = world.of("nodes"), self._rows
        for key in list(islice(self._changed, self.AT_ONCE)):
            del self._changed[key]
            if key in held:
                rows[key] = node_row(world, held[key])
        for key in held.keys() - rows.keys():
            rows[key] = node_row(world, held[key])
        for key in rows.keys() - held.keys():
            del rows[key]
        return sorted(rows.values(), key=_unused)


def _unused(row: NodeRow) -> tuple[float, str]:
    return (-(row.price or 0.0) * (1.0 - max(row.cpu, row.memory)), row.key)


def node_row(world: World, node: Node) -> NodeRow:
    """The row of one node."""
    cpu, memory = _shares(world, [node])
    entry = world.ledger.nodes.get(node.key)
    note, role = _note(world, node)
    return NodeRow(
        node.key,
        node.instance_type or "?",
        node.capacity_type,
        node.zone,
        cpu,
        memory,
        len(world.usage.on(node.key)),
        entry.price if entry else None,
        note,
        role,
    )


def _note(world: World, node: Node) -> tuple[str, str]:
    ready = condition(node.conditions, "Ready")
    instance = node.provider_id.rpartition("/")[2]
    if node.metadata.deleted is not None:
        return "drain", "draining"
    if instance and instance in world.interruptions:
        return "interrupted", "bad"
    if ready is None or ready.status != "True":
        return "not ready", "warn"
    if any(taint.key == "karpenter.sh/disrupted" for taint in node.taints):
        return "disrupted", "draining"
    if node.unschedulable:
        return "cordoned", "warn"
    if node.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
        return "DND", "warn"
    empty = True
    for pod in world.usage.on(node.key).values():
        if pod.metadata.annotations.get(DO_NOT_DISRUPT) == "true":
            return "DND pod", "warn"
        if empty and not pod.daemon and not pod.mirror and pod.active:
            empty = False
    return ("empty", "warn") if empty else ("", "text")


def _wait(world: World, pending: list[Waiting]) -> str:
    """What most pods wait for: `5 of 9 pods wait for general-2m2zb (c6a.2xlarge spot): boots, ~13s left`."""
    first, count = pending[0], sum(len(row.pods) for row in pending)
    who = plural(count, "pod") if len(first.pods) == count else f"{len(first.pods):,} of {count:,} pods"
    what = first.text
    claim = world.of("nodeclaims").get(first.claim)
    if claim is not None and claim.instance_type and what.startswith(claim.key):
        offer = f"{claim.instance_type} {short_capacity_type(claim.capacity_type)}"
        what = f"{claim.key} ({offer}): {what.removeprefix(claim.key).strip()}"
    return f"{who} {'waits' if who == '1 pod' else 'wait'} for {what}"


def sentence(world: World, pending: list[Waiting], decisions: list[DecisionRow]) -> str:
    """What matters now, in one sentence."""
    if not world.synced():
        return "listing the cluster"
    if world.narration is not None and world.at - world.narration.at < 20:
        return world.narration.text
    blocked = [row for row in pending if row.blocked]
    if blocked:
        worst = max(blocked, key=lambda row: len(row.pods))
        return f"{plural(len(worst.pods), 'pod')} cannot be placed: {worst.text}"
    if pending:
        return _wait(world, pending)
    if decisions:
        return decisions[0].text
    count = len(world.of("nodes"))
    return f"nothing is pending; {plural(count, 'node')} at {hourly(world.ledger.hourly)}"
