"""Every launch question gets the answer that Karpenter's AWS provider gave: status, calls, NodeClaims, errors."""

import json
from typing import Any

import pytest

from karptui.compare.launch_answer import launch_answer
from karptui.compare.launches import PARTS, launch_difference
from tests.conformance.launch_corpus import launch_catalogue, launch_names, launch_scenario


@pytest.mark.parametrize("name", launch_names())
async def test_a_launch_is_what_karpenters_provider_sends(name: str) -> None:
    question = launch_scenario(name)
    found = launch_difference(await launch_answer(question, launch_catalogue()), question["expect"])
    if found is not None:
        part, mine, wanted = found
        pytest.fail(f"{name} differs in {part}:\n  ours   {mine}\n  theirs {wanted}")


def _another_image(answer: dict[str, Any]) -> None:
    answer["nodeClass"]["amis"][0]["id"] += "x"


def _another_reason(answer: dict[str, Any]) -> None:
    answer["nodeClass"]["conditions"]["AMIsReady"]["reason"] = "AMINotFound"


def _another_hash(answer: dict[str, Any]) -> None:
    answer["nodeClass"]["hash"] += "1"


def _an_error(answer: dict[str, Any]) -> None:
    answer["launches"][0]["error"] = {"class": "CreateError"}


def _another_user_data(answer: dict[str, Any]) -> None:
    answer["launches"][0]["createLaunchTemplate"][0]["LaunchTemplateData"]["UserData"] += "\n"


def _another_price(answer: dict[str, Any]) -> None:
    answer["launches"][0]["createFleet"][0]["LaunchTemplateConfigs"][0]["Overrides"][0]["Priority"] += 0.00001


def _another_amount(answer: dict[str, Any]) -> None:
    answer["launches"][0]["nodeClaim"]["allocatable"]["memory"] = "1Mi"


SPOILERS = (
    _another_image,
    _another_reason,
    _another_hash,
    _an_error,
    _another_user_data,
    _another_price,
    _another_amount,
)


@pytest.mark.parametrize(("part", "spoil"), list(zip(PARTS, SPOILERS, strict=True)))
def test_the_launch_comparison_finds_a_difference_in_its_own_part(part: str, spoil: Any) -> None:
    theirs = launch_scenario("basic-al2023-001")["expect"]
    ours = json.loads(json.dumps(theirs))
    assert launch_difference(ours, theirs) is None
    spoil(ours)
    found = launch_difference(ours, theirs)
    assert found is not None
    assert found[0] == part
