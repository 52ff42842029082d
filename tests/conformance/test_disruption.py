"""Every disruption question gets the answer that Karpenter gave."""

import json
from typing import Any

import pytest

from karptui.compare.disruption import LEVELS, disruption_difference
from karptui.report.conformance import answered
from tests.conformance.corpus import DISRUPTION, catalog, names, scenario


@pytest.mark.parametrize("name", names(DISRUPTION))
def test_a_disruption_pass_decides_what_karpenter_decided(name: str) -> None:
    question = scenario(name, DISRUPTION)
    ours, _ = answered(question, catalog())
    assert "notModelled" not in ours
    found = disruption_difference(ours, question["expect"])
    if found is not None:
        level, mine, wanted = found
        pytest.fail(f"{name} ({question['about']}) differs in {level}:\n  ours   {mine}\n  theirs {wanted}")


def _another_condition(answer: dict[str, Any]) -> None:
    answer["conditions"] = {"node": {"Consolidatable": False, "Drifted": None}}


def _block(answer: dict[str, Any]) -> None:
    answer["blocked"]["node"] = "some reason"


def _drop_node(answer: dict[str, Any]) -> None:
    answer["commands"][0]["candidates"].pop()


def _change_price(answer: dict[str, Any]) -> None:
    answer["commands"][0]["priceAfter"] += 0.00001


def _drop_type(answer: dict[str, Any]) -> None:
    answer["commands"][0]["replacements"][0]["instanceTypes"].pop()


SPOILERS = (_another_condition, _block, _drop_node, _change_price, _drop_type)


@pytest.mark.parametrize(("level", "spoil"), list(zip(LEVELS, SPOILERS, strict=True)))
def test_the_disruption_comparison_finds_a_difference_at_its_own_level(level: str, spoil: Any) -> None:
    theirs = scenario("multi-replace-001", DISRUPTION)["expect"]
    ours = json.loads(json.dumps(theirs))
    assert disruption_difference(ours, theirs) is None
    spoil(ours)
    found = disruption_difference(ours, theirs)
    assert found is not None
    assert found[0] == level
