"""What the cluster costs, and what moves were said to save against what they saved. USD an hour; list prices."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from karptui.model.decision import Decision, DecisionKind
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.node import Node
from karptui.world.bill_series import BillSeries

CHURN_SECONDS = 600.0
"""How soon after a move a launch in the same NodePool counts as the node that came back."""


class Move(Struct, gc=False, eq=False):
    """One change of the fleet: said is what the decision promised, real what the bill did (None: not settled yet).

    `nodes` are those it takes away, of which `gone` have left so far and cost `freed` together.
    `back` is churn: what was launched again in one of its `pools` soon after, up to what it was said to save.
    """

    at: float
    decision: str
    text: str
    said: float
    real: float | None = None
    pods: int = 0
    nodes: tuple[str, ...] = ()
    gone: int = 0
    freed: float = 0.0
    pools: frozenset[str] = frozenset()
    back: float = 0.0


class NodePrice(Struct, frozen=True, gc=False):
    """What one node costs; `price` None: no price is known, and the node is NOT in any sum."""

    node: str
    node_pool: str
    capacity_type: str
    price: float | None


class Ledger:
    """Prices by node, the running bill and the list of moves."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodePrice] = {}
        self.moves: list[Move] = []
        self.history: deque[tuple[float, float]] = deque(maxlen=4096)
        self.past = BillSeries()
        """Minute by minute, of earlier runs too; whoever looks back shares it."""
        self.spent = 0.0
        self._prices: dict[tuple[str, str, str], float] = {}
        self._own: dict[str, dict[tuple[str, str, str], float]] = {}
        self._cheapest: dict[str, float] = {}
        self._hourly = 0.0
        self._last: float | None = None

    @property
    def hourly(self) -> float:
        """USD an hour of all priced nodes."""
        return max(self._hourly, 0.0)

    @property
    def unpriced(self) -> list[str]:
        """Nodes without a known price."""
        return [name for name, entry in self.nodes.items() if entry.price is None]

    def price(self, instance_type: str, zone: str, capacity_type: str, pool: str = "") -> float | None:
        """USD an hour of one offering, or None; a NodePool may have NodeOverlays of its own."""
        key = (instance_type, zone, capacity_type)
        known = self._own[pool].get(key) if pool in self._own else None
        return self._prices.get(key) if known is None else known

    def take_catalogue(self, catalogue: Catalogue) -> None:
        """Read the prices of a new catalogue; the caller prices its nodes again."""
        self._prices = _prices(catalogue.types)
        self._own = {pool: _prices(types.values()) for pool, types in catalogue.variants.items()}

    def advance(self, at: float) -> None:
        """Let time pass: add to what was spent since the last call."""
        if self._last is not None and at > self._last:
            self.spent += self.hourly * (at - self._last) / 3600.0
        if self._last is None or at > self._last:
            self._last = at

    def spent_by(self, at: float) -> float:
        """USD spent from the first event to `at`."""
        running = 0.0 if self._last is None else max(at - self._last, 0.0)
        return self.spent + self.hourly * running / 3600.0

    def set_node(self, at: float, entry: NodePrice) -> None:
        """A node is there, at this price."""
        before = self.nodes.get(entry.node)
        if before == entry:
            return
        self.advance(at)
        self._hourly += (entry.price or 0.0) - ((before.price or 0.0) if before else 0.0)
        self.nodes[entry.node] = entry
        self._sample(at)

    def drop_node(self, at: float, node: str) -> None:
        """A node has gone."""
        before = self.nodes.pop(node, None)
        if before is None:
            return
        self.advance(at)
        for move in self.moves:
            if move.real is None and node in move.nodes:
                move.gone, move.freed = move.gone + 1, move.freed + (before.price or 0.0)
        self._hourly = self._hourly - (before.price or 0.0) if self.nodes else 0.0
        self._sample(at)

    def note_move(self, at: float, decision: Decision, nodes: Mapping[str, Node]) -> None:
        """A decision is being carried out, and `nodes` are still there. Only what saves or costs something is a move.

        One that is told of again, as when its nodes follow its replacement, is the same.
        """
        if decision.kind not in (DecisionKind.DELETE, DecisionKind.REPLACE) or not decision.price_change:
            return
        if all(known.decision != decision.id for known in self.moves):
            pools = frozenset(nodes[name].node_pool for name in decision.nodes if name in nodes)
            text, pods = _move_text(decision, nodes), len(decision.pods)
            self.moves.append(
                Move(at, decision.id, text, decision.price_change, pods=pods, nodes=decision.nodes, pools=pools)
            )

    def note_launch(self, at: float, pool: str, price: float) -> None:
        """A node is launched for pods that wait: what the latest moves of its NodePool gave back has come back."""
        for move in reversed(self.moves):
            if at - move.at > CHURN_SECONDS or price <= 0.0:
                return
            if pool in move.pools:
                again = min(price, max(-move.said - move.back, 0.0))
                move.back, price = move.back + again, price - again

    def settle(self, replacement_price: Callable[[Move], float]) -> None:
        """Moves whose nodes are all gone: what they really saved is known now."""
        for move in self.moves:
            if move.real is None and move.nodes and move.gone == len(move.nodes):
                move.real = replacement_price(move) - move.freed

    def by_pool(self) -> dict[str, float]:
        """USD an hour of each NodePool ("" for nodes that belong to none)."""
        sums: dict[str, float] = {}
        for entry in self.nodes.values():
            sums[entry.node_pool] = sums.get(entry.node_pool, 0.0) + (entry.price or 0.0)
        return sums

    def by_capacity_type(self) -> dict[str, float]:
        """USD an hour of spot, on-demand and reserved nodes."""
        sums: dict[str, float] = {}
        for entry in self.nodes.values():
            sums[entry.capacity_type] = sums.get(entry.capacity_type, 0.0) + (entry.price or 0.0)
        return sums

    def _sample(self, at: float) -> None:
        self.history.append((at, self.hourly))


def _move_text(decision: Decision, nodes: Mapping[str, Node]) -> str:
    """`delete 2x m6g.large`, `m7i.2xlarge → m7g.2xlarge`: by type, as the nodes will be gone when it is read."""
    types: dict[str, int] = {}
    for name in decision.nodes:
        type_ = nodes[name].instance_type if name in nodes else name
        types[type_] = types.get(type_, 0) + 1
    gone = ", ".join(f"{count}x {type_}" if count > 1 else type_ for type_, count in types.items())
    claim = decision.claim
    return f"{gone} → {claim.instance_types[0]}" if claim and claim.instance_types else f"delete {gone}"


def _prices(types: Iterable[InstanceType]) -> dict[tuple[str, str, str], float]:
    return {
        (type_.name, offering.zone, offering.capacity_type): offering.price
        for type_ in types
        for offering in type_.offerings
        if not offering.reservation_id
    }
