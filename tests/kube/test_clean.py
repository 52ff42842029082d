"""Text from a cluster cannot command a terminal."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.kube.clean import ELLIPSIS, REPLACEMENT, clean, cleaned_map, cleaned_tree

HOSTILE = st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs", "Mn", "Lu", "So"]))
ESCAPE = st.sampled_from(
    ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\x1bP+q\x1b\\", "\x1b", "\u202e", "\u200b", "\r\n"]
)
MIXED = st.lists(st.one_of(st.text(), HOSTILE, ESCAPE)).map("".join)


@given(MIXED)
def test_nothing_is_left_that_a_terminal_obeys_or_hides(text: str) -> None:
    left = clean(text, 64)
    assert len(left) <= 64
    assert left.isprintable()
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in left)


@given(MIXED)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_stays_the_same_object(text: str) -> None:
    assert clean(text) is text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("web\x1b[2J\x1b[1;1Howned", f"web{REPLACEMENT}{REPLACEMENT}owned"),
        ("\x1b]8;;http://evil\x07click\x1b]8;;\x07", f"{REPLACEMENT}click{REPLACEMENT}"),
        ("a\u202egnp.exe", f"a{REPLACEMENT}gnp.exe"),
        ("pod\u200b-a", f"pod{REPLACEMENT}-a"),
        ("one\r\ntwo\tthree", "one two three"),
        ("caffè 日本 ✓", "caffè 日本 ✓"),
        ("a\u00a0b", "a b"),
        ("[/] [@click=app.quit]x[/]", "[/] [@click=app.quit]x[/]"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
    ],
)
def test_what_becomes_of_hostile_text(text: str, left: str) -> None:
    assert clean(text) == left


def test_two_names_that_differ_in_unseen_characters_look_different() -> None:
    assert clean("web") != clean("web\u200d")


def test_a_megabyte_is_cut_with_a_mark() -> None:
    left = clean("x" * 2**20, 256)
    assert len(left) == 256
    assert left.endswith(ELLIPSIS)


def test_maps_and_trees_are_cleaned_throughout() -> None:
    plain = {"a": "b"}
    assert cleaned_map(plain) is plain
    assert cleaned_map({"a\x1b[0m": "b\x07"}) == {f"a{REPLACEMENT}": f"b{REPLACEMENT}"}
    assert cleaned_tree({"a": ["\x00", 1, {"b": "\x1b[1m"}]}) == {"a": [REPLACEMENT, 1, {"b": REPLACEMENT}]}
