"""What Karpenter says of its nominations, heard by whoever watches."""

import pytest

from karptui.model.metadata import Metadata
from karptui.model.workload import KubeEvent
from karptui.shadow.sight import Sight
from karptui.world.events import Change, ObjectSeen
from karptui.world.world import World

NOMINATED = "Pod should schedule on: nodeclaim/general-a, node/node-a"
UNREADY = "Failed to schedule pod, would schedule against uninitialized nodeclaim/general-a, node/node-a"


def heard(sight: Sight, at: float, reason: str, message: str, told: float | None = None) -> None:
    event = KubeEvent(
        Metadata("e", "default"),
        reason,
        message,
        "Normal",
        "karpenter",
        "Pod",
        "default/pod",
        at if told is None else told,
    )
    sight.hear(ObjectSeen(at, "events", Change.ADDED, event))


@pytest.mark.parametrize(("reason", "message"), [("Nominated", NOMINATED), ("FailedScheduling", UNREADY)])
def test_a_node_that_karpenter_says_it_has_chosen_is_nominated_for_twice_the_longest_window(
    reason: str, message: str
) -> None:
    sight = Sight(World())

    heard(sight, 100.0, reason, message)

    assert sight.snapshot(119.0).nominated == {"node-a": 120.0}
    assert sight.snapshot(121.0).nominated == {}


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        ("Nominated", NOMINATED, 80.0),
        ("Nominated", "Pod should schedule on: nodeclaim/general-a", 100.0),
        ("FailedScheduling", "0/3 nodes are available: node/node-a is full", 100.0),
    ],
    ids=["long ago", "a new NodeClaim", "the scheduler's"],
)
def test_other_words_nominate_nothing(reason: str, message: str, told: float) -> None:
    sight = Sight(World())

    heard(sight, 100.0, reason, message, told)

    assert sight.nominated == {}


def test_what_was_foreseen_more_exactly_is_not_put_off_by_what_is_heard_a_little_later() -> None:
    sight = Sight(World())
    sight.nominate_names(99.5, ["node-a"])

    heard(sight, 100.0, "Nominated", NOMINATED)

    assert sight.nominated == {"node-a": 119.5}


def test_of_two_commands_the_one_that_karpenters_words_fit_is_told() -> None:
    sight = Sight(World())
    heard(sight, 100.0, "Nominated", NOMINATED)

    assert sight.told_of({"node-a": ("default/pod",)}, 99.0) == 1
    assert sight.told_of({"node-b": ("default/pod",)}, 99.0) == -1
    assert sight.told_of({"node-b": ("default/other",)}, 99.0) == 0
    assert sight.told_of({"node-a": ("default/pod",)}, 101.0) == 0
