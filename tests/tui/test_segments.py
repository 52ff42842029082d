"""Bars, sparklines, funnel, Gantt and boxes: exact pictures and exact widths."""

from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from karptui.tui.segments.bars import StageBand, bar, full_cells, sparkline, usage_bar
from karptui.tui.segments.box import boxed
from karptui.tui.segments.funnel import FunnelStep, funnel, funnel_line
from karptui.tui.segments.gantt import Stage, gantt, scale_line, seconds_text
from karptui.tui.segments.line import line_width, plain
from tests.tui.gallery import STAGES, STEPS

widths = st.integers(0, 130)


def test_a_usage_bar_shows_share_and_percent() -> None:
    assert plain(usage_bar(0.83, 15)) == "████████░░  83%"
    assert plain(usage_bar(0.83, 5)) == "  83%"
    assert plain(usage_bar(None, 15)).strip() == "-"


def test_a_bar_is_empty_or_full_only_when_the_share_is() -> None:
    assert full_cells(0, 10) == 0
    assert full_cells(0.001, 10) == 1
    assert full_cells(0.96, 10) == 9
    assert full_cells(1, 10) == full_cells(3, 10) == 10


def test_an_overcommitted_node_is_marked_by_role_and_number() -> None:
    line = usage_bar(1.2, 15)
    assert plain(line) == "██████████ 120%"
    assert line[-1][1] == "bad"


@given(st.one_of(st.none(), st.floats()), widths)
def test_usage_bars_have_their_width(share: float | None, width: int) -> None:
    assert line_width(usage_bar(share, width)) == width
    if share is not None:
        assert line_width(bar(share, width)) == width


def test_a_sparkline_has_eight_levels_and_gaps() -> None:
    assert plain(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)) == "▁▂▃▄▅▆▇█"
    assert plain(sparkline([5, None, 5], 5)) == "  ▄ ▄"
    assert plain(sparkline([0, 0, 8, 8], 2)) == "▁█"


@given(st.lists(st.one_of(st.none(), st.floats()), max_size=200), st.integers(0, 60))
@example([1.7e293, -1.7976931348623141e308], 2)
def test_sparklines_have_their_width(values: list[float | None], width: int) -> None:
    assert line_width(sparkline(values, width)) == width


def test_stages_of_a_band_differ_by_shape() -> None:
    band = StageBand(((2, "pending"), (4, "launching"), (6, "booting"), (4, "starting")), 2)
    assert plain(band.draw(10)) == "░▒▒▓▓▓██  "
    assert plain(band.draw(5)) == "░▒▒▓…"


@given(st.lists(st.floats(-10, 1e6), max_size=8), st.floats(0.1, 100), st.integers(0, 40))
def test_bands_have_their_width(seconds: list[float], per_cell: float, width: int) -> None:
    assert line_width(StageBand(tuple((s, "text") for s in seconds), per_cell).draw(width)) == width


def test_the_funnel_narrows_from_step_to_step() -> None:
    lines = [plain(line).rstrip() for line in funnel(STEPS, 48)]
    bars = [line.count("█") for line in lines]
    assert lines[0].endswith("812 types in region")
    assert bars == sorted(bars, reverse=True)
    assert bars[-1] == 0
    assert lines[-1].startswith("60 cheapest")


def test_a_requirement_that_leaves_nothing_is_bad_and_has_no_bar() -> None:
    *_, last = funnel([FunnelStep(5, "types"), FunnelStep(0, "zone us-west-2d")], 40)
    assert plain(last).rstrip() == "0 zone us-west-2d"
    assert ("0", "bad") in last


def test_the_narrow_funnel_is_one_line() -> None:
    assert plain(funnel_line(STEPS[:3], 60)).rstrip() == "812 ▸704 arch arm64 amd64 ▸388 pool: c m r, gen>5"


steps = st.lists(st.builds(FunnelStep, st.integers(0, 2000), st.text(max_size=30), drawn=st.booleans()), max_size=9)


@given(steps, widths)
def test_funnels_have_their_width(given_steps: list[FunnelStep], width: int) -> None:
    assert all(line_width(line) == width for line in funnel(given_steps, width))
    assert line_width(funnel_line(given_steps, width)) == width


