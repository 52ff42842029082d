"""Takes nodes away: ask the engine, wait, ask again, replace first, then delete (spec/lifecycle.md 3.1, 5)."""

import asyncio

from msgspec.structs import replace

from karptui.control.hands import Hands
from karptui.control.provision import Provisioner
from karptui.control.register import written_taint
from karptui.engine.disruption import VALIDATION_SECONDS, disrupt, validate
from karptui.engine.disruption.orchestration import Step, Underway, next_step
from karptui.engine.explain.held import held_sentence
from karptui.failure import Failure
from karptui.model.decision import Decision, DecisionKind
from karptui.model.disruption import Command, Held
from karptui.model.labels import DISRUPTED
from karptui.model.snapshot import Snapshot
from karptui.world import events

POLL_SECONDS = 10.0


class Disruption:
    """One pass after the other, for as long as it runs."""

    def __init__(self, hands: Hands, provisioner: Provisioner) -> None:
        self._hands = hands
        self._provisioner = provisioner
        self._busy: set[str] = set()
        self._orchestrating: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Poll until cancelled; commands under way are cancelled with it and found again by the next start."""
        try:
            while True:
                if not self._hands.world.synced() or not await self._pass():
                    await self._hands.sleep(POLL_SECONDS)
        finally:
            for task in self._orchestrating:
                task.cancel()
            await asyncio.gather(*self._orchestrating, return_exceptions=True)

    async def _pass(self) -> bool:
        """Whether a command was begun: then the next pass follows at once."""
        answer = await asyncio.to_thread(disrupt, self._snapshot())
        begun = [await self._begin(command) for command in answer.commands]
        return any(begun)

    async def _begin(self, command: Command) -> bool:
        """Decide, look again after the wait where the method asks for it, and start; False if it no longer held."""
        decision = self._decide(command)
        still: Command | Held = command
        if command.validated:
            await self._hands.sleep(VALIDATION_SECONDS)
            still = await asyncio.to_thread(validate, self._snapshot(), command)
        if isinstance(still, Held):
            words = f"dropped: {held_sentence(still)}"
            self._hands.sink(events.DecisionCarriedOut(self._hands.now(), decision.id, message=words))
            return False
        self._busy.update(still.nodes)
        task = asyncio.ensure_future(self._carry_out(still, decision))
        self._orchestrating.add(task)
        task.add_done_callback(self._orchestrating.discard)
        return True

    def _snapshot(self) -> Snapshot:
        """The cluster now, with the nodes of commands under way as good as gone."""
        return replace(self._hands.world.snapshot(self._hands.now()), marked_for_deletion=frozenset(self._busy))

    async def _carry_out(self, command: Command, decision: Decision) -> None:
        underway = Underway(command, self._hands.now())
        try:
            while True:
                claims = self._hands.world.of("nodeclaims")
                underway = underway.observed(claims)
                step = next_step(underway, claims, self._hands.now(), len(self._busy))
                if step is Step.TAINT:
                    await self._taint(command.nodes)
                    underway = underway.after_taint()
                elif step is Step.LAUNCH:
                    made = [await self._provisioner.create(claim, decision.id) for claim in command.replacements]
                    underway = underway.after_launch(tuple(made))
                elif step is Step.WAIT:
                    await self._hands.sleep(0.5)
                else:
                    break
            if step is Step.ROLL_BACK:
                late = ", ".join(underway.missing()) or "all of it"
                raise Failure(f"waited too long for {late} to become ready; {', '.join(command.nodes)} stay")
            await self._delete(command, decision)
        except Failure as error:
            self._hands.sink(events.Problem(self._hands.now(), f"disrupt {decision.id}", str(error)))
            await self._untaint(command.nodes)
        finally:
            self._busy.difference_update(command.nodes)

    def _decide(self, command: Command) -> Decision:
        kind = DecisionKind.REPLACE if command.replacements else DecisionKind.DELETE
        decision = Decision(
            id=self._hands.world.next_decision_id(),
            at=self._hands.now(),
            kind=kind,
            pods=command.pods,
            nodes=command.nodes,
            claim=command.replacements[0] if command.replacements else None,
            cause=command.reason,
            price_change=command.price_after - command.price_before,
            snapshot=self._hands.world.number,
        )
        self._hands.sink(events.DecisionMade(decision.at, decision))
        return decision

    async def _delete(self, command: Command, decision: Decision) -> None:
        now = self._hands.now()
        self._hands.sink(events.DecisionCarriedOut(now, decision.id, message=f"deleting {', '.join(command.nodes)}"))
        for node in command.nodes:
            found = self._hands.world.of("nodes").get(node)
            claim = self._hands.world.claim_of_provider_id.get(found.provider_id, "") if found else ""
            if claim in self._hands.world.of("nodeclaims"):
                await self._hands.kube.delete("nodeclaims", claim)

    async def _taint(self, nodes: tuple[str, ...]) -> None:
        for name in nodes:
            node = self._hands.world.of("nodes").get(name)
            if node is not None and not any(taint.key == DISRUPTED for taint in node.taints):
                taints = [written_taint(taint) for taint in node.taints]
                await self._set_taints(name, [*taints, {"key": DISRUPTED, "effect": "NoSchedule"}])

    async def _untaint(self, nodes: tuple[str, ...]) -> None:
        for name in nodes:
            node = self._hands.world.of("nodes").get(name)
            if node is not None and node.metadata.deleted is None:
                await self._set_taints(name, [written_taint(taint) for taint in node.taints if taint.key != DISRUPTED])

    async def _set_taints(self, node: str, taints: list[dict[str, str]]) -> None:
        await self._hands.kube.patch("nodes", node, {"spec": {"taints": taints}})
