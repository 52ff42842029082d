"""karptui ended in the middle of a recording and begun anew from its journal and the rest."""

from pathlib import Path

import pytest

from karptui.shadow.judged import PROVISION, Judged
from karptui.shadow.memory import read_journal, read_memory
from karptui.shadow.provisioning import Pair
from tests.shadow.perturbed import Day, begun, cut, read
from tests.shadow.restarted import restarted, watched
from tests.shadow.test_perturbed import SMALL


@pytest.fixture(scope="module")
def day() -> Day:
    return read(SMALL)


@pytest.fixture(scope="module")
def unbroken(day: Day, tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    journal = tmp_path_factory.mktemp("unbroken") / "journal.jsonl"
    watched(day, journal)
    return read_journal(journal)[0]


def _about(found: list[Judged]) -> list[tuple[str, ...]]:
    """By the NodeClaim that was made, or by the nodes that went."""
    return sorted(entry.made if entry.kind == PROVISION else entry.taken[:1] for entry in found)


def _share(day: Day, at: float) -> float:
    return (at - day[0].at) / (day[-1].at - day[0].at)


@pytest.mark.parametrize(("share", "killed"), [(0.3, False), (0.5, True), (0.7, True)])
def test_nothing_is_lost_or_counted_twice_where_it_is_begun_anew_at_once(
    day: Day, unbroken: list[Judged], tmp_path: Path, share: float, killed: bool
) -> None:
    found = restarted(day, share, 1.0, tmp_path / "journal.jsonl", killed=killed)

    assert _about(found) == _about(unbroken)
    assert all(entry.watched and entry.verdict.agrees for entry in found)


def test_a_nodeclaim_that_comes_after_the_restart_is_held_against_what_stood_in_the_journal(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    first = next(entry for entry in unbroken if entry.kind == PROVISION and entry.ahead is not None)
    assert first.ahead is not None
    share = _share(day, first.at - first.ahead / 4)
    journal = tmp_path / "journal.jsonl"
    watched(cut(day, share), journal, until=first.at - first.ahead / 4, killed=True)
    stamps = {entry.at if entry.since is None else entry.since for entry in read_memory(journal).foreseen}

    watch = watched(begun(day, share), journal)

    since = watch.observer.watching.since
    pair = watch.observer.pairs[0]
    assert since is not None
    assert pair.round is not None
    assert pair.verdict.agrees
    assert pair.round.stamped in stamps
    assert pair.round.stamped < since < pair.at


def test_a_command_carried_out_after_the_restart_was_foreseen_before_it(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    command = next(entry for entry in unbroken if entry.reason == "Underutilized")
    share = _share(day, command.at - 5.0)
    journal = tmp_path / "journal.jsonl"
    watched(cut(day, share), journal, until=command.at - 5.0, killed=True)

    watch = watched(begun(day, share), journal)

    since, move = watch.observer.watching.since, watch.observer.moves[0]
    assert since is not None
    assert move.verdict.agrees
    assert move.foreseen < since < move.at
    assert move.at - move.foreseen > 14


def test_what_was_done_while_nobody_watched_is_not_watched_and_nothing_else_is(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    share, gap = 0.5, 15.0
    found = restarted(day, share, gap, tmp_path / "journal.jsonl")

    ended = day[0].at + share * (day[-1].at - day[0].at)
    away = [entry for entry in unbroken if ended < entry.at < ended + gap]
    assert away
    assert _about([entry for entry in found if not entry.watched]) == _about(away)
    assert _about(found) == _about(unbroken)


def test_a_nodeclaim_that_was_made_and_taken_away_while_nobody_watched_is_told_as_gone(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    gone = next(entry for entry in unbroken if entry.reason == "Empty")
    found = restarted(day, _share(day, gone.at - 2.0), 12.0, tmp_path / "journal.jsonl")

    told = [entry for entry in found if not entry.watched]
    assert [(entry.kind, entry.reason) for entry in told] == [("delete", "Empty")]
    assert set(told[0].taken) <= set(gone.taken)


def test_a_journal_that_was_cut_off_within_a_line_loses_that_line_alone(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    watched(cut(day, 0.5), journal, until=day[0].at + 0.5 * (day[-1].at - day[0].at), killed=True)
    journal.write_bytes(journal.read_bytes()[:-15])
    whole = journal.read_bytes()

    watched(begun(day, 0.5), journal)

    later = journal.read_bytes()[len(whole) :].split(b"\n")
    assert later[0] == b""
    assert all(line.startswith(b"{") and line.endswith(b"}") for line in later[1:-1])
    assert _about(read_journal(journal)[0]) == _about(unbroken)


def test_a_third_run_tells_nothing_of_what_the_second_told(day: Day, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    found = restarted(day, 0.5, 15.0, journal)

    again = watched(begun(day, 0.99), journal)

    assert again.observer.pairs == []
    assert again.observer.moves == []
    assert len(read_journal(journal)[0]) == len(found)
    assert not any(isinstance(case.entry, Pair) for case in again.cases.all)


def test_a_command_that_was_seen_and_not_judged_when_karptui_was_killed_is_judged_once(
    day: Day, unbroken: list[Judged], tmp_path: Path
) -> None:
    gone = next(entry for entry in unbroken if entry.reason == "Empty")

    found = restarted(day, _share(day, gone.at + 4.0), 2.0, tmp_path / "journal.jsonl", killed=True)

    assert _about(found) == _about(unbroken)
    assert abs(next(entry for entry in found if entry.taken == gone.taken).at - gone.at) < 0.1
