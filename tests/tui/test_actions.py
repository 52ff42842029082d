"""One table of actions, from which bar, help, palette and bindings are made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.tui.actions import ACTIONS, PLACES, actions_of, bindings_of, keymap_faults
from karptui.tui.dialogs.help import help_lines
from karptui.tui.dialogs.palette import Entry, command_entries, matching
from karptui.tui.segments.line import line_width, plain
from karptui.tui.widgets.key_bar import key_line
from karptui.tui.widgets.status_head import Head, head_lines
from tests.tui.gallery import HEAD

SCREENS = sorted({screen for action in ACTIONS for screen in action.screens} | {place.screen for place in PLACES})


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    keys = [key for action in actions_of(screen, mode="ACTIVE") for key in action.keys] + [
        place.key for place in PLACES
    ]
    assert len(keys) == len(set(keys))


def test_a_key_that_means_nothing_in_a_mode_is_not_offered_there() -> None:
    for mode, there in (("DEMO", True), ("OBSERVE", False)):
        shown = plain(key_line("overview", 400, mode=mode)) + " ".join(
            plain(line) for line in help_lines("overview", 80, mode=mode)
        )
        assert ("next step" in shown) is there
        assert any(entry.action == "advance_story" for entry in command_entries("overview", mode=mode)) is there


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_the_key_bar_fits_and_always_ends_in_help(screen: str, width: int) -> None:
    line = key_line(screen, width, mode="ACTIVE")
    assert plain(line).endswith("? keys")
    assert line_width(line) <= max(width, 60)


def test_the_key_bar_of_the_overview_at_both_sizes() -> None:
    wide = plain(key_line("overview", 120, mode="OBSERVE"))
    assert wide.startswith(" 1Overview 2Pods 3Map 4Decisions 5Shadow 6Cost 7What-if 8Log │ ⏎ why  tab box  / filter")
    narrow = plain(key_line("overview", 80, mode="OBSERVE"))
    assert narrow.startswith(" 1Ovw 2Pod 3Map 4Dec 5Shd 6Cost 7If 8Log │ ⏎ why")


def test_what_can_do_nothing_now_is_not_offered() -> None:
    assert "⏎ decision" in plain(key_line("detail", 120))
    assert "⏎" not in plain(key_line("detail", 120, without=("show_why",)))


def test_a_details_screen_leads_back() -> None:
    assert plain(key_line("decision", 120)).startswith(" esc back  ⏎ type")


def test_the_users_keys_take_the_place_of_ours() -> None:
    keymap = {"show_timeline": ("W",)}
    assert keymap_faults(keymap) == []
    assert "W timeline" in plain(key_line("map", 120, keymap=keymap))
    assert any(b.key == "W" and b.action == "show_timeline" for b in bindings_of("overview", keymap=keymap))


def test_a_keymap_that_cannot_be_is_explained() -> None:
    assert "did you mean show_timeline?" in keymap_faults({"show_timelin": ("W",)})[0]
    assert any("is both" in fault for fault in keymap_faults({"show_timeline": ("u",)}))
    assert any("go to Overview" in fault for fault in keymap_faults({"show_timeline": ("1",)}))


@given(st.integers(60, 150))
def test_help_fits_its_width_from_sixty_cells_on(width: int) -> None:
    lines = help_lines("overview", width)
    assert any("Timeline" in plain(line) for line in lines)
    assert all(line_width(line) <= width for line in lines)


@given(st.integers(1, 59))
def test_help_of_any_width_is_made(width: int) -> None:
    assert help_lines("overview", width)


def test_the_head_at_both_sizes() -> None:
    first, second = (plain(line) for line in head_lines(HEAD, 120))
    assert "SHADOW" in first
    assert "karpenter 1.14.1" in first
    assert "4/5 streams: metrics lost" in first
    assert second.startswith(" PENDING 37 (oldest 1m34s) │ bound p50 58s")
    first, second = (plain(line) for line in head_lines(HEAD, 80))
    assert "live 0.2s │ 4/5 streams │ 12:04:31Z" in first
    assert second.startswith(" 37 pending (1m34s) │ 38 nodes +3 −1")


@given(st.text(max_size=80), st.integers(80, 200))
def test_a_long_context_never_pushes_the_freshness_off_the_head(context: str, width: int) -> None:
    head = Head(mode="ACTIVE", context=context, streams="5/5 streams", freshness="live 0.2s", now="12:04:31Z")
    first, _ = head_lines(head, width)
    assert line_width(first) <= width
    assert plain(first).rstrip().endswith("12:04:31Z")


QUESTIONS = [
    Entry("question", "Why was shop/checkout-8zq2k pending 67s?", "show_timeline"),
    Entry("object", "pod shop/checkout-8zq2k", "go_to_object"),
    *command_entries("overview"),
]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("why pending", "Why was shop/checkout-8zq2k pending 67s?"),
        ("decisions", "Go to Decisions"),
        ("checkout", "Why was shop/checkout-8zq2k pending 67s?"),
        ("pod shop", "pod shop/checkout-8zq2k"),
        ("tmline", "Timeline of the pod, NodeClaim or node"),
        ("", "Why was shop/checkout-8zq2k pending 67s?"),
    ],
)
def test_the_palette_finds_questions_names_and_commands(query: str, first: str) -> None:
    found, count = matching(query, QUESTIONS)
    assert found[0].text == first
    assert count >= len(found) > 0


def test_the_palette_finds_nothing_for_nonsense() -> None:
    assert matching("qqqzzz", QUESTIONS) == ([], 0)
