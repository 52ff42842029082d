"""A run as plain lines: what is told, what is told together, and what is not news."""

import io
import json
from typing import Any

from karptui.cloud.kwok.catalogue import built_in
from karptui.model.decision import Decision, DecisionKind
from karptui.report.lines import Reporter
from karptui.world import events
from karptui.world.events import Change, StreamState
from karptui.world.world import World
from tests.world.recorded import STARTED, node, pod, recorded_events, seen

RESOURCES = ("pods", "nodes", "nodeclaims", "nodepools")


class Told:
    """A World with a reporter beside it, as in a run."""

    def __init__(self, json: bool = False, live: bool = True) -> None:
        self.out = io.StringIO()
        self.world = World()
        self.reporter = Reporter(self.world, self.out, json)
        self.take(events.CatalogueSeen(STARTED, built_in()))
        if live:
            for resource in RESOURCES:
                self.take(events.StreamChanged(STARTED, resource, StreamState.LIVE))
            self.lines()

    def take(self, *what: events.Event) -> None:
        for event in what:
            self.world.apply(event)
            self.reporter(event)

    def lines(self, now: float | None = None) -> list[str]:
        """What was printed since the last call, without times."""
        self.reporter.flush(now)
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return [line.split("  ", 1)[1] if not line.startswith("{") else line for line in text.splitlines()]


def whole_story(as_json: bool) -> list[str]:
    told = Told(as_json, live=False)
    for event in recorded_events():
        told.take(event)
        told.reporter.flush(event.at)
    return told.lines()


def test_the_recorded_story_is_told_from_the_first_pod_to_the_last_node() -> None:
    lines = whole_story(as_json=False)
    assert lines[0] == "connected    karpenter-kwok, Kubernetes v1.35.4, Karpenter v1.14.1"
    assert lines[1] == "synced       0 nodes, 0 pods, 0 pending, $0.00/h"
    assert lines[2] == "pending      5 pods default/inflate-84d777bc48-*: no nodes available to schedule pods"
    assert "nodeclaim    default-cjbhf launched: c-8x-amd64-linux spot test-zone-a $0.152/h" in lines
    assert "cost         $0.00/h → $0.152/h (+$0.152/h)" in lines
    assert any(line.startswith("bound        5 pods default/inflate-84d777bc48-* → kwok-default") for line in lines)
    assert sum("gone" in line for line in lines if line.startswith("node ")) == 7
    assert len(lines) < 130


def test_every_line_of_the_json_story_has_a_time_a_kind_and_its_facts() -> None:
    lines = [json.loads(line) for line in whole_story(as_json=True)]
    assert all({"at", "kind", "text"} <= set(line) for line in lines)
    (first,) = [line for line in lines if line["kind"] == "pending" and "inflate" in line["text"]]
    assert len(first["names"]) == 5
    assert first["at"] == "2026-11-21T12:29:03.707Z"
    stages = [line["stage"] for line in lines if line.get("nodeClaim") == "default-cjbhf"]
    assert stages == ["created", "launched", "registered", "initialized", "draining", "terminating", "gone"]


def waiting(name: str, at: float) -> events.ObjectSeen:
    return seen(pod(name, unschedulable=True), at, Change.ADDED)


def test_a_burst_of_pods_is_one_line() -> None:
    told = Told()
    told.take(*(waiting(f"web-{number:02d}", STARTED + number / 100) for number in range(40)))
    assert told.lines() == ["pending      40 pods default/web-*: 0/1 nodes are available: 1 Insufficient cpu."]


def test_pods_that_come_later_are_told_again() -> None:
    told = Told()
    told.take(waiting("web-1", STARTED), waiting("web-2", STARTED + 5))
    assert len(told.lines()) == 2


def test_nothing_is_printed_before_others_may_have_joined() -> None:
    told = Told()
    told.take(waiting("web-1", STARTED))
    assert told.lines(STARTED + 0.4) == []
    assert len(told.lines(STARTED + 0.6)) == 1
    assert told.lines(STARTED + 9) == []


def test_what_was_there_when_karptui_came_is_not_told_one_by_one() -> None:
    told = Told(live=False)
    for resource in RESOURCES:
        told.take(events.StreamChanged(STARTED, resource, StreamState.SYNCING))
    told.take(*(seen(node(f"n{number}"), STARTED, Change.ADDED) for number in range(3)))
    told.take(seen(pod("old", node="n1", phase="Running"), STARTED, Change.ADDED), waiting("stuck", STARTED))
    for resource in RESOURCES:
        told.take(events.StreamChanged(STARTED, resource, StreamState.LIVE))
    lines = told.lines()
    assert [line.split()[0] for line in lines] == ["pending", "synced"]
    assert lines[1].startswith("synced       3 nodes, 2 pods, 1 pending, $0.2")


