"""What the nodes of each NodePool have and what is asked of them, added up change by change."""

from collections.abc import Iterable

from karptui.model.node import Node
from karptui.model.resources import Resources
from karptui.world.world import World


class Sum:
    """Nodes added up; amounts in nano-units."""

    __slots__ = ("asked_cpu", "asked_memory", "capacity", "cpu", "memory", "nodes")

    def __init__(self) -> None:
        self.nodes = self.cpu = self.memory = self.asked_cpu = self.asked_memory = 0
        self.capacity: dict[str, int] = {}

    @property
    def cpu_share(self) -> float:
        """What is asked for of the cpu there is."""
        return self.asked_cpu / self.cpu if self.cpu else 0.0

    @property
    def memory_share(self) -> float:
        """What is asked for of the memory there is."""
        return self.asked_memory / self.memory if self.memory else 0.0

    def add(self, part: "_Part", sign: int) -> None:
        """Put a node in (sign 1) or take it out (-1)."""
        self.nodes += sign
        self.cpu += sign * part.cpu
        self.memory += sign * part.memory
        self.asked_cpu += sign * part.asked_cpu
        self.asked_memory += sign * part.asked_memory
        for name, amount in part.capacity.items():
            self.capacity[name] = self.capacity.get(name, 0) + sign * amount

    def add_sum(self, other: "Sum") -> None:
        """Put another sum's nodes in."""
        self.nodes += other.nodes
        self.cpu += other.cpu
        self.memory += other.memory
        self.asked_cpu += other.asked_cpu
        self.asked_memory += other.asked_memory


NO_NODES = Sum()


class _Part:
    """What one node brings into its pool's sum."""

    __slots__ = ("asked_cpu", "asked_memory", "capacity", "cpu", "memory", "node", "pool")

    def __init__(self, node: Node, asked: dict[str, int]) -> None:
        self.node, self.pool, self.capacity = node, node.node_pool, node.capacity
        self.cpu, self.memory = node.allocatable.get("cpu", 0), node.allocatable.get("memory", 0)
        self.asked_cpu, self.asked_memory = asked.get("cpu", 0), asked.get("memory", 0)


class PoolSums:
    """A Sum for each NodePool that has nodes; "" for nodes of none."""

    def __init__(self) -> None:
        self.by_pool: dict[str, Sum] = {}
        self.nodes: dict[str, _Part] = {}

    def update(self, world: World, keys: Iterable[str]) -> None:
        """These nodes changed."""
        held, requested = world.of("nodes"), world.usage.requested
        for key in keys:
            node, before = held.get(key), self.nodes.get(key)
            asked = requested.get(key, _NOTHING)
            if before is not None:
                same = before.asked_cpu == asked.get("cpu", 0) and before.asked_memory == asked.get("memory", 0)
                if same and before.node is node:
                    continue
                self._add(before, -1)
                del self.nodes[key]
            if node is not None:
                part = self.nodes[key] = _Part(node, asked)
                self._add(part, 1)

    def _add(self, part: _Part, sign: int) -> None:
        found = self.by_pool.get(part.pool)
        if found is None:
            found = self.by_pool[part.pool] = Sum()
        found.add(part, sign)
        if not found.nodes:
            del self.by_pool[part.pool]


_NOTHING: Resources = {}
