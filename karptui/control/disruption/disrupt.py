"""Takes nodes away: ask the engine, wait, ask again, replace first, then delete (spec/lifecycle.md 3.1, 5)."""

import asyncio

from msgspec.structs import replace

from karptui.control.disruption.command_events import CommandEvents
from karptui.control.disruption.do_not_disrupt_events import DoNotDisruptEvents
from karptui.control.disruption.held_events import HeldEvents
from karptui.control.disruption.tainting import Tainting
from karptui.control.hands import Hands
from karptui.control.node.replaced_first import replacements
from karptui.control.provisioning.provision import Provisioner
from karptui.control.safety.gate import Withheld
from karptui.engine.disruption import VALIDATION_SECONDS, Kept, validate
from karptui.engine.disruption.orchestration import Step, Underway, next_step
from karptui.engine.explain.held import held_sentence
from karptui.failure import Failure, sentence_of
from karptui.model.decision import Decision
from karptui.model.disruption import Command, Held
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.node import Node, NodeClaim
from karptui.model.snapshot import Snapshot
from karptui.world import events
from karptui.world.batching import nominations

POLL_SECONDS = 10.0
SEEN_SECONDS = 30.0


class Disruption:
    """One pass after the other, for as long as it runs."""

    def __init__(self, hands: Hands, provisioner: Provisioner) -> None:
        self._hands = hands
        self._provisioner = provisioner
        self._tainting = Tainting(hands)
        self._events = CommandEvents(hands)
        self._busy: set[str] = set()
        self._leaving: set[str] = set()
        self._orchestrating: set[asyncio.Task[None]] = set()
        self._nominated: dict[str, float] = {}  # nodes that get pods of a command, and until when they stay for them
        self._kept = Kept()  # as long as nothing has changed the answer is known
        self._held_events = HeldEvents(hands)
        self._do_not_disrupt_events = DoNotDisruptEvents(hands)

    async def run(self) -> None:
        """Poll until cancelled; commands under way are cancelled with it and found again by the next start."""
        try:
            while True:
                if not self._hands.world.synced() or not await self._guarded_pass():
                    await self._hands.sleep(POLL_SECONDS)
        finally:
            for task in self._orchestrating:
                task.cancel()
            await asyncio.gather(*self._orchestrating, return_exceptions=True)

    @property
    def leaving(self) -> frozenset[str]:
        """Nodes whose replacements are on their way, or that need none: what comes for their pods is no other pods'.

        Not before: who plans for their pods earlier launches for them too (spec/lifecycle.md 5).
        """
        return frozenset(self._leaving)

    async def _guarded_pass(self) -> bool:
        try:
            await self._tainting.clear_leftovers(self._busy)
            return self._hands.brakes.disruption and await self._pass()
        except Withheld:
            return False
        except Exception as error:  # a fault in one pass must not end all later ones
            self._hands.sink(events.Problem(self._hands.now(), "disruption", sentence_of(error)))
            return False

    async def _pass(self) -> bool:
        """Whether a command was begun: then the next pass follows at once."""
        answer = await asyncio.to_thread(self._kept.disrupt, self._snapshot())
        begun = [await self._begin(command) for command in answer.commands]
        await self._held_events.tell(answer)
        await self._do_not_disrupt_events.tell()
        return any(begun)

    async def _begin(self, command: Command) -> bool:
        """Decide, look again after the wait where the method asks for it, and start; False if it no longer held."""
        if self._provisioner.holds(command.replacements):
            return False  # its nodes would be tainted, and given back, with every pass
        decision = self._decide(command)
        still: Command | Held = command
        if command.validated:
            await asyncio.gather(self._hands.sleep(VALIDATION_SECONDS), self._events.decided(command))
            still = await asyncio.to_thread(validate, self._snapshot(), command)
        if isinstance(still, Held):
            await self._events.dropped(command, still)
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
        found = self._hands.world.snapshot(self._hands.now())
        nodes = {name: found.nodes[name] for name in self._hands.brakes.held if name in found.nodes}
        # What a person holds counts as what its owner asks not to disrupt: the engine then looks at other nodes.
        kept = {name: _not_to_disrupt(node) for name, node in nodes.items()}
        self._nominated = {name: until for name, until in self._nominated.items() if until > found.now}
        awaited = dict.fromkeys(replacements(self._hands.world), found.now + POLL_SECONDS)
        return replace(
            found,
            marked_for_deletion=frozenset(self._busy),
            nodes={**found.nodes, **kept},
            nominated={**self._nominated, **found.nominated, **awaited},
        )

    async def _carry_out(self, command: Command, decision: Decision) -> None:
        try:
            marked = await self._step_on(command, decision)
            now, words = self._hands.now(), f"deleting {', '.join(marked.nodes)}"
            self._hands.sink(events.DecisionCarriedOut(now, decision.id, message=words))
            await self._delete_claims(marked)
        except Withheld:
            return  # whoever may write again finds the nodes as leftovers
        except Exception as error:  # whatever it is, the nodes are not left tainted
            self._hands.sink(events.Problem(self._hands.now(), f"disrupt {decision.id}", sentence_of(error)))
            await self._tainting.give_back(command.nodes)
        finally:
            self._busy.difference_update(command.nodes)
            self._leaving.difference_update(command.nodes)

    async def _step_on(self, command: Command, decision: Decision) -> Command:
        """Taint, launch and wait until the nodes may be deleted: the command with those that may, at last.

        Raises Failure if they are to stay.
        """
        underway = Underway(command, self._hands.now())
        while True:
            claims = self._hands.world.of("nodeclaims")
            underway = underway.observed(claims)
            step = next_step(underway, claims, self._hands.now(), len(self._busy))
            if step is Step.TAINT:
                marked = await self._tainting.begin(command)
                underway = underway.after_taint(marked)
                if not command.replacements:
                    self._leave(underway.command)
            elif step is Step.LAUNCH:
                made = [await self._provisioner.create(claim, decision.id) for claim in command.replacements]
                underway = underway.after_launch(tuple(made))
                self._leave(underway.command)
            elif step is Step.WAIT:
                await self._events.launching(command, underway.missing())
                await self._hands.sleep(0.5)
            elif step is Step.ROLL_BACK:
                late = ", ".join(underway.missing()) or "all of it"
                raise Failure(f"waited too long for {late} to become ready; {', '.join(command.nodes)} stay")
            else:
                return underway.command

    def _leave(self, command: Command) -> None:
        """From here on the nodes count as going, and those that get their pods as nominated (lifecycle.md 5)."""
        self._leaving.update(command.nodes)
        longest = self._hands.world.options.batch_max_duration
        self._nominated |= nominations(command.placements, self._hands.now(), longest)
        self._provisioner.tell_nominated(command.placements)

    async def _delete_claims(self, command: Command) -> None:
        found = [node for name in command.nodes if (node := self._hands.world.of("nodes").get(name)) is not None]
        claims = [claim for node in found if (claim := self._tainting.claim_of(node)) is not None]
        await asyncio.gather(
            *(self._hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid) for claim in claims)
        )
        await self._events.terminating(found, claims, command.reason)
        # Until the World shows it, the nodes stay marked: nobody shall count on them or give them back.
        until = self._hands.now() + SEEN_SECONDS
        while self._hands.now() < until and any(self._stays(claim) for claim in claims):
            await asyncio.sleep(0.05)

    def _stays(self, claim: NodeClaim) -> bool:
        seen = self._hands.world.of("nodeclaims").get(claim.key)
        return seen is not None and seen.metadata.deleted is None

    def _decide(self, command: Command) -> Decision:
        world = self._hands.world
        decision = command.decided(world.next_decision_id(), self._hands.now(), world.number)
        self._hands.sink(events.DecisionMade(decision.at, decision))
        return decision


def _not_to_disrupt(node: Node) -> Node:
    annotations = {**node.metadata.annotations, DO_NOT_DISRUPT: "true"}
    return replace(node, metadata=replace(node.metadata, annotations=annotations))
