"""What `kubectl describe` says of pods that ask for their node to stay."""

import pytest
from msgspec.structs import replace

from karptui.control.disruption.do_not_disrupt_events import DoNotDisruptEvents
from karptui.model.labels import DO_NOT_DISRUPT
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod, PodSpec
from tests.control.noted import NOW, Noted

UNTIL, OVER, INVALID = "DoNotDisruptUntil", "DoNotDisruptGracePeriodElapsed", "InvalidDoNotDisruptAnnotation"


def pod(asks: str | None, name: str = "web", node: str = "one") -> Pod:
    metadata = Metadata(name, "default", uid=name, annotations={} if asks is None else {DO_NOT_DISRUPT: asks})
    return Pod(metadata, PodSpec(b""), {}, node_name=node, phase="Running", started=NOW - 60)


def board(*pods: Pod) -> tuple[Noted, DoNotDisruptEvents]:
    found = Noted()
    found.show("nodeclaims", NodeClaim(Metadata("general-1", uid="claim-1"), node_name="one"))
    found.show("pods", *pods)
    return found, DoNotDisruptEvents(found.hands)


@pytest.mark.parametrize(
    ("asks", "reason"),
    [
        (None, ""),
        ("true", ""),
        ("2m", UNTIL),
        ("30s", OVER),
        ("false", INVALID),
        ("True", INVALID),
        ("0s", INVALID),
        ("-1h", INVALID),
        ("soon", INVALID),
    ],
)
async def test_a_pod_is_told_what_its_annotation_is_worth(asks: str | None, reason: str) -> None:
    found, told = board(pod(asks))
    await told.tell()
    assert found.recorded == ([("Pod", "web", reason)] if reason else [])


async def test_the_same_is_said_once_in_two_minutes_and_that_the_time_is_over_at_once() -> None:
    found, told = board(pod("2m"))
    for seconds in (0, 10, 40, 30, 30, 20, 40):
        found.at += seconds
        await told.tell()
    assert [reason for _, _, reason in found.recorded] == [UNTIL, OVER]
    found.at += 60
    await told.tell()
    assert [reason for _, _, reason in found.recorded] == [UNTIL, OVER, OVER]


async def test_only_running_pods_of_karpenters_nodes_are_told() -> None:
    elsewhere, ended = pod("soon", "elsewhere", node="mine"), replace(pod("soon", "ended"), phase="Succeeded")
    not_started = replace(pod("2m", "new"), started=None)
    found, told = board(elsewhere, ended, not_started)
    await told.tell()
    assert not found.recorded


async def test_a_pass_tells_no_more_pods_than_the_api_server_can_bear() -> None:
    found, told = board(*(pod("soon", f"web-{number}") for number in range(120)))
    counts: list[int] = []
    for _ in range(3):
        await told.tell()
        counts.append(len(found.recorded))
    assert counts == [50, 100, 120]
