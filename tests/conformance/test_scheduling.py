"""Every question gets the answer that Karpenter gave."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from karptui.cloud.scenario import snapshot_of
from karptui.compare.scheduling import LEVELS, difference
from karptui.engine.provisioning import plan
from karptui.report.expect import expect_of
from tests.conformance.corpus import catalog, family, names, scenario


@pytest.mark.parametrize("name", names())
def test_a_provisioning_round_decides_what_karpenter_decided(name: str) -> None:
    question = scenario(name)
    answer = plan(snapshot_of(question, catalog()))
    assert answer.not_modelled == ()
    ours = json.loads(json.dumps(expect_of(answer)))
    found = difference(ours, question["expect"])
    if found is not None:
        level, mine, wanted = found
        pytest.fail(f"{name} ({question['about']}) differs in {level}:\n  ours  {mine}\n  theirs {wanted}")


@pytest.mark.parametrize("name", [name for name in names() if family(name) in ("mixed", "groups", "podaffinity")])
def test_deciding_by_class_gives_what_deciding_pod_by_pod_gives(name: str) -> None:
    snapshot = snapshot_of(scenario(name), catalog())
    alone = {key: replace(pod, spec=replace(pod.spec, key=key.encode())) for key, pod in snapshot.pods.items()}
    assert expect_of(plan(replace(snapshot, pods=alone))) == expect_of(plan(snapshot))


def _drop_claim(answer: dict[str, Any]) -> None:
    answer["newNodeClaims"].pop()


def _drop_type(answer: dict[str, Any]) -> None:
    answer["newNodeClaims"][0]["instanceTypes"].pop()


def _swap_types(answer: dict[str, Any]) -> None:
    answer["newNodeClaims"][0]["instanceTypes"].reverse()


def _change_requests(answer: dict[str, Any]) -> None:
    answer["newNodeClaims"][0]["requests"]["cpu"] = "17"


@pytest.mark.parametrize(
    ("level", "spoil"), list(zip(LEVELS, (_drop_claim, _drop_type, _swap_types, _change_requests), strict=True))
)
def test_the_comparison_finds_a_difference_at_its_own_level(level: str, spoil: Any) -> None:
    theirs = scenario("large-000")["expect"]
    ours = json.loads(json.dumps(theirs))
    assert difference(ours, theirs) is None
    spoil(ours)
    found = difference(ours, theirs)
    assert found is not None
    assert found[0] == level
