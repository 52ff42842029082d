"""Commands that were foreseen for long, and that Karpenter never carried out."""

from collections.abc import Iterable

from karptui.model.disruption import Command, Held
from karptui.shadow.disruptions import Move
from karptui.shadow.passes import Supposed
from karptui.shadow.verdict import EXPLAINED, Verdict

STANDS = 50.0
"""Seconds for which a node stands to be disrupted before it is held for one that never is.

Karpenter looks every ten seconds and validates for 15 (spec/lifecycle.md 3.1, 4.7): time for two whole turns.
"""

SILENCE = 10.0
"""Seconds without a look after which nothing is known of what lay between."""


class Standing:
    """Follows every node that is to go, from when it was first decided. One that was told is not told again."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()
        self._looked = 0.0

    def restart(self) -> None:
        """Something was carried out or changed: Karpenter's turns begin anew."""
        self._since.clear()

    def recall(self, told: Iterable[tuple[str, str]]) -> None:
        """Nodes of which an earlier run has told, with the reasons for which they were to go."""
        self._told |= set(told)

    def since(self, command: Command) -> float | None:
        """Since when a command's nodes are to go; None where they have not been looked at yet."""
        known = (self._since.get((node, command.reason)) for node in command.nodes)
        return min((at for at in known if at is not None), default=None)

    def look(self, at: float, decided: Iterable[Supposed]) -> list[Move]:
        """What stands at a time, in the order in which passes come to it; the commands that stood too long."""
        if at - self._looked > SILENCE:
            self.restart()
        self._looked = at
        standing: dict[tuple[str, str], Supposed] = {}
        for entry in decided:
            if isinstance(entry.outcome, Held):
                continue  # it would not hold at the second look either
            for node in entry.command.nodes:
                standing.setdefault((node, entry.command.reason), entry)
        self._since = {key: self._since.get(key, at) for key in standing}
        self._told &= standing.keys()
        overdue = [key for key, since in self._since.items() if at - since >= STANDS and key not in self._told]
        self._told |= set(overdue)
        commands: dict[int, tuple[Supposed, list[str]]] = {}
        for node, reason in overdue:
            entry = standing[node, reason]
            commands.setdefault(id(entry), (entry, []))[1].append(node)
        return [self._never(entry, nodes) for entry, nodes in commands.values()]

    def _never(self, entry: Supposed, nodes: list[str]) -> Move:
        foreseen = min(self._since[node, entry.command.reason] for node in nodes)
        command: Command = entry.command
        return Move(entry, command, None, Verdict.NEVER, EXPLAINED, (), foreseen=foreseen)
