from pathlib import Path

import pytest

from karptui.failure import Failure
from karptui.shadow.journal import Entry, Foreseen, Journal, Watched
from karptui.shadow.judged import PROVISION, Judged
from karptui.shadow.memory import read_journal
from karptui.shadow.score import score_of
from karptui.shadow.verdict import Cause, Verdict


def judged(at: float, verdict: Verdict = Verdict.SAME, *causes: Cause) -> Judged:
    return Judged(at, PROVISION, "general-a: m5.large spot us-east-1a", ("general",), verdict, causes=causes)


def test_what_was_judged_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    first = Journal(path)
    first.write(Entry(foreseen=Foreseen(9.0, PROVISION, "general: m5.large", ("default/a",))))
    first.write(Entry(judged=judged(10.0)))
    first.close()
    second = Journal(path)
    second.write(Entry(judged=judged(20.0, Verdict.DIFFERENT, Cause.PRICE)))
    second.write(Entry(watched=Watched(25.0)))
    second.close()

    found, until = read_journal(path)

    assert found == [judged(10.0), judged(20.0, Verdict.DIFFERENT, Cause.PRICE)]
    assert until == 25.0


def test_a_line_that_was_cut_off_when_karptui_was_killed_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.write(Entry(judged=judged(10.0)))
    journal.write(Entry(judged=judged(11.0)))
    journal.close()
    path.write_bytes(path.read_bytes()[:-20])

    assert read_journal(path) == ([judged(10.0)], 10.0)


def test_no_journal_is_no_fault(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none") == ([], 0.0)


def test_a_journal_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Failure, match="cannot write the journal"):
        Journal(tmp_path / "file" / "journal.jsonl")


def test_what_was_decided_while_nobody_watched_is_counted_apart() -> None:
    away = judged(5.0, Verdict.UNFORESEEN, Cause.NOT_WATCHED)

    score = score_of([away, judged(10.0)])

    assert score.provisioning.judged == 1
    assert score.provisioning.agreement == 1.0
    assert score.provisioning.not_watched == 1


def test_too_many_differences_are_an_obstacle_that_is_named() -> None:
    score = score_of([judged(1.0), judged(2.0, Verdict.DIFFERENT, Cause.UNEXPLAINED)])

    assert not score.ready
    assert any("provisioning agrees in 50.0% of 2" in sentence for sentence in score.obstacles())
    assert any("unexplained" in sentence for sentence in score.obstacles())
