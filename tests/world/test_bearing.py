"""Which changes of an object bear on a plan."""

from msgspec.structs import replace

from karptui.model.metadata import Condition
from karptui.world import events
from karptui.world.bearing import bears
from karptui.world.events import Change
from karptui.world.world import World
from tests.world.recorded import STARTED, node, pod, seen


def _ready(status: str) -> Condition:
    return Condition(type="Ready", status=status, changed=STARTED)


def test_another_version_of_an_object_bears_on_nothing() -> None:
    for made in (pod(node="n1"), node("n1")):
        later = replace(made, metadata=replace(made.metadata, resource_version="later", generation=7))
        assert not bears(made, later)


def test_what_an_engine_reads_of_a_pod_bears() -> None:
    before = replace(pod(node="n1"), conditions=(_ready("True"),))
    labels = replace(before.metadata, labels={"app": "other"})
    for after in (
        replace(before, metadata=labels),
        replace(before, metadata=replace(before.metadata, deleted=STARTED)),
        replace(before, phase="Succeeded"),
        replace(before, node_name="n2"),
        replace(before, requests={"cpu": 7}),
        replace(before, conditions=(_ready("False"),)),
        replace(before, spec=replace(before.spec, key=b"other")),
    ):
        assert bears(before, after)


def test_a_condition_that_no_engine_reads_bears_on_nothing() -> None:
    before = replace(pod(node="n1"), conditions=(_ready("True"),))
    after = replace(before, conditions=(_ready("True"), Condition(type="ContainersReady", status="True")))
    assert not bears(before, after)


def test_an_object_that_comes_or_goes_bears() -> None:
    assert bears(None, node("n1"))
    assert bears(node("n1"), None)


def test_a_new_version_of_a_pod_leaves_the_number_of_the_world_and_its_node_alone() -> None:
    world, made = World(), pod(node="n1")
    world.apply(seen(made, change=Change.ADDED))
    number = world.number
    world.dirty.clear()
    later = replace(made, metadata=replace(made.metadata, resource_version="later"))
    world.apply(events.ObjectSeen(STARTED + 1, "pods", Change.MODIFIED, later))
    assert world.number == number
    assert world.dirty == {("pods", made.key)}
    assert world.snapshot(STARTED + 1).pods[made.key] is later


def test_a_new_version_of_a_pod_is_the_one_that_its_node_and_the_pending_show() -> None:
    world = World()
    for made in (pod("bound", node="n1"), pod("waiting")):
        world.apply(seen(made, change=Change.ADDED))
        later = replace(made, metadata=replace(made.metadata, resource_version="later"))
        world.apply(events.ObjectSeen(STARTED + 1, "pods", Change.MODIFIED, later))
        shown = world.usage.on("n1") if made.node_name else world.pending
        assert shown[made.key] is later
