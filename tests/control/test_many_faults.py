"""What goes wrong at one thing ends nothing else, and is not kept for ever."""

import asyncio
from typing import Any

from karptui.cloud.provider import CloudError, Interruption, Launched
from karptui.control.disruption.disrupt import Disruption
from karptui.control.instance.garbage import Garbage
from karptui.control.instance.interruption import Interruptions
from karptui.control.loop import ControlLoop
from karptui.control.node.evictions import KEPT_SECONDS, Evictions
from karptui.control.provisioning.provision import Provisioner
from karptui.kube.write import Eviction, EvictionAnswer
from karptui.model.labels import DISRUPTED, NODEPOOL
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import Node, NodeClaim
from karptui.model.pod import Pod, PodSpec
from karptui.model.taints import Taint
from karptui.world import events
from tests.control.noted import NOW, Noted


class Instances:
    """A cloud that lists these, and ends all but the protected one."""

    def __init__(self, *listed: Launched) -> None:
        self.listed = list(listed)
        self.ended: list[str] = []
        self.tidied = 0

    async def list(self) -> list[Launched]:
        return self.listed

    async def delete(self, provider_id: str) -> None:
        if provider_id.endswith("i-protected"):
            raise CloudError("ec2 TerminateInstances failed: it is protected (OperationNotPermitted)")
        self.ended.append(provider_id)

    async def tidy(self, *_: Any) -> None:
        self.tidied += 1


class Board(Noted):
    async def claims_now(self) -> list[tuple[str, str]]:
        claims = self.world.of("nodeclaims").values()
        return [(claim.metadata.uid, claim.provider_id) for claim in claims]

    async def evict(self, namespace: str, name: str, *, uid: str) -> EvictionAnswer:
        return EvictionAnswer(Eviction.ACCEPTED)


def instance(name: str, state: str = "running") -> Launched:
    provider_id = f"aws:///us-east-1a/{name}"
    return Launched(provider_id, "m5.large", "us-east-1a", "spot", "ami-1", launched=NOW - 3600, state=state)


def claim(name: str, instance: str, *conditions: Condition) -> NodeClaim:
    metadata = Metadata(name, uid=f"uid-{name}", labels={NODEPOOL: "general"}, created=NOW - 3600)
    return NodeClaim(metadata, provider_id=f"aws:///us-east-1a/{instance}", conditions=conditions)


def pod(name: str) -> Pod:
    return Pod(Metadata(name, "default", uid=f"uid-{name}"), PodSpec(b"plain"), {})


async def until(told: Any, what: str) -> None:
    async with asyncio.timeout(30):
        while not told():
            await asyncio.sleep(0.01)
    assert told(), what


async def test_an_instance_that_cannot_be_ended_keeps_nothing_else_from_being_collected() -> None:
    cloud = Instances(instance("i-protected"), instance("i-orphan"))
    board = Board(cloud)
    board.show("nodeclaims", claim("general-1", "i-gone", Condition("Registered", "True")))
    running = asyncio.ensure_future(Garbage(board.hands).run())
    board.world.apply(events.StreamChanged(NOW, "nodes", events.StreamState.LIVE))
    try:
        await until(lambda: any(isinstance(event, events.Problem) for event in board.told), "a problem told")
    finally:
        running.cancel()
    assert cloud.ended == ["aws:///us-east-1a/i-orphan"]
    assert board.deleted == [("nodeclaims", "general-1")]
    assert cloud.tidied == 1
    assert "protected" in str([event.message for event in board.told if isinstance(event, events.Problem)])


async def test_a_claim_whose_instance_is_shutting_down_counts_as_without_one() -> None:
    cloud = Instances(instance("i-1", "shutting-down"))
    board = Board(cloud)
    board.show("nodeclaims", claim("general-1", "i-1", Condition("Registered", "True")))
    await Garbage(board.hands).collect()
    assert board.deleted == [("nodeclaims", "general-1")]
    assert not cloud.ended


