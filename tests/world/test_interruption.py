"""Karpenter's Events tell who only watches what EC2 does to an instance."""

import pytest

from karptui.model.metadata import Metadata
from karptui.model.workload import KubeEvent
from karptui.views.answers.why import why
from karptui.views.line import plain
from karptui.views.lists.overview import in_flight, node_row, sentence
from karptui.world import events
from karptui.world.marks import mark_of
from karptui.world.still import still_of
from karptui.world.world import World
from tests.world.recorded import STARTED, recorded_events, world_until

CLAIM = "default-cjbhf"
NOW = STARTED + 31.0


def said(reason: str, about: str, kind: str = "NodeClaim", at: float = NOW) -> events.ObjectSeen:
    """What Karpenter writes about an object."""
    metadata = Metadata(name=f"{about}.{reason}.{at}", namespace="default")
    found = KubeEvent(metadata, reason, "a message", "Warning", "karpenter", kind, about, at)
    return events.ObjectSeen(at, "events", events.Change.ADDED, found)


def instance_of(world: World) -> str:
    return world.of("nodeclaims")[CLAIM].provider_id.rpartition("/")[2]


def node_of(world: World) -> str:
    return world.of("nodeclaims")[CLAIM].node_name


@pytest.mark.parametrize("kind", ["NodeClaim", "Node"])
def test_a_spot_interruption_has_two_minutes_from_the_time_of_its_event(kind: str) -> None:
    world = world_until(30)
    world.apply(said("SpotInterrupted", CLAIM if kind == "NodeClaim" else node_of(world), kind))
    notice = world.interruptions[instance_of(world)]
    assert (notice.kind, notice.at, notice.deadline) == ("spot_interrupted", NOW, NOW + 120)
    assert world.claim_timelines[CLAIM].interrupted == NOW
    node = world.of("nodes")[node_of(world)]
    assert node_row(world, node).note == "interrupted"
    for subject in (("node", node.key), ("claim", CLAIM)):
        told = [plain(line) for line in why(world, *subject, NOW + 20).lines]
        assert any("spot interruption" in line and "EC2 takes the instance in 1m40s" in line for line in told)
    assert [line.text for line in world.log if line.source == "ec2"] == ["spot interrupted: EC2 takes it at 12:31:33"]
    assert "EC2 takes" in sentence(world, [], [])


def test_the_event_on_the_claim_and_that_on_the_node_are_one_interruption() -> None:
    world = world_until(30)
    world.apply(said("SpotInterrupted", CLAIM))
    world.apply(said("SpotInterrupted", node_of(world), "Node", NOW + 3))
    world.apply(said("InstanceTerminating", CLAIM, at=NOW + 9))
    assert world.interruptions[instance_of(world)].deadline == NOW + 120
    assert sum(line.source == "ec2" for line in world.log) == 1


def test_a_recommendation_is_told_of_and_an_interruption_after_it_weighs_more() -> None:
    world = world_until(30)
    world.apply(said("SpotRebalanceRecommendation", CLAIM))
    node = world.of("nodes")[node_of(world)]
    assert node_row(world, node).note == "rebalance"
    assert world.claim_timelines[CLAIM].interrupted is None
    world.apply(said("SpotInterrupted", CLAIM, at=NOW + 5))
    assert node_row(world, node).note == "interrupted"
    world.apply(said("SpotRebalanceRecommendation", CLAIM, at=NOW + 9))
    assert world.interruptions[instance_of(world)].deadline == NOW + 125


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("InstanceStopping", "EC2 stops the instance"),
        ("InstanceTerminating", "EC2 terminates the instance"),
        ("InstanceUnhealthy", "EC2 calls the instance unhealthy"),
        ("CapacityReservationInstanceInterrupted", "capacity reservation"),
    ],
)
def test_what_has_no_deadline_is_told_as_what_it_is(reason: str, words: str) -> None:
    world = world_until(30)
    world.apply(said(reason, CLAIM))
    assert world.interruptions[instance_of(world)].deadline is None
    assert any(words in plain(line) for line in why(world, "claim", CLAIM, NOW).lines)


def test_an_event_that_is_listed_before_its_claim_counts_once_the_claim_is_there() -> None:
    world = World()
    world.apply(said("SpotInterrupted", CLAIM))
    assert not world.interruptions
    still = still_of(world)
    for event in recorded_events():
        if event.at <= STARTED + 30:
            world.apply(event)
    assert world.interruptions[instance_of(world)].deadline == NOW + 120
    assert still.announced
    assert not world.announced


def test_an_event_about_an_earlier_node_of_the_same_name_is_not_about_this_one() -> None:
    world = world_until(30)
    node = node_of(world)
    world.apply(said("SpotInterrupted", node, "Node", world.of("nodes")[node].metadata.created - 60))
    assert not world.interruptions


def test_pods_and_other_reasons_say_nothing_of_an_instance() -> None:
    world = world_until(30)
    for event in (said("SpotInterrupted", "default/web", "Pod"), said("DisruptionBlocked", CLAIM)):
        world.apply(event)
        assert mark_of(event) is None
    assert not world.interruptions
    assert not world.announced


def test_it_is_marked_on_the_axis_once() -> None:
    world = world_until(30)
    marks = [mark_of(said("SpotInterrupted", CLAIM)), mark_of(said("SpotInterrupted", node_of(world), "Node"))]
    assert [mark and mark.kind for mark in marks] == ["interruption", None]


def test_a_claim_on_its_way_out_says_when_ec2_takes_it() -> None:
    world = world_until(57)
    (row,) = [row for row in in_flight(world, [], NOW) if row.stage.startswith("draining")][:1]
    world.apply(said("SpotInterrupted", row.key, at=STARTED + 57))
    (after,) = [found for found in in_flight(world, [], STARTED + 60) if found.key == row.key]
    assert after.stage == f"{row.stage}, taken in 1m57s"
