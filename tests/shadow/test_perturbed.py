"""A small recording as others would have written it down; python -m tests.shadow.perturbed does it with a whole day."""

import json

import pytest

from karptui.report.shadow import shadow_json
from karptui.report.shadow_report import report_markdown
from karptui.shadow.judged import Judged, judgements
from tests.shadow.day import RECORDED
from tests.shadow.perturbed import VARIANTS, Day, begun, cut, judged, late, read

SMALL = RECORDED / "karpenter-kwok-watch.jsonl.zst"
DECISIONS = 11
WHOLE = [name for name in VARIANTS if not name.startswith(("begun", "cut", "as it"))]


@pytest.fixture(scope="module")
def small() -> Day:
    return read(SMALL)


def _found(day: Day) -> list[Judged]:
    observer = judged(day)
    return judgements(observer.pairs, observer.moves)


@pytest.mark.parametrize("name", WHOLE)
def test_however_it_was_written_down_every_decision_is_foreseen(small: Day, name: str) -> None:
    found = _found(VARIANTS[name](small))

    assert [(entry.what, entry.verdict, entry.cause) for entry in found if not entry.verdict.agrees] == []
    assert len(found) == DECISIONS


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.63, 0.75, 0.9])
def test_what_was_not_watched_from_beginning_to_end_is_no_disagreement(small: Day, share: float) -> None:
    before, after = _found(cut(small, share)), _found(begun(small, share))

    for entry in (*before, *after):
        assert entry.verdict.agrees or not entry.watched, entry
    assert DECISIONS - 1 <= len(before) + len(after) <= DECISIONS + 1


def test_a_cut_between_a_taint_and_the_replacement_is_no_disagreement(small: Day) -> None:
    replaced = next(entry for entry in _found(small) if entry.kind == "replace")
    made = next(
        seen.at
        for seen in small
        if seen.at >= replaced.at and seen.resource == "nodeclaims" and seen.rest["event"]["type"] == "ADDED"
    )
    observer = judged([seen for seen in small if seen.at < made])

    found = judgements(observer.pairs, observer.moves)
    assert [entry for entry in found if entry.watched and not entry.verdict.agrees] == []
    assert observer.removals == []


def test_other_names_and_a_clock_that_is_wrong_leave_the_verdicts_as_they_are(small: Day) -> None:
    plain = [(entry.kind, entry.verdict, entry.what) for entry in _found(small)]

    assert [(entry.kind, entry.verdict, entry.what) for entry in _found(VARIANTS["a clock 30 s ahead"](small))] == plain
    renamed = _found(VARIANTS["other names of NodePools"](small))
    assert [(entry.kind, entry.verdict) for entry in renamed] == [(kind, verdict) for kind, verdict, _ in plain]


def test_a_second_judging_without_events_says_the_same_byte_for_byte(small: Day) -> None:
    day = VARIANTS["no events"](small)
    first, second = (judged(day) for _ in range(2))

    assert json.dumps(shadow_json(first.pairs, first.moves, first.removals)) == json.dumps(
        shadow_json(second.pairs, second.moves, second.removals)
    )


def test_an_answer_that_came_with_its_nodeclaim_is_not_told_as_a_prediction(small: Day) -> None:
    observer = judged(late(small, {"pods": 1.0}))
    agreed = [pair for pair in observer.pairs if pair.round is not None and pair.verdict.agrees]
    overtaken = [pair for pair in agreed if pair.round is not None and pair.round.overtaken]
    written = shadow_json(observer.pairs, observer.moves)
    told = [entry["predicted"] for entry in written["provisioning"] if entry["verdict"] in ("same", "equivalent")]
    assert overtaken
    assert len([entry for entry in told if entry["overtaken"]]) == len(overtaken) == written["score"]["overtaken"]
    assert all(entry["ahead"] is None for entry in told if entry["overtaken"])


@pytest.mark.parametrize("seconds", [0.3, 0.9])
def test_where_karpenters_batch_closes_before_ours_the_answer_stood_on_the_table(small: Day, seconds: float) -> None:
    observer = judged(late(small, {"pods": seconds}))
    written = shadow_json(observer.pairs, observer.moves)
    told = [entry["predicted"] for entry in written["provisioning"]]

    assert all(entry["provisional"] and not entry["overtaken"] and entry["ahead"] > 0 for entry in told)
    assert written["score"]["provisional"] == len(told) > 0
    assert written["score"]["alternatives"] == max(entry["alternatives"] for entry in told) >= 1
    for pair in observer.pairs:
        assert pair.round is not None
        assert pair.actual is not None
        assert pair.round.heard < pair.actual.heard
    assert "predicted provisionally" in report_markdown(judgements(observer.pairs, observer.moves))
