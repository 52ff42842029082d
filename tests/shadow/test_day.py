import json
from datetime import datetime

import pytest

from karptui.report.shadow import shadow_json
from karptui.shadow.judged import judgements
from karptui.shadow.observer import Observer
from karptui.shadow.score import DISRUPTION_BAR, PROVISIONING_BAR, score_of
from karptui.shadow.served import served
from tests.shadow.day import DAY, TRUTH, Truth, compared, judged, truth_at


@pytest.fixture(scope="module")
def truth() -> Truth:
    return truth_at(TRUTH)


def test_what_karpenter_provisioned_was_foreseen(recorded_day: Observer, truth: Truth) -> None:
    found = compared(recorded_day, truth)

    assert found.provisioned >= PROVISIONING_BAR * len(truth["provisioning"]), found.missed_claims


def test_what_karpenter_disrupted_was_foreseen(recorded_day: Observer, truth: Truth) -> None:
    found = compared(recorded_day, truth)

    assert found.commands >= DISRUPTION_BAR * len(truth["disruptions"]), found.missed_commands


def test_no_verdict_flatters(recorded_day: Observer, truth: Truth) -> None:
    found = compared(recorded_day, truth)

    assert found.judged_wrongly == []


def test_every_nodeclaim_and_every_command_is_in_exactly_one_verdict(recorded_day: Observer, truth: Truth) -> None:
    claims = [pair.actual.name for pair in recorded_day.pairs if pair.actual is not None]
    replaced = [
        made.name for move in recorded_day.moves if move.actual is not None for made in move.actual.replacements
    ]
    real = [claim["nodeClaim"] for claim in truth["provisioning"]]
    real_replacements = [made["nodeClaim"] for command in truth["disruptions"] for made in command["replacements"]]

    assert sorted(claims) == sorted(real)
    assert sorted(replaced) == sorted(real_replacements)
    assert sum(move.actual is not None for move in recorded_day.moves) == len(truth["disruptions"])


def test_removals_without_a_command_are_told_apart_by_their_cause(recorded_day: Observer, truth: Truth) -> None:
    found = {entry.claim: entry.cause for entry in recorded_day.removals}

    assert found == {entry["nodeClaim"]: entry["cause"] for entry in truth["otherRemovals"]}


def test_pods_of_a_decision_stand_apart_from_those_that_came_to_its_node_later(
    recorded_day: Observer, truth: Truth
) -> None:
    real = {claim["nodeClaim"]: claim for claim in truth["provisioning"]}
    for entry in shadow_json(recorded_day.pairs, recorded_day.moves)["provisioning"]:
        made, claim = entry["actual"], real[entry["actual"]["nodeClaim"]]
        assert made["podCount"] == claim["podCount"]
        assert set(made["pods"]).isdisjoint(made["podsLater"])
        assert {*made["pods"], *made["podsLater"]} >= set(claim["bound"])
        if claim["podsFrom"] != "partial":
            assert set(made["pods"]) == set(claim["pods"])
    assert any(served(pair.actual, pair.predicted).later for pair in recorded_day.pairs if pair.actual is not None)


def test_every_prediction_was_made_before_the_fact(recorded_day: Observer) -> None:
    for pair in recorded_day.pairs:
        if pair.round is not None and pair.actual is not None:
            assert pair.round.at <= pair.actual.at
            assert pair.round.heard < pair.actual.heard
    for move in recorded_day.moves:
        if move.supposed is not None and move.actual is not None:
            assert move.supposed.heard < min(entry.heard for entry in move.actual.taken)


def test_no_agreement_was_worked_out_only_when_its_nodeclaim_was_seen(recorded_day: Observer) -> None:
    score = score_of(judgements(recorded_day.pairs, recorded_day.moves))
    assert score.overtaken == 0
    assert score.provisioning.agreed > 0


def test_a_validated_command_was_foreseen_before_its_validation(recorded_day: Observer) -> None:
    leads = [
        move.actual.at - move.foreseen
        for move in recorded_day.moves
        if move.actual is not None and move.predicted is not None and move.predicted.validated
    ]

    assert leads
    assert min(leads) > 14


def test_a_second_judging_says_the_same_byte_for_byte(recorded_day: Observer) -> None:
    first, second = (
        json.dumps(shadow_json(entry.pairs, entry.moves, entry.removals)) for entry in (recorded_day, judged(DAY))
    )

    assert first == second


def test_the_written_answer_has_the_promised_shape(recorded_day: Observer) -> None:
    written = shadow_json(recorded_day.pairs, recorded_day.moves, recorded_day.removals)

    assert {"provisioning", "disruption", "score", "unexplained"} <= written.keys()
    for entry in (*written["provisioning"], *written["disruption"]):
        assert {"at", "predicted", "actual", "verdict", "cause"} <= entry.keys()
        datetime.fromisoformat(entry["at"])
        if entry["predicted"] is not None:
            assert {"stamped", "ahead", "overtaken", "provisional", "alternatives"} <= entry["predicted"].keys()
            assert entry["predicted"]["alternatives"] >= 1
            assert (entry["predicted"]["ahead"] is None) == (entry["predicted"]["overtaken"] or entry["actual"] is None)
    assert all("pods" in entry for entry in written["provisioning"])
    assert written["unexplained"] == score_of(judgements(recorded_day.pairs, recorded_day.moves)).unexplained
