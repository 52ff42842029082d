"""What crashes and people leave behind: instances without a claim, claims and nodes without an instance
(spec/lifecycle.md 7.1, spec/aws.md 3.10)."""

from karptui.cloud.provider import Launched, NotFound
from karptui.control.hands import Hands
from karptui.control.safety.gate import Withheld
from karptui.failure import Failure, sentence_of
from karptui.model.labels import NODEPOOL, TERMINATION_FINALIZER
from karptui.model.metadata import is_true
from karptui.world import events

GRACE_SECONDS = 30.0  # younger instances may belong to a claim that nobody has written down yet
SAY_AGAIN_SECONDS = 300.0  # until trouble that stays is said once more
TIDY_SECONDS = 300.0  # between two looks for what launches and NodeClasses left behind
ENDING = ("shutting-down", "terminated")
EAGER_ROUNDS, EAGER_SECONDS, CALM_SECONDS = 20, 10.0, 120.0


class Garbage:
    """Looks every ten seconds at first, every two minutes later."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._tidied = 0.0
        self._said = ("", 0.0)

    async def run(self) -> None:
        """Until cancelled."""
        done = 0
        while True:
            try:
                if self._hands.world.synced():
                    await self.collect()
                    self._said = ("", 0.0)
                    done += 1
            except Withheld:
                pass
            except Exception as error:  # a fault in one look must not end all later ones
                self._say(sentence_of(error))
            await self._hands.sleep(EAGER_SECONDS if done < EAGER_ROUNDS else CALM_SECONDS)

    def _say(self, text: str) -> None:
        """The same trouble comes with every look: it is said when it begins, and now and then."""
        said, at = self._said
        if text != said or self._hands.now() - at >= SAY_AGAIN_SECONDS:
            self._said = (text, self._hands.now())
            self._hands.sink(events.Problem(self._hands.now(), "garbage", text))

    async def collect(self) -> None:
        """One look. The cloud is asked first: what is launched later is not in its answer, but in Kubernetes'.

        Raises Failure; of several instances that cannot be ended the first, when all the rest is done.
        """
        instances = await self._hands.provider.list()
        claims = await self._hands.kube.claims_now()
        by_provider_id = {provider_id for _, provider_id in claims}
        uids = {uid for uid, _ in claims}
        now = self._hands.now()
        failed: list[Failure] = []
        for instance in instances:
            known = instance.provider_id in by_provider_id or (instance.uid != "" and instance.uid in uids)
            if not known and instance.state not in ENDING and now - instance.launched > GRACE_SECONDS:
                try:
                    await self._end(instance)
                except Withheld:
                    raise
                except Failure as error:  # one that is protected must not keep all others
                    failed.append(error)
        alive = {instance.instance_id for instance in instances if instance.state not in ENDING}
        await self._claims_without_instance(alive)
        await self._nodes_without_instance(alive, by_provider_id)
        if now - self._tidied > TIDY_SECONDS:
            self._tidied = now
            world = self._hands.world
            await self._hands.provider.tidy(
                list(world.of("nodeclasses").values()), list(world.of("nodeclaims").values())
            )
        if failed:
            raise failed[0]

    async def _end(self, instance: Launched) -> None:
        try:
            await self._hands.provider.delete(instance.provider_id)
        except NotFound:
            return
        why = f"{instance.instance_id}: no NodeClaim has it"
        self._hands.sink(events.CloudCalled(self._hands.now(), "TerminateInstances", instance.claim, why))

    async def _claims_without_instance(self, alive: set[str]) -> None:
        world = self._hands.world
        for key, claim in list(world.of("nodeclaims").items()):
            if claim.metadata.deleted is not None or not is_true(claim.conditions, "Registered"):
                continue
            node = world.of("nodes").get(world.node_of_provider_id.get(claim.provider_id, ""))
            ready = node is not None and is_true(node.conditions, "Ready")
            if claim.provider_id.rpartition("/")[2] not in alive and not ready:
                await self._hands.kube.delete("nodeclaims", key, uid=claim.metadata.uid)

    async def _nodes_without_instance(self, alive: set[str], claimed: set[str]) -> None:
        """Nodes that carry our finalizer, whose claim and instance are both gone."""
        now = self._hands.now()
        for key, node in list(self._hands.world.of("nodes").items()):
            ours = TERMINATION_FINALIZER in node.metadata.finalizers and NODEPOOL in node.metadata.labels
            gone = node.provider_id not in claimed and node.provider_id.rpartition("/")[2] not in alive
            old = now - node.metadata.created > GRACE_SECONDS
            if ours and gone and old and node.metadata.deleted is None and not is_true(node.conditions, "Ready"):
                await self._hands.kube.delete("nodes", key, uid=node.metadata.uid)
