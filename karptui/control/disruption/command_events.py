"""What `kubectl describe` says of a command's nodes and of what replaces them (spec/lifecycle.md 8.2)."""

from collections.abc import Iterable

from karptui.control.hands import Hands
from karptui.engine.disruption.balanced import THRESHOLD
from karptui.engine.disruption.single_node import METHOD as SINGLE_NODE
from karptui.model.disruption import Command, Held
from karptui.model.metadata import Metadata
from karptui.model.node import Node, NodeClaim


class CommandEvents:
    """Each is written once; what is done does not hang on whether it can be."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._announced: set[str] = set()  # replacements of which it has been told

    async def decided(self, command: Command) -> None:
        """While it waits to be looked at again: what is to be replaced, and what the policy Balanced approves."""
        if command.replacements:
            saved = command.price_before - command.price_after
            words = f"Node may be replaced with another one that saves ${saved:.2f} an hour"
            await self._tell_nodes(command.nodes, "ConsolidationCandidate", words)
        for pool, score in command.scores.items():
            words = f"Balanced approves: score {score:.2f}, of {THRESHOLD:.2f} that it takes"
            if command.method == SINGLE_NODE:
                await self._tell_nodes(command.nodes, "ConsolidationApproved", words)
            elif (found := self._hands.world.of("nodepools").get(pool)) is not None:
                await self._hands.announce("NodePool", found.metadata, "ConsolidationApproved", words)

    async def dropped(self, command: Command, held: Held) -> None:
        """A node that was to go alone stays after all, for this reason: budget, scheduling or churn."""
        if command.method == SINGLE_NODE:
            await self._tell_nodes(command.nodes, "ConsolidationRejected", f"Validation failed: {held.detail}")

    async def launching(self, command: Command, missing: Iterable[str]) -> None:
        """What is launched, and that it is waited for."""
        claims = self._hands.world.of("nodeclaims")
        self._announced &= claims.keys()
        for name in missing:
            claim: NodeClaim | None = claims.get(name)
            if claim is not None and name not in self._announced:
                self._announced.add(name)
                about, reason = claim.metadata, command.reason
                await self._hands.announce("NodeClaim", about, "DisruptionLaunching", f"Launching NodeClaim: {reason}")
                waits = "Waiting on readiness to continue disruption"
                await self._hands.announce("NodeClaim", about, "DisruptionWaitingReadiness", waits)

    async def terminating(self, nodes: Iterable[Node], claims: Iterable[NodeClaim], reason: str) -> None:
        """Their end has been asked for."""
        gone: list[tuple[str, Metadata]] = [("Node", node.metadata) for node in nodes]
        for kind, about in [*gone, *(("NodeClaim", claim.metadata) for claim in claims)]:
            await self._hands.announce(kind, about, "DisruptionTerminating", f"Disrupting {kind}: {reason}")

    async def _tell_nodes(self, names: Iterable[str], reason: str, words: str) -> None:
        world = self._hands.world
        for name in names:
            node: Node | None = world.of("nodes").get(name)
            if node is None:
                continue
            await self._hands.announce("Node", node.metadata, reason, words)
            claim = world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))
            if claim is not None:
                await self._hands.announce("NodeClaim", claim.metadata, reason, words)