class Blind:
    resource = "nodes"

    def due(self) -> list[str]:
        raise KeyError("general")

    async def reconcile(self, key: str) -> None:
        raise AssertionError


class Sound(Blind):
    def __init__(self) -> None:
        self.done: list[str] = []

    def due(self) -> list[str]:
        return ["n"] if not self.done else []

    async def reconcile(self, key: str) -> None:
        self.done.append(key)


async def test_a_reconciler_that_cannot_say_what_is_due_is_told_of_once_and_the_others_work() -> None:
    board, sound = Noted(), Sound()
    board.world.apply(events.StreamChanged(NOW, "nodes", events.StreamState.LIVE))
    running = asyncio.ensure_future(ControlLoop(board.hands, [Blind(), sound]).run())
    try:
        await until(lambda: sound.done, "the sound one")
        await asyncio.sleep(0.5)  # more looks, each with the same fault
    finally:
        running.cancel()
    problems = [event for event in board.told if isinstance(event, events.Problem)]
    assert [problem.where for problem in problems] == ["blind"]
    assert "cannot say what is to be done" in problems[0].message


class Warnings:
    """Gives three messages; at the first of them something goes wrong, the second is not done before the third is."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._third = asyncio.Event()

    async def interruptions(self) -> Any:
        for instance in ("i-1", "i-2", "i-3"):
            yield Interruption("spot_interrupted", (instance,), NOW)
        await asyncio.sleep(60)

    async def acknowledge(self, message: Interruption) -> None:
        (instance,) = message.instance_ids
        if instance == "i-1":
            raise KeyError("ReceiptHandle")
        if instance == "i-2":
            await self._third.wait()
        self._third.set()
        self.done.append(instance)


async def test_a_message_that_is_slow_or_goes_wrong_does_not_keep_the_others() -> None:
    cloud = Warnings()
    board = Noted(cloud)
    running = asyncio.ensure_future(Interruptions(board.hands).run())
    try:
        await until(lambda: len(cloud.done) == 2, "both others done")
        assert not running.done()
    finally:
        running.cancel()
    assert cloud.done == ["i-3", "i-2"]
    assert "KeyError" in str([event.message for event in board.told if isinstance(event, events.Problem)])


async def test_pods_that_have_gone_are_forgotten() -> None:
    board = Board()
    evictions = Evictions(board.hands)
    pods = [pod(f"web-{number}") for number in range(100)]
    await evictions.evict(Node(Metadata("n")), pods)
    await evictions.force([pod("old")], NOW)
    board.at += KEPT_SECONDS + 60
    await evictions.evict(Node(Metadata("n")), [pod("new")])
    await evictions.force([pod("newer")], NOW)
    assert sum(len(kept) for kept in vars(evictions).values() if isinstance(kept, dict)) == 2


async def test_a_nodeclaim_that_an_earlier_run_marked_is_given_back_also_when_its_node_is_not_tainted() -> None:
    board = Noted()
    marked = claim("general-1", "i-1", Condition("DisruptionReason", "True", "Drifted"))
    tainted = claim("general-2", "i-2")
    taint = Taint(DISRUPTED, "", "NoSchedule")
    board.show("nodeclaims", marked, tainted)
    board.show("nodes", Node(Metadata("one"), provider_id=marked.provider_id))
    board.show("nodes", Node(Metadata("two"), provider_id=tainted.provider_id, taints=(taint,)))
    board.world.apply(events.StreamChanged(NOW, "nodes", events.StreamState.LIVE))
    running = asyncio.ensure_future(Disruption(board.hands, Provisioner(board.hands)).run())
    try:
        await until(lambda: len(board.patches) >= 2, "both given back")
    finally:
        running.cancel()
    written = {(resource, name): body for resource, name, body in board.patches}
    assert written["nodeclaims", "general-1"]["status"]["conditions"] == []
    assert written["nodes", "two"]["spec"]["taints"] == []
    assert ("nodes", "one") not in written
