"""The search for a cause ends, says so, and ends at the same place each time."""

import pytest

from karptui.shadow.search import RUNS_A_CASE, RUNS_LEAST, Allowance, Search, SearchEnded
from karptui.shadow.settling import QUIET, STEP, moments_between
from karptui.shadow.verdict import Cause


def _used_up(search: Search) -> int:
    with pytest.raises(SearchEnded):
        while True:
            search.ask()
    return search.used


def test_a_search_ends_at_its_runs_and_says_at_how_many() -> None:
    search = Search(7)

    assert _used_up(search) == 7
    assert search.ended.causes == (Cause.UNEXPLAINED,)
    assert "7 runs" in search.ended.text


def test_much_that_disagrees_at_once_leaves_a_few_runs_for_each_and_time_gives_them_back() -> None:
    allowance = Allowance(at_once=2 * RUNS_A_CASE, a_minute=60.0)
    runs: list[int] = []
    for _ in range(4):
        search = allowance.search(100.0)
        runs.append(_used_up(search))
        allowance.used(search)

    assert runs == [RUNS_A_CASE, RUNS_A_CASE, RUNS_LEAST, RUNS_LEAST]
    assert allowance.search(160.0).runs == 60


def test_a_quiet_time_is_looked_at_where_it_begins_and_where_it_ends() -> None:
    moments = moments_between(0.0, 10_000.0)

    assert len(moments) < 100
    assert moments[0] == STEP
    assert QUIET in moments
    assert moments[-1] == 10_000.0
    assert moments_between(5.0, 5.5) == [5.5]
