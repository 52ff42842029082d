"""NodePool limits within one round: pessimistic, and never given back (spec/scheduling.md 5.5)."""

from collections.abc import Iterable, Sequence

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.state_nodes import NODES, StateNode
from karptui.model.nodepool import NodePool


class Limits:
    """What each NodePool that has limits may still grow by."""

    def __init__(self, pools: Sequence[NodePool], nodes: Sequence[StateNode], catalogue: PreparedCatalogue) -> None:
        self._catalogue = catalogue
        self._remaining = {pool.key: dict(pool.limits) for pool in pools if pool.limits}
        self._masks: dict[str, int] = {}
        self._maxima: dict[tuple[str, int], int] = {}
        self._largest = {name: catalogue.capacity.maximum(name, catalogue.all) for name in catalogue.capacity.resources}
        for node in nodes:
            remaining = self._remaining.get(node.node_pool)
            if remaining is not None and not node.deleting:
                for name, amount in node.capacity.items():
                    if name in remaining:
                        remaining[name] -= amount

    def without(self, gone: Iterable[StateNode]) -> "Limits":
        """The same with some nodes gone, for one round to take from."""
        twin = Limits((), (), self._catalogue)
        twin._remaining = {pool: dict(remaining) for pool, remaining in self._remaining.items()}
        for node in gone:
            remaining = twin._remaining.get(node.node_pool)
            if remaining is not None and not node.deleting:
                for name, amount in node.capacity.items():
                    if name in remaining:
                        remaining[name] += amount
        return twin

    def nodes_exhausted(self, pool: str) -> bool:
        """Whether the pool may have no further node; less than none does not count, as in Karpenter."""
        remaining = self._remaining.get(pool)
        return remaining is not None and remaining.get(NODES) == 0

    def remaining(self, pool: str) -> dict[str, int] | None:
        """What is left of a pool's limits; None where it has none."""
        return self._remaining.get(pool)

    def allowed(self, pool: str) -> int:
        """Mask of the types whose capacity is within what is left."""
        remaining = self._remaining.get(pool)
        if remaining is None:
            return self._catalogue.all
        mask = self._masks.get(pool)
        if mask is None:
            mask = self._catalogue.all
            for name, amount in remaining.items():
                if amount < self._largest.get(name, 0):
                    mask &= self._catalogue.capacity.at_most(name, amount)
            self._masks[pool] = mask
        return mask

    def take(self, pool: str, types: int) -> None:
        """A claim was opened that any of these types may become: the largest of each resource is gone."""
        remaining = self._remaining.get(pool)
        if remaining is None:
            return
        for name in remaining:
            largest = self._maxima.get((name, types))
            if largest is None:
                largest = self._maxima[name, types] = self._catalogue.capacity.maximum(name, types)
            left = remaining[name] = remaining[name] - largest
            if left < self._largest.get(name, 0):
                self._masks.pop(pool, None)