def test_the_wide_gantt_names_sources_and_times() -> None:
    lines = [plain(line) for line in gantt(STAGES, 116, now=94)]
    assert lines[0].startswith("STAGE                  SOURCE  0s")
    assert "48.2s ▲ boot, 7s over p50" in lines[5]
    starts = [line.index("█") for line in lines[1:]]
    assert starts == sorted(starts)


def test_the_narrow_gantt_keeps_seconds_and_scale() -> None:
    lines = [plain(line) for line in gantt(STAGES, 76, now=94)]
    assert "48.2 ▏" in lines[4]
    assert lines[-1].split()[0] == "0s"


def test_a_note_without_room_behind_its_bar_stands_before_it() -> None:
    line = plain(gantt(STAGES, 116, now=94)[-1])
    assert line.index("readiness") < line.index("█")


def test_a_running_stage_ends_now_and_says_so() -> None:
    line = plain(gantt([Stage("boot", 0, None)], 116, now=60)[1])
    assert "1m" not in line
    assert "60.0s …" in line


@pytest.mark.parametrize("width", [76, 116])
def test_what_stands_aside_leaves_the_axis_to_the_short_stages(width: int) -> None:
    way = [
        Stage("launch", 0, 2),
        Stage("boot", 2, 40),
        Stage("in use", 40, 90_000, note="not drawn", aside=True),
        Stage("draining", 90_000, 90_020),
    ]
    lines = [plain(line) for line in gantt(way, width, now=90_020)]
    launch, boot, used, draining = [line for line in lines if line.split()[0] in ("launch", "boot", "in", "draining")]
    assert "█" not in used
    assert ("24h59m" if width > 100 else "24h") in used
    assert boot.count("█") > 10 * launch.count("█")
    assert draining.count("█") > 5
    assert boot.rindex("█") < draining.index("█") <= boot.rindex("█") + 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(174.3, "174.3"), (3600, "1h00m"), (1_300, "21m"), (360_000, "4d04h"), (50 * 3600, "50h"), (27_657_000, "320d")],
)
def test_the_narrow_gantt_never_cuts_a_duration(seconds: float, words: str) -> None:
    assert f" {words} ▏" in plain(gantt([Stage("waits", 0, seconds)], 76, now=seconds)[0])


stages = st.lists(
    st.builds(
        Stage,
        st.text(max_size=30),
        st.floats(0, 1e5),
        st.one_of(st.none(), st.floats(0, 1e5)),
        st.text(max_size=9),
        st.text(max_size=30),
        late=st.booleans(),
        aside=st.booleans(),
    ),
    max_size=6,
)


@given(stages, widths, st.floats(0, 1e5), st.one_of(st.none(), st.floats(0, 1e5)))
def test_gantts_have_their_width(given_stages: list[Stage], width: int, now: float, cursor: float | None) -> None:
    assert all(line_width(line) == width for line in gantt(given_stages, width, now, cursor))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0s"), (48.2, "48.2s"), (99.99, "1m40s"), (125, "2m05s"), (11400, "3h10m")]
)
def test_durations_have_at_most_two_units(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@given(st.floats(0, 1e8), st.integers(0, 200))
def test_scales_have_their_width(seconds: float, cells: int) -> None:
    assert len(scale_line(seconds, cells)) == cells


def test_a_box_has_title_note_and_counts_what_is_left_out() -> None:
    lines = [
        plain(line) for line in boxed([(("one", "text"),), (("two", "text"),), (("three", "text"),)], "T", 20, 4, "n")
    ]
    assert lines == ["┌─ T ────────── n ─┐", "│ one              │", "│ … 2 more         │", "└──────────────────┘"]


@given(st.text(max_size=30), st.integers(0, 60), st.integers(0, 9), st.text(max_size=20))
def test_boxes_have_their_size(title: str, width: int, height: int, note: str) -> None:
    lines = boxed([((title, "text"),)], title, width, height, note)
    assert len(lines) <= height
    assert width < 4 or all(line_width(line) == width for line in lines)


def test_infinite_and_unknown_shares_do_not_break_a_bar() -> None:
    assert plain(bar(inf, 4)) == "████"
    assert plain(bar(nan, 4)) == "░░░░"
