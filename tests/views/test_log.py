"""The log is read in the order of time, whenever its lines came; and Events of one object newest first."""

from karptui.model.metadata import Metadata
from karptui.model.workload import KubeEvent
from karptui.views.answers.object_events import event_lines
from karptui.views.line import plain
from karptui.views.lists.log import LogTail
from karptui.world import events
from karptui.world.world import KEPT_EVENTS, World

NOON = 1_795_262_400.0  # 2026-11-21 12:00:00Z


def told(world: World, at: float, message: str, *, seen: float = NOON) -> None:
    """An Event of Kubernetes, which reaches us at `seen`."""
    name = f"event-{len(world.of('events'))}"
    metadata = Metadata(name=name, namespace="default", uid=name)
    found = KubeEvent(metadata, "Reason", message, "Normal", source="kubelet", kind="Node", about="node-1", at=at)
    world.apply(events.ObjectSeen(seen, "events", events.Change.ADDED, found))


def test_a_line_that_comes_late_stands_where_its_time_is() -> None:
    world, tail = World(), LogTail()
    told(world, NOON, "first")
    world.apply(events.Problem(NOON + 5.0, "engine", "third"))
    assert [row.text for row in tail.read(world)] == ["first", "third"]
    keys = {row.text: row.key for row in tail.read(world)}
    told(world, NOON + 2.0, "second")
    told(world, NOON + 5.0, "fourth")
    assert [row.text for row in tail.read(world)] == ["first", "second", "third", "fourth"]
    assert keys.items() <= {row.text: row.key for row in tail.read(world)}.items()


def test_the_oldest_lines_are_those_that_are_forgotten() -> None:
    world, tail = World(), LogTail()
    for number in range(KEPT_EVENTS):
        world.apply(events.Problem(NOON + number, "engine", f"{number}"))
    tail.read(world)
    told(world, NOON + 0.5, "late")
    world.apply(events.Problem(NOON + KEPT_EVENTS, "engine", "last"))
    rows = tail.read(world)
    assert len(rows) == KEPT_EVENTS
    assert [rows[0].text, rows[-1].text] == ["1", "last"]


def test_events_stand_newest_first_and_of_one_second_the_last_to_come_is_the_newest() -> None:
    world = World()
    for at, words in ((NOON, "launched"), (NOON + 9.0, "registered"), (NOON + 9.0, "ready"), (NOON + 3.0, "late")):
        told(world, at, words)
    lines = [plain(line) for line in event_lines(world, "node", "node-1", width=100)]
    assert [line.split()[-1] for line in lines] == ["ready", "registered", "late", "launched"]


def test_a_message_that_does_not_fit_beside_its_reason_has_a_line_of_its_own() -> None:
    world = World()
    told(world, NOON, "a message that goes on and on")
    wide, narrow = (event_lines(world, "node", "node-1", width=width) for width in (80, 40))
    assert [plain(line) for line in wide] == ["12:00:00  Reason  kubelet  a message that goes on and on"]
    assert [plain(line) for line in narrow] == ["12:00:00  Reason  kubelet", " " * 10 + "a message that goes on and on"]
