"""What the Overview shows (W1): pools, pending by what they wait for, in flight, nodes, decisions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from karptui.engine.disruption.budgets import NO_FLEET
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import NodePool
from karptui.views.extended import extended_of, extended_shares
from karptui.views.kept.changes import Changes
from karptui.views.kept.claims import KeptClaims
from karptui.views.kept.keys import Keys
from karptui.views.kept.ranks import Ranks
from karptui.views.kept.sums import NO_NODES, PoolSums, Sum
from karptui.views.lists.decisions import DecisionRow, decision_row
from karptui.views.lists.pool_budget import KeptFleets, budget_text
from karptui.views.stage import created_at, stage_of
from karptui.views.timelines.interruption import countdown, note_text, notice_of
from karptui.views.timelines.progress import Waiting, waiting
from karptui.views.timelines.story import spot_notice
from karptui.views.verdict_marks import VERDICT_MARKS
from karptui.views.wording import hourly, plural, short_capacity_type
from karptui.world.events import StreamState
from karptui.world.interruption import REBALANCE
from karptui.world.world import World


class PoolRow(Struct, frozen=True):
    """One NodePool. Shares are 0 to 1; `limit` the fullest limit's share, None without limits, `limited` its
    resource; `budget` how many nodes may go now, in words."""

    key: str
    nodes: int
    cpu: float
    memory: float
    limit: float | None
    hourly: float
    budget: str
    ready: bool
    limited: str = ""


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
    """One node; `price` None: unpriced. `note` is one word, `role` how it is meant; `mark` is shadow mode's verdict.

    `extended` are the shares of GPUs and other extended resources that are asked for, the fullest first.
    """

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
    mark: str = ""
    extended: tuple[tuple[str, float], ...] = ()


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
    return KeptPools().read(world)


class KeptPools:
    """`pools`, where only nodes that changed are added up anew."""

    def __init__(self) -> None:
        self.nodes = Keys()
        self.fleets = KeptFleets()
        self._sums = PoolSums()
        self._prices: dict[str, float] = {}
        self._priced: object = None

    def read(self, world: World) -> list[PoolRow]:
        """As `pools`."""
        if self.nodes:
            changed = self.nodes.taken(world.of("nodes"), self._sums.nodes)
            self._sums.update(world, changed)
            for name in changed:
                self.fleets.node_changed(name)
        history = world.ledger.history
        if not history or history[-1] is not self._priced:
            self._priced, self._prices = history[-1] if history else None, world.ledger.by_pool()
        fleets, now = self.fleets.read(world), world.at
        prices, by_pool = self._prices, dict(self._sums.by_pool)
        ordered = sorted(world.of("nodepools").values(), key=lambda pool: (pool.weight, pool.key), reverse=True)
        rows = [
            _pool_row(
                pool,
                by_pool.pop(pool.key, NO_NODES),
                prices.get(pool.key, 0.0),
                budget_text(pool, fleets.get(pool.key, NO_FLEET), now),
            )
            for pool in ordered
        ]
        if by_pool:
            loose = Sum()
            for own in by_pool.values():
                loose.add_sum(own)
            price = sum(prices.get(name, 0.0) for name in by_pool)
            shares = loose.cpu_share, loose.memory_share
            rows.append(PoolRow("(no pool)", loose.nodes, *shares, None, price, "no Karpenter", True))
        return rows


def _pool_row(pool: NodePool, own: Sum, price: float, budget: str) -> PoolRow:
    limit, limited = None, ""
    if pool.limits:
        used = {**own.capacity, "nodes": own.nodes * 10**9}
        limit, limited = max((used.get(name, 0) / most if most else 1.0, name) for name, most in pool.limits.items())
    ready = is_true(pool.conditions, "Ready")
    return PoolRow(pool.key, own.nodes, own.cpu_share, own.memory_share, limit, price, budget, ready, limited)


def in_flight(world: World, pending: list[Waiting], now: float, claims: KeptClaims | None = None) -> list[ClaimRow]:
    """NodeClaims that are not initialized yet or are going, newest first; `claims` up to date, if the caller has it."""
    meant = {entry.claim: len(entry.pods) for entry in pending if entry.claim}
    held = world.of("nodeclaims")
    rows = [
        claim_row(world, held[key], now, meant) for key in (claims or KeptClaims().read(world)).flight if key in held
    ]
    return sorted(rows, key=lambda row: (row.age, row.key))


def claim_row(world: World, claim: NodeClaim, now: float, meant: Mapping[str, int]) -> ClaimRow:
    """The row of one NodeClaim; `meant` is how many pending pods wait for each."""
    timeline = world.claim_timelines.get(claim.key)
    stage = stage_of(claim, timeline)
    going = claim.metadata.deleted is not None
    there = going or stage.name == "ready"
    count = len(world.usage.on(claim.node_name)) if there else meant.get(claim.key, 0)
    name = f"draining, {plural(count, 'pod')} left" if stage.name == "draining" else stage.name
    if stage.name == "starting" and (taints := _startup_taints(world, claim)):
        name = f"startup taint {taints[0]}"
    name += countdown(notice_of(world, claim.provider_id), now)
    return ClaimRow(
        claim.key,
        claim.instance_type or _offered(world, claim),
        claim.capacity_type,
        claim.zone,
        name,
        stage.role,
        max(now - (claim.metadata.deleted or created_at(claim, timeline)), 0.0),
        count,
    )


def _offered(world: World, claim: NodeClaim) -> str:
    """How many instance types EC2 may choose from, while it has not."""
    decision = world.decisions.get(world.decision_of_claim.get(claim.key, ""))
    planned = decision.claim if decision is not None else None
    return f"1 of {len(planned.instance_types)}" if planned is not None and planned.instance_types else "-"


def _startup_taints(world: World, claim: NodeClaim) -> list[str]:
    node = world.of("nodes").get(claim.node_name)
    if node is None:
        return []
    there = {(taint.key, taint.effect) for taint in node.taints}
    return [taint.key for taint in claim.startup_taints if (taint.key, taint.effect) in there]


def nodes(world: World) -> list[NodeRow]:
    """Every node, dearest unused capacity first: what could go costs most at the top."""
    return list(KeptNodes().read(world))


class KeptNodes:
    """`nodes`, where only nodes that changed are put in their place anew, and rows are made when somebody looks."""

    def __init__(self) -> None:
        self.keys = Keys()
        self._ranks = Ranks()
        self._rows: dict[str, NodeRow] = {}
        self._changes = Changes()
        self._extended: dict[str, tuple[str, ...]] = {}
        self._names: frozenset[str] = frozenset()

    def read(self, world: World) -> "NodeRows":
        """As `nodes`."""
        if self.keys:
            held = world.of("nodes")
            changed = self.keys.taken(held, self._ranks.keys)
            for key in changed:
                self._rows.pop(key, None)
            self._ranks.update({key: _unused(world, held[key]) if key in held else None for key in changed})
            self._changes.note(changed)
            self._note_extended(held, changed)
        return NodeRows(world, self._ranks.entries(), self._rows, self._changes, self._names)

    def _note_extended(self, held: Mapping[str, Node], changed: Iterable[str]) -> None:
        before = len(self._extended)
        for key in changed:
            names = extended_of(held[key].allocatable) if key in held else ()
            if names:
                self._extended[key] = names
            else:
                self._extended.pop(key, None)
        if before or self._extended:
            self._names = frozenset(name for names in self._extended.values() for name in names)


class NodeRows(Sequence[NodeRow]):
    """Nodes in order; a row is made when it is asked for and kept for as long as its node stays as it is."""

    def __init__(
        self,
        world: World,
        entries: list[tuple[Any, str]],
        rows: dict[str, NodeRow],
        changes: Changes,
        extended: frozenset[str] = frozenset(),
    ) -> None:
        self._world, self._entries, self._rows = world, entries, rows
        self.changes = changes
        self.extended = extended
        """Names of extended resources that some node has."""

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self.row(key) for _, key in self._entries[index]]
        return self.row(self._entries[index][1])

    @property
    def scope(self) -> None:
        """Always every node."""

    def keys(self) -> Iterator[str]:
        """All of them, in order."""
        return (key for _, key in self._entries)

    def rank_of(self, key: str) -> Any:
        """What decides where a node stands; None for one that is not there."""
        node = self._world.of("nodes").get(key)
        return None if node is None else _unused(self._world, node)

    def row(self, key: str) -> NodeRow:
        """The row of a node that is there, or was just now."""
        row = self._rows.get(key)
        if row is None:
            node = self._world.of("nodes").get(key)
            if node is None:
                return NodeRow(key, "gone", "", "", 0.0, 0.0, 0, None, "gone", "dim")
            row = self._rows[key] = node_row(self._world, node)
        return row


def _unused(world: World, node: Node) -> float:
    entry = world.ledger.nodes.get(node.key)
    price = entry.price if entry is not None else None
    return -(price or 0.0) * (1.0 - max(_shares(world, node))) if price else 0.0


def _shares(world: World, node: Node) -> tuple[float, float]:
    """What is asked for of what the node has, of cpu and of memory."""
    asked = world.usage.requested.get(node.key, {})
    cpu, memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
    return asked.get("cpu", 0) / cpu if cpu else 0.0, asked.get("memory", 0) / memory if memory else 0.0


def node_row(world: World, node: Node) -> NodeRow:
    """The row of one node."""
    cpu, memory = _shares(world, node)
    entry = world.ledger.nodes.get(node.key)
    note, role = _note(world, node)
    judged = world.verdicts.get(node.key) or world.verdicts.get(world.claim_of_provider_id.get(node.provider_id, ""))
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
        VERDICT_MARKS.get(judged.verdict, ("", ""))[0] if judged is not None else "",
        extended_shares(world, node),
    )


def _note(world: World, node: Node) -> tuple[str, str]:
    ready = condition(node.conditions, "Ready")
    notice = notice_of(world, node.provider_id)
    if notice is not None and notice.kind != REBALANCE:
        return note_text(notice)
    if node.metadata.deleted is not None:
        return "drain", "draining"
    if ready is None or ready.status != "True":
        return "not ready", "warn"
    if any(taint.key == "karpenter.sh/disrupted" for taint in node.taints):
        return "disrupted", "draining"
    if node.unschedulable:
        return "cordoned", "warn"
    if notice is not None:
        return note_text(notice)
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


def _forbidden(world: World, resource: str) -> bool:
    stream = world.streams.get(resource)
    return stream is not None and stream.state is StreamState.FORBIDDEN


def sentence(world: World, pending: list[Waiting], decisions: Sequence[DecisionRow]) -> str:
    """What matters now, in one sentence."""
    if not world.synced():
        return "listing the cluster"
    unread = [name for name in ("pods", "nodes") if not world.of(name) and _forbidden(world, name)]
    if unread:
        return f"what is pending cannot be known: {' and '.join(unread)} may not be read"
    if world.narration is not None and world.at - world.narration.at < 20:
        return world.narration.text
    blocked = [row for row in pending if row.blocked]
    if blocked:
        worst = max(blocked, key=lambda row: len(row.pods))
        return f"{plural(len(worst.pods), 'pod')} cannot be placed: {worst.text}"
    if world.narration is None and (notice := spot_notice(world, world.at)):
        return notice
    if pending:
        return _wait(world, pending)
    if decisions:
        return decisions[0].text
    count = len(world.of("nodes"))
    return f"nothing is pending; {plural(count, 'node')} at {hourly(world.ledger.hourly)}"
