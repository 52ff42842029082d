"""What reaches the terminal is harmless and exactly as wide as it says."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from karptui.tui.appearance.look import Look, shipped_look
from karptui.tui.segments.line import as_ascii, cut, fit, fit_line, line_width, plain, safe, width_of, wrap

HOSTILE = (
    "[@click=app.quit]x[/]",
    "\x1b]0;title\x07",
    "\x1b[31mred",
    "\x9b2J",
    "a\u202egnp.exe",
    "zero\u200bwidth",
    "👩\u200d👩\u200d👧 family",
    "☁\ufe0f cloud",
    "🇩🇪🇫🇷",
    "👍🏽",
    "é e\u0301 \u0301\u0301\u0301",
    "表示 ｆｕｌｌ",
    "\t\r\n\x00\x7f",
    "क्षि",
    "\ud800",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.lists(st.sampled_from(HOSTILE)).map("".join))
lines = st.lists(st.tuples(texts, st.sampled_from(("text", "bad", "no such role"))), max_size=6).map(tuple)


def harmless(text: str) -> bool:
    """No control, format, surrogate or unassigned character."""
    return all(unicodedata.category(character)[0] != "C" for character in text)


@given(texts)
@example("[/]")
def test_safe_text_has_no_character_a_terminal_acts_on(text: str) -> None:
    assert harmless(safe(text))
    assert safe(safe(text)) == safe(text)


@given(texts)
def test_widths_of_safe_text_add_up(text: str) -> None:
    shown = safe(text)
    assert cell_len(shown) == sum(cell_len(character) for character in shown) == width_of(text)


@given(texts, st.integers(0, 30), st.sampled_from(("left", "right")), st.sampled_from(("end", "middle", "name")))
def test_fitted_text_is_exactly_as_wide_as_asked(text: str, cells: int, align: str, where: str) -> None:
    assert cell_len(fit(text, cells, align, where)) == cells  # type: ignore[arg-type]


@given(lines, st.integers(0, 30))
def test_a_fitted_line_is_exactly_as_wide_as_asked(line: tuple[tuple[str, str], ...], cells: int) -> None:
    assert cell_len(plain(fit_line(line, cells))) == cells


@given(lines, st.integers(1, 30), st.integers(0, 10))
def test_wrapped_lines_never_overflow_and_lose_no_letter(
    line: tuple[tuple[str, str], ...], cells: int, indent: int
) -> None:
    parts = wrap(line, cells, indent)
    assert all(line_width(part) <= cells for part in parts)
    if cells > 2 + indent:  # a wide letter needs two cells
        assert "".join(map(plain, parts)).replace(" ", "") == plain(line).replace(" ", "")


@given(lines, st.integers(0, 30), st.booleans(), st.booleans())
def test_a_painted_line_is_harmless_and_exactly_as_wide_as_asked(
    line: tuple[tuple[str, str], ...], cells: int, ascii_only: bool, no_color: bool
) -> None:
    look = Look(shipped_look().theme, ascii_only=ascii_only, no_color=no_color)
    strip = look.paint(line, cells, "cursor")
    assert sum(cell_len(segment.text) for segment in strip) == strip.cell_length == cells
    assert harmless(strip.text)
    assert not ascii_only or strip.text.isascii()
    assert not no_color or all(s.style is not None and s.style.color is None and s.style.bgcolor is None for s in strip)


@given(texts)
def test_ascii_takes_the_same_number_of_cells(text: str) -> None:
    shown = as_ascii(safe(text))
    assert shown.isascii()
    assert len(shown) == width_of(text)


def test_a_long_name_is_cut_where_asked() -> None:
    assert cut("checkout-7d9f6-8zq2k", 12) == "checkout-7d…"
    assert cut("checkout-7d9f6-8zq2k", 12, "middle") == "checko…8zq2k"
    assert cut("short", 12) == "short"
    assert cut("c7g.16xlarge spot 2a, 5 pods, +2 later", 24, "name") == "c7g.1…, 5 pods, +2 later"
    assert cut("c7g.16xlarge spot 2a, 5 pods, +2 later", 12, "name") == "c7g.16…later"


def test_a_sentence_is_wrapped_at_its_words() -> None:
    line = (("one two", "text"), (" three four", "bad"))
    assert [plain(part).rstrip() for part in wrap(line, 9, 2)] == ["one two", "  three", "  four"]