def test_a_cluster_that_never_answered_is_not_called_synced() -> None:
    told = Told(live=False)
    for resource in RESOURCES:
        told.take(events.StreamChanged(STARTED, resource, StreamState.STALE, "No connection"))
    (line,) = told.lines()
    assert line.startswith("stream ")
    assert line.endswith(": No connection")
    for resource in RESOURCES:
        told.take(events.StreamChanged(STARTED + 9, resource, StreamState.LIVE))
    assert [line.split()[0] for line in told.lines()] == ["stream", "synced"]


def test_a_bound_pod_is_told_with_its_node_and_its_seconds() -> None:
    told = Told()
    told.take(waiting("web-1", STARTED + 1.2), seen(pod("web-1", node="n1"), STARTED + 6.2))
    told.take(seen(pod("web-1", node="n1", phase="Running"), STARTED + 7))
    assert told.lines()[1:] == ["bound        default/web-1 → n1 after 5.0s"]


def test_a_node_that_stops_being_ready_is_told_with_what_it_says() -> None:
    told = Told()
    told.take(seen(node("n1"), STARTED, Change.ADDED))
    told.lines()
    gone_quiet = node("n1")
    conditions = tuple(
        type(entry)(entry.type, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
        for entry in gone_quiet.conditions
    )
    told.take(seen(type(gone_quiet)(gone_quiet.metadata, gone_quiet.provider_id, conditions=conditions), STARTED + 9))
    assert told.lines() == ["node         n1 no longer ready: Kubelet stopped posting node status."]


def test_a_lost_stream_is_told_once_and_its_return_as_well() -> None:
    told = Told()
    for second in range(3):
        told.take(events.StreamChanged(STARTED + second, "pods", StreamState.STALE, "the connection was lost"))
    told.take(events.StreamChanged(STARTED + 9, "pods", StreamState.LIVE))
    assert told.lines() == ["stream       pods: the connection was lost", "stream       pods: read again"]


def test_a_decision_says_what_is_not_modelled() -> None:
    told = Told()
    made = Decision("D-00001", STARTED, DecisionKind.NOMINATE, ("default/a",), ("n1",), not_modelled=("volumes",))
    told.take(events.DecisionMade(STARTED, made))
    assert told.lines() == ["decision     D-00001 1 pod → n1, which has room (not modelled: volumes)"]


def test_the_rest_of_what_happens_is_told_in_its_own_words() -> None:
    told = Told()
    told.take(
        events.Narrated(STARTED, 1, "Five pods need room"),
        events.CloudCalled(STARTED + 1, "CreateFleet", "default-1", "m5.large in 2a"),
        events.CloudCalled(STARTED + 2, "CreateFleet", "default-2", error="InsufficientInstanceCapacity"),
        events.InterruptionSeen(STARTED + 3, "i-1", "spot interrupted", STARTED + 123),
        events.DecisionCarriedOut(STARTED + 4, "D-00001", "default-1", "NodeClaim default-1 created"),
        events.Problem(STARTED + 5, "pods", "Not allowed to list pods"),
    )
    assert told.lines() == [
        "story        Five pods need room",
        "ec2          CreateFleet for default-1: m5.large in 2a",
        "ec2          CreateFleet for default-2: InsufficientInstanceCapacity",
        "interruption i-1: spot interrupted, 120s left",
        "done         D-00001: NodeClaim default-1 created",
        "problem      pods: Not allowed to list pods",
    ]


def test_what_is_passed_over_is_known_afterwards() -> None:
    told = Told()
    for event in (waiting("web-1", STARTED), seen(node("n1"), STARTED, Change.ADDED)):
        told.world.apply(event)
        told.reporter.pass_over(event)
    told.take(waiting("web-1", STARTED + 1))
    assert told.lines() == []
    told.reporter.stand(STARTED + 1)
    (line,) = told.lines()
    assert line.startswith("synced       1 node, 1 pod, 1 pending")


def test_hostile_names_stay_on_their_line() -> None:
    told = Told(json=True)
    hostile: Any = pod("web", unschedulable=True)
    told.take(seen(hostile, STARTED, Change.ADDED), events.Problem(STARTED, "x", 'a "quoted"\nproblem'))
    assert all(json.loads(line) for line in told.lines())
