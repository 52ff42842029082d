"""EC2 says that an instance will go: its NodeClaim is deleted, and provisioning replaces it (spec/aws.md 5)."""

import asyncio
from contextlib import aclosing

from karptui.cloud.provider import Interruption
from karptui.control.hands import Hands
from karptui.control.node.replaced_first import NOTICE_SECONDS, TAKEN_AT
from karptui.control.safety.gate import Withheld
from karptui.failure import sentence_of
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import TERMINATION_TIMESTAMP
from karptui.model.node import NodeClaim
from karptui.world import events

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
SAY_AGAIN_SECONDS = 300.0  # until trouble that stays is said once more
ENDED = ("instance_stopped", "instance_terminated")
"""Kinds of messages about what has gone already: nothing is left to wait for."""

TOLD = {
    "spot_interrupted": ("SpotInterrupted", "Spot interruption warning was triggered"),
    "rebalance_recommendation": ("SpotRebalanceRecommendation", "Spot rebalance recommendation was triggered"),
    "instance_stopped": ("InstanceStopping", "Instance is stopping"),
    "instance_terminated": ("InstanceTerminating", "Instance is terminating"),
    "instance_unhealthy": ("InstanceUnhealthy", "An unhealthy warning was triggered for the instance"),
    "capacity_reservation_interrupted": (
        "CapacityReservationInstanceInterrupted",
        "Capacity Reservation interruption warning was triggered",
    ),
}
"""Kind of a message → reason and words of the Event about it; a scheduled change is one about health."""


AT_ONCE = 10
"""Messages that are acted on at a time, as many as one read of a queue gives: a spot pool goes all at once."""


class Interruptions:
    """Reads the provider's messages for as long as it runs; only a failed action leaves a message for redelivery."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._said = ("", 0.0)

    async def run(self) -> None:
        """Act on every message until cancelled; a queue that does not answer is asked again."""
        pause, room = FIRST_PAUSE, asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as acting:
            while True:
                try:
                    async with aclosing(self._hands.provider.interruptions()) as messages:
                        async for message in messages:
                            await room.acquire()
                            acting.create_task(self._take(message)).add_done_callback(lambda _: room.release())
                            pause = FIRST_PAUSE
                    return
                except Withheld:
                    pass
                except Exception as error:  # a fault of the queue must not end all acting
                    self._say(sentence_of(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _take(self, message: Interruption) -> None:
        """Act on a message; what fails comes again, from a queue when nobody has acknowledged it in time."""
        try:
            if not await self._act(message):
                return  # to come again
            await self._hands.provider.acknowledge(message)
            self._said = ("", 0.0)
        except Withheld:
            pass
        except Exception as error:  # a fault at one message must not keep the others
            self._say(sentence_of(error))

    def _say(self, text: str) -> None:
        """The same trouble comes with every try: it is said when it begins, and now and then."""
        said, at = self._said
        if text != said or self._hands.now() - at >= SAY_AGAIN_SECONDS:
            self._said = (text, self._hands.now())
            self._hands.sink(events.Problem(self._hands.now(), "interruptions", f"{text} (it is tried again)"))

    async def _act(self, message: Interruption) -> bool:
        """Whether all was done that the message asks for."""
        world, done = self._hands.world, True
        claims = {provider_id.rpartition("/")[2]: name for provider_id, name in world.claim_of_provider_id.items()}
        for instance in message.instance_ids:
            name = claims.get(instance)
            claim = world.of("nodeclaims").get(name or "")
            if name is None and self._is_launching(message.claims.get(instance, "")):
                done = False
                continue
            if claim is None or claim.metadata.deleted is not None:
                continue  # another cluster's instance, or one that goes because we said so
            if instance not in world.interruptions:
                now = self._hands.now()
                self._hands.sink(events.InterruptionSeen(now, instance, message.kind, message.deadline))
            if message.disrupts:
                annotations = self._deadline(message)
                if not annotations.keys() <= claim.metadata.annotations.keys():
                    await self._hands.kube.patch("nodeclaims", claim.key, {"metadata": {"annotations": annotations}})
                await self._hands.kube.delete("nodeclaims", claim.key, uid=claim.metadata.uid)
            await self._announce(message, claim)
        return done

    def _is_launching(self, name: str) -> bool:
        """Whether an instance was launched for a claim that does not say so yet: deleted now, it would be left over."""
        claim: NodeClaim | None = self._hands.world.of("nodeclaims").get(name)
        return claim is not None and not claim.provider_id and claim.metadata.deleted is None

    async def _announce(self, message: Interruption, claim: NodeClaim) -> None:
        """Events about the claim and its node, as Karpenter writes them: others learn of it by these."""
        reason, words = TOLD.get(message.kind, TOLD["instance_unhealthy"])
        node = self._hands.world.of("nodes").get(claim.node_name)
        about = [("NodeClaim", claim.metadata), *([("Node", node.metadata)] if node is not None else [])]
        for kind, metadata in about:
            await self._hands.announce(kind, metadata, reason, words, warning=message.disrupts)
            if message.disrupts:
                told = f"Interruption triggered termination for the {kind}"
                await self._hands.announce(kind, metadata, "TerminatingOnInterruption", told, warning=True)

    def _deadline(self, message: Interruption) -> dict[str, str]:
        """What the claim's annotations must say before it is deleted, so that whoever drains the node knows it."""
        now = self._hands.now()
        if message.forceful:
            return {TERMINATION_TIMESTAMP: rfc3339(now)}  # what does not answer cannot be drained: let go at once
        if message.kind in ENDED:
            return {}
        return {TAKEN_AT: rfc3339(message.deadline or now + NOTICE_SECONDS)}
