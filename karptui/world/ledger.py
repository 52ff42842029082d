"""What the cluster costs, and what moves were said to save against what they saved. USD an hour; list prices."""

from collections import deque

from msgspec import Struct

from karptui.model.instance_type import Catalogue


class Move(Struct, gc=False, eq=False):
    """One change of the fleet: said is what the decision promised, real what the bill did (None: not settled yet).

    `nodes` are those it takes away, of which `gone` have left so far and cost `freed` together.
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
        self.spent = 0.0
        self._prices: dict[tuple[str, str, str], float] = {}
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

    def price(self, instance_type: str, zone: str, capacity_type: str) -> float | None:
        """USD an hour of one offering, or None."""
        return self._prices.get((instance_type, zone, capacity_type))

    def take_catalogue(self, catalogue: Catalogue) -> None:
        """Read the prices of a new catalogue; the caller prices its nodes again."""
        self._prices = {
            (type_.name, offering.zone, offering.capacity_type): offering.price
            for type_ in catalogue.types
            for offering in type_.offerings
            if not offering.reservation_id
        }

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

    def note_move(self, move: Move) -> None:
        """A move is under way; one that is told of again, as when its nodes follow its replacement, is the same."""
        if all(known.decision != move.decision for known in self.moves):
            self.moves.append(move)

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
