"""Nodes that are about to be taken away: tainted, their NodeClaims marked, and both given back where they stay."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from karptui.control.hands import Hands
from karptui.control.safety.gate import Withheld
from karptui.control.taints import written_taint
from karptui.failure import Failure, sentence_of
from karptui.kube.errors import ApiError
from karptui.model.disruption import Command
from karptui.model.labels import DISRUPTED
from karptui.model.metadata import condition, is_true
from karptui.model.node import Node, NodeClaim
from karptui.world import events

CONFLICTS = 10
AT_ONCE = 10  # nodes whose taint is being written


class Tainting:
    """Karpenter's taint on nodes and DisruptionReason on their NodeClaims, each write guarded and insisted on."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    async def clear_leftovers(self, busy: Collection[str]) -> None:
        """Give back nodes that an earlier run was about to take and did not: tainted, and nobody deletes them."""
        world = self._hands.world
        for node in list(world.of("nodes").values()):
            claim = self.claim_of(node)
            if claim is None or claim.metadata.deleted is not None or node.key in busy:
                continue
            marked = condition(claim.conditions, "DisruptionReason") is not None
            if node.metadata.deleted is None and (marked or _is_tainted(node)):
                try:
                    await self._untaint((node.key,))
                except ApiError as error:
                    if error.code != 409:  # somebody wrote it meanwhile, or we did: the next pass sees what is so
                        raise

    async def give_back(self, nodes: tuple[str, ...]) -> None:
        """Take both away from nodes that stay after all; what cannot be written now is found as a leftover."""
        try:
            await self._insist(lambda: self._untaint(nodes))
        except Failure as error:
            self._hands.sink(events.Problem(self._hands.now(), "disruption", str(error)))

    async def begin(self, command: Command) -> tuple[str, ...]:
        """Mark the nodes of a command and give those that are; one that cannot be marked stays, and the others go.

        Raises what went wrong if nothing could be marked, or if the replacements were meant for all of them.
        """
        turns = asyncio.Semaphore(AT_ONCE)
        failed: dict[str, Failure] = {}

        async def mark(name: str) -> None:
            try:
                async with turns:
                    await self._insist(lambda: self._taint_one(name, command.reason))
            except Failure as error:
                failed[name] = error

        await asyncio.gather(*map(mark, command.nodes))
        withheld = next((error for error in failed.values() if isinstance(error, Withheld)), None)
        if withheld is not None or (failed and (command.replacements or len(failed) == len(command.nodes))):
            raise withheld or next(iter(failed.values()))
        for name, error in failed.items():
            self._hands.sink(events.Problem(self._hands.now(), f"disrupt {name}", f"{sentence_of(error)}; it stays"))
        return tuple(name for name in command.nodes if name not in failed)

    async def _taint_one(self, name: str, reason: str) -> None:
        node: Node | None = self._hands.world.of("nodes").get(name)
        if node is None:
            return
        if not _is_tainted(node):
            taints = [written_taint(taint) for taint in node.taints]
            await self._set_taints(node, [*taints, {"key": DISRUPTED, "effect": "NoSchedule"}])
        claim = self.claim_of(node)
        if claim is not None and not is_true(claim.conditions, "DisruptionReason"):
            await self._hands.set_claim_condition(claim, "DisruptionReason", "True", reason, reason)

    async def _insist(self, write: Callable[[], Awaitable[None]]) -> None:
        """Try a guarded write again while others write the same object (409), each time from what is there now."""
        for _ in range(CONFLICTS):
            try:
                await write()
                return
            except ApiError as error:
                if error.code != 409:
                    raise
            await asyncio.sleep(0.1)
        await write()

    async def _untaint(self, nodes: tuple[str, ...]) -> None:
        for name in nodes:
            node: Node | None = self._hands.world.of("nodes").get(name)
            if node is None or node.metadata.deleted is not None:
                continue
            if _is_tainted(node):
                await self._set_taints(node, [written_taint(taint) for taint in node.taints if taint.key != DISRUPTED])
            claim = self.claim_of(node)
            if claim is not None and condition(claim.conditions, "DisruptionReason") is not None:
                await self._hands.clear_claim_condition(claim, "DisruptionReason")

    async def _set_taints(self, node: Node, taints: list[dict[str, str]]) -> None:
        metadata = {"resourceVersion": node.metadata.resource_version}
        await self._hands.kube.patch("nodes", node.key, {"metadata": metadata, "spec": {"taints": taints}})

    def claim_of(self, node: Node) -> NodeClaim | None:
        """The NodeClaim that a node came from."""
        world = self._hands.world
        return world.of("nodeclaims").get(world.claim_of_provider_id.get(node.provider_id, ""))


def _is_tainted(node: Node) -> bool:
    return any(taint.key == DISRUPTED for taint in node.taints)
