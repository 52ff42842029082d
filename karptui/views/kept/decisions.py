"""The decision log, newest first. A line is made when somebody looks, and kept until something in it changes."""

from collections.abc import Sequence
from typing import Any

from karptui.views.lists.decisions import DecisionRow, decision_row
from karptui.world.world import World


class KeptDecisions:
    """Lines by decision."""

    def __init__(self) -> None:
        self._rows: dict[str, DecisionRow] = {}
        self._of_node: dict[str, set[str]] = {}

    def changed(self, world: World, resource: str, key: str) -> None:
        """A decision changed, or a NodeClaim or node that one may be about."""
        match resource:
            case "decisions":
                self._rows.pop(key, None)
            case "nodeclaims":
                self._rows.pop(world.decision_of_claim.get(key, ""), None)
            case "nodes":
                for name in self._of_node.pop(key, ()):
                    self._rows.pop(name, None)
            case _:
                pass

    def read(self, world: World, most: int) -> "DecisionRows":
        """The latest decisions, at most `most`."""
        if len(self._rows) > 2 * most + len(world.decisions):
            self._rows.clear()
        return DecisionRows(world, list(world.decisions)[: -most - 1 : -1], self)

    def row(self, world: World, key: str) -> DecisionRow:
        """One line."""
        row = self._rows.get(key)
        if row is None:
            decision = world.decisions.get(key)
            if decision is None:
                return DecisionRow(key, "", "forgotten", "", "dim")
            row = self._rows[key] = decision_row(world, decision)
            for node in decision.nodes:
                self._of_node.setdefault(node, set()).add(key)
        return row


class DecisionRows(Sequence[DecisionRow]):
    """Lines in order."""

    def __init__(self, world: World, keys: list[str], kept: KeptDecisions) -> None:
        self._world, self._keys, self._kept = world, keys, kept

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._kept.row(self._world, key) for key in self._keys[index]]
        return self._kept.row(self._world, self._keys[index])
