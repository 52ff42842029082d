"""The scripted day that comes with karptui: what a real Karpenter did, foreseen again from its recording."""

import json
from pathlib import Path

import pytest

from karptui.modes.shadow import judged_recording
from karptui.report.shadow import shadow_json
from karptui.shadow.judged import judgements
from karptui.shadow.observer import Observer
from karptui.shadow.score import DISRUPTION_BAR, PROVISIONING_BAR, Score, score_of

DAY = Path(__file__).parents[2] / "recordings" / "karpenter-scripted-day.jsonl.zst"


@pytest.fixture(scope="module")
def scripted_day() -> Observer:
    return judged_recording(DAY)


@pytest.fixture(scope="module")
def score(scripted_day: Observer) -> Score:
    return score_of(judgements(scripted_day.pairs, scripted_day.moves))


def _written(observer: Observer) -> str:
    return json.dumps(shadow_json(observer.pairs, observer.moves, observer.removals))


def test_it_is_foreseen_and_a_second_judging_says_the_same_byte_for_byte(scripted_day: Observer, score: Score) -> None:
    assert (score.provisioning.agreement or 0) >= PROVISIONING_BAR, score.causes
    assert (score.disruption.agreement or 0) >= DISRUPTION_BAR, score.causes
    assert score.unexplained == 0
    assert score.overtaken == 0
    assert score.provisioning.judged >= 20
    assert score.disruption.judged >= 15
    assert _written(scripted_day) == _written(judged_recording(DAY))


def test_it_has_every_kind_of_command_and_pods_of_every_family(scripted_day: Observer, score: Score) -> None:
    assert {"Empty", "Drifted", "Underutilized"} <= score.by_reason.keys()
    consolidated = {
        move.actual.decision for move in scripted_day.moves if move.actual and move.actual.reason == "Underutilized"
    }
    assert consolidated == {"delete", "replace"}
    families = {"topology spread", "pod affinity", "pod anti-affinity", "preferences", "node selector", "tolerations"}
    families |= {"host ports", "priority", "limits", "minValues", "PodDisruptionBudget", "spot", "on-demand"}
    assert families <= score.by_feature.keys()


def test_it_bears_the_verdicts_that_fell_beside_it_so_that_any_replay_shows_them(scripted_day: Observer) -> None:
    world = scripted_day.world
    marked = [world.verdicts[key] for key in world.decisions if key in world.verdicts]
    assert len(marked) >= 35
    assert sum(entry.agrees for entry in marked) >= PROVISIONING_BAR * len(marked)
