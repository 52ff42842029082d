"""The list: cursor by key, narrow layouts, repaint of changed lines only."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from karptui.tui.appearance.look import Look, shipped_look
from karptui.tui.lists.tables import PricedText
from karptui.tui.segments.bars import UsageBar
from karptui.tui.segments.line import safe
from karptui.tui.widgets.columns import GAP, Column, Row, RowPainter, cell_text, lay_out
from karptui.tui.widgets.row_messages import HeaderChosen, RowChosen, RowHighlighted
from karptui.tui.widgets.rows import Rows
from karptui.tui.widgets.wrapping import wrapped_rows
from tests.tui.test_line import harmless, texts

COLUMNS = (Column("NAME", 8), Column("CPU", 10, weight=1), Column("NOTE", 6, drop=1), Column("$/h", 6, align="right"))


def row(name: str, note: str = "", version: int = 1) -> Row:
    """A row named by its key."""
    return Row(name, version, (name, UsageBar(0.5), note, ("0.1", "money")))


def named(*names: str) -> list[Row]:
    """Rows of these keys."""
    return [row(name) for name in names]


class OneList(App[None]):
    """A list alone, which remembers what it was told."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        self.list = Rows(COLUMNS, id="list", **options)  # type: ignore[arg-type]
        self.told: list[tuple[str, object]] = []

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def on_row_highlighted(self, event: RowHighlighted) -> None:
        """Remember."""
        self.told.append(("highlighted", event.key))

    def on_row_chosen(self, event: RowChosen) -> None:
        """Remember."""
        self.told.append(("chosen", event.key))

    def on_header_chosen(self, event: HeaderChosen) -> None:
        """Remember."""
        self.told.append(("header", event.column))

    def screen_lines(self) -> list[str]:
        """What the list shows."""
        return [self.list.render_line(y).text for y in range(self.list.size.height)]


def test_columns_are_dropped_by_priority_when_narrow() -> None:
    columns = (Column("A", 10), Column("B", 10, drop=1), Column("C", 10, drop=2))
    assert [placed.column for placed in lay_out(columns, 40)] == [0, 1, 2]
    assert [placed.column for placed in lay_out(columns, 30)] == [0, 1]
    assert [placed.column for placed in lay_out(columns, 20)] == [0]


def test_a_bar_makes_way_for_a_name_that_would_be_cut() -> None:
    columns = (Column("NODE", 10), Column("CPU", 8, gives=4))
    assert [placed.width for placed in lay_out(columns, 30, gap=1, needs=(10, 8))] == [10, 8]
    assert [placed.width for placed in lay_out(columns, 22, gap=1, needs=(14, 8))] == [14, 4]


@given(
    st.lists(
        st.builds(Column, st.just("T"), st.integers(0, 30), st.integers(0, 3), drop=st.integers(0, 3)), min_size=1
    ),
    st.integers(0, 120),
)
def test_columns_never_overlap_or_leave_the_width(columns: list[Column], width: int) -> None:
    placed = lay_out(columns, width)
    for before, after in pairwise(placed):
        assert before.x + before.width + GAP <= after.x
    assert all(one.x + one.width <= width for one in placed)


cells = st.one_of(texts, st.tuples(texts, st.just("bad")), st.lists(st.tuples(texts, st.just("ok"))).map(tuple))


@settings(deadline=None)
@given(st.lists(cells, max_size=5), st.integers(0, 60), st.integers(0, 2), st.booleans())
def test_any_text_in_a_row_is_harmless_and_exactly_as_wide_as_the_list(
    given_cells: Sequence[object], width: int, cursor: int, marked: bool
) -> None:
    painter = RowPainter(COLUMNS, width, shipped_look())
    strip = painter.row(given_cells, cursor, marked, False)  # type: ignore[arg-type]
    assert strip.cell_length == sum(cell_len(segment.text) for segment in strip) == width
    assert harmless(strip.text)


async def test_the_cursor_stays_on_its_object_when_rows_move() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows(named("a", "b", "c"))
        await pilot.press("j")
        assert app.list.cursor_key == "b"
        app.list.set_rows(named("x", "y", "c", "b", "a"))
        assert app.list.cursor_key == "b"
        assert app.screen_lines()[4].startswith("▸b ")


async def test_a_list_that_nobody_has_been_in_stays_at_its_top() -> None:
    app = OneList()
    app.AUTO_FOCUS = None  # type: ignore[misc]
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows(named("a"))
        app.list.set_rows(named("x", "y", "a"))
        assert app.list.cursor_key == "x"
        app.list.focus()
        await pilot.pause()
        app.screen.set_focus(None)
        await pilot.pause()
        app.list.set_rows(named("z", "x", "y"))
        assert app.list.cursor_key == "x"


async def test_the_cursor_goes_to_the_neighbour_when_its_object_is_gone() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows(named("a", "b", "c"))
        await pilot.press("G")
        app.list.set_rows(named("a", "b"))
        assert app.list.cursor_key == "b"
        app.list.set_rows([])
        assert app.list.cursor_key is None
        await pilot.pause()
        assert app.told == [("highlighted", "a"), ("highlighted", "c"), ("highlighted", "b")]


async def test_keys_move_and_choose() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows([row(f"r{i:02d}") for i in range(50)])
        for keys, at in (("j", "r01"), ("down", "r02"), ("k", "r01"), ("pagedown", "r08"), ("G", "r49"), ("g", "r00")):
            await pilot.press(keys)
            assert app.list.cursor_key == at
        await pilot.press("j", "enter")
        assert app.told[-1] == ("chosen", "r01")
        assert app.screen_lines()[-1].startswith(" … 42 more")
        await pilot.press("G")
        assert app.screen_lines()[-2].startswith("▸r49")
        assert app.screen_lines()[-1].startswith(" end of 50")


async def test_the_mouse_moves_chooses_and_asks_for_an_order() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows(named("a", "b", "c"))
        await pilot.click("#list", offset=(3, 2))
        assert app.list.cursor_key == "b"
        await pilot.click("#list", offset=(3, 3), times=2)
        await pilot.click("#list", offset=(48, 0))
        await pilot.pause()
        assert app.told[-2:] == [("chosen", "c"), ("header", 3)]


async def test_an_empty_list_says_so() -> None:
    app = OneList(empty="No pod is waiting.")
    async with app.run_test(size=(50, 10)):
        assert app.screen_lines()[1].strip() == "No pod is waiting."
        app.list.set_rows([], empty="Nothing matches the filter.")
        assert app.screen_lines()[1].strip() == "Nothing matches the filter."


async def test_only_lines_that_changed_are_painted_again() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        rows = named("a", "b", "c", "d")
        app.list.set_rows(rows)
        await pilot.pause()
        asked: list[Region] = []
        app.list.refresh = lambda *regions, **_: asked.extend(regions)  # type: ignore[method-assign,assignment]
        app.list.set_rows(list(rows))
        assert asked == []
        app.list.set_rows([rows[0], row("b", "new", version=2), rows[2], rows[3]])
        assert asked == [Region(0, 2, 50, 1)]
        assert "new" in app.screen_lines()[2]


async def test_a_change_outside_the_view_paints_nothing() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        rows = [row(f"r{i}") for i in range(1000)]
        app.list.set_rows(rows)
        await pilot.pause()
        asked: list[Region] = []
        app.list.refresh = lambda *regions, **_: asked.extend(regions)  # type: ignore[method-assign,assignment]
        rows[500] = row("r500", version=2)
        app.list.set_rows(rows)
        assert asked == []


async def test_the_view_stays_with_the_cursor_when_rows_come_in_above() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        rows = [row(f"r{i:02d}") for i in range(50)]
        app.list.set_rows(rows)
        await pilot.press("pagedown", "pagedown")
        await pilot.pause()
        line = next(y for y, text in enumerate(app.screen_lines()) if text.startswith("▸"))
        app.list.set_rows([row("new1"), row("new2"), *rows])
        await pilot.pause()
        assert app.screen_lines()[line].startswith(f"▸{app.list.cursor_key}")


async def test_a_followed_log_stays_at_its_newest_line_until_the_cursor_leaves_it() -> None:
    app = OneList(follow="last")
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows([row(f"r{i:02d}") for i in range(20)])
        await pilot.press("G")
        app.list.set_rows([row(f"r{i:02d}") for i in range(30)])
        assert app.list.cursor_key == "r29"
        await pilot.press("k")
        app.list.set_rows([row(f"r{i:02d}") for i in range(40)])
        assert app.list.cursor_key == "r28"


async def test_marks_and_lost_streams_are_seen_without_colour() -> None:
    app = OneList()
    async with app.run_test(size=(50, 10)) as pilot:
        app.list.set_rows(named("a", "b"))
        app.list.set_marked({"a", "b"})
        await pilot.pause()
        assert [text[0] for text in app.screen_lines()[1:3]] == ["◆", "•"]
        before = app.list.render_line(2)
        app.list.set_marked(())
        app.list.set_stale(True)
        assert app.list.render_line(2) != before


async def test_a_hundred_thousand_rows_are_looked_at_only_where_they_are_seen() -> None:
    class Lazy(Sequence[Row]):
        """Rows made when asked for."""

        asked = 0

        def __len__(self) -> int:
            return 100_000

        def __getitem__(self, index: int) -> Row:  # type: ignore[override]
            self.asked += 1
            return row(f"r{index}")

    app = OneList()
    async with app.run_test(size=(50, 30)) as pilot:
        rows = Lazy()
        app.list.set_rows(rows)
        await pilot.press("G")
        assert app.list.cursor_key == "r99999"
        assert rows.asked < 1000


class Wrapping(App[None]):
    """A short list in a small place, whose second column is wrapped."""

    def __init__(self, rows: Sequence[Row], size: tuple[int, int]) -> None:
        super().__init__()
        columns = (Column("N", 2), Column("WORDS", 8, weight=1, wraps=True))
        self.list = Rows(columns, header=False, gap=1, id="list")
        self.list.styles.width, self.list.styles.height = size
        self.rows = rows

    def compose(self) -> ComposeResult:
        """The list."""
        yield self.list

    def lines(self) -> list[str]:
        """What the list shows, without blanks at the end."""
        return [self.list.render_line(y).text.rstrip() for y in range(self.list.size.height)]


def worded(*words: str) -> list[Row]:
    """Rows with a text each."""
    return [Row(text, text, (str(number), text)) for number, text in enumerate(words)]


async def test_a_text_that_would_be_cut_goes_on_below_and_the_cursor_goes_from_row_to_row() -> None:
    app = Wrapping(worded("one two three", "four", "five six seven eight"), (14, 6))
    async with app.run_test() as pilot:
        app.list.set_rows(app.rows)
        await pilot.pause()
        assert app.lines() == ["▸0  one two", "    three", " 1  four", " 2  five six", "    seven", "    eight"]
        await pilot.press("j")
        assert app.list.cursor_key == "four"
        await pilot.press("j", "j")
        assert app.list.cursor_key == "five six seven eight"
        app.list.set_rows(app.rows[2:])
        assert app.list.cursor_key == "five six seven eight"
        assert app.lines()[:4] == ["▸2  five six", "    seven", "    eight", ""]


async def test_of_a_wrapped_row_under_the_cursor_all_is_seen_and_what_is_below_is_counted() -> None:
    app = Wrapping(worded("one two three", "four", "five six seven eight"), (14, 4))
    async with app.run_test() as pilot:
        app.list.set_rows(app.rows)
        await pilot.pause()
        assert app.lines() == ["▸0  one two", "    three", " 1  four", " … 1 more"]
        await pilot.press("G")
        await pilot.pause()
        assert app.lines() == ["▸2  five six", "    seven", "    eight", " end of 3"]
        await pilot.click(app.list, offset=(3, 1))  # a click on any of its lines is one on the row
        assert app.list.cursor_key == "five six seven eight"
        await pilot.press("g")
        assert app.list.cursor_key == "one two three"


@given(st.lists(texts, min_size=1, max_size=8, unique=True), st.integers(8, 40))
def test_nothing_of_a_wrapped_text_is_lost(words: list[str], width: int) -> None:
    columns = (Column("N", 2), Column("WORDS", 8, weight=1, wraps=True))
    found = wrapped_rows(columns, worded(*words), width, 1, ())
    assert found is not None
    told: dict[int, str] = {}
    for line in range(len(found)):
        index, part = found.at(line)
        cells = found.cells(index, part)
        told[index] = told.get(index, "") + cell_text(cells[1])
        assert found.first(index) == line - part
    assert ["".join(told[index].split()) for index in told] == ["".join(safe(text).split()) for text in words]


def test_without_colour_the_cursor_inverts_words_that_draw_themselves_and_no_bar() -> None:
    look = Look(shipped_look().theme, no_color=True)
    columns = (Column("WHAT", 20, weight=1), Column("CPU", 10))
    strip = RowPainter(columns, 60, look).row((PricedText("3 pods at $0.1/h"), UsageBar(1.0)), 2, False, False)
    inverted = "".join(segment.text for segment in strip if segment.style is not None and segment.style.reverse)
    assert "3 pods at $0.1/h" in inverted
    assert "█" not in inverted


def test_a_text_that_flows_is_wrapped_at_the_room_it_flows_over() -> None:
    columns = (Column("TO", 10, flows=True, wraps=True), Column("STATUS", 20, wraps=True))
    said = "nowhere: no instance type has that zone"
    rows = [Row("a", 1, ((said, "bad"), "")), Row("b", 1, ("a-node", "ok"))]
    wrapped = wrapped_rows(columns, rows, 36, 2, ())
    assert wrapped is not None
    painter = RowPainter(columns, 36, shipped_look(), needs=wrapped.needs)
    lines = [painter.row(wrapped.cells(*wrapped.at(line)), 0, False, False).text for line in range(len(wrapped))]
    assert " ".join(" ".join(lines[:-1]).split()) == said
    assert len(lines) == 3


async def test_columns_are_as_wide_as_their_texts_from_the_first_frame_of_a_list_that_was_hidden() -> None:
    app = OneList()
    async with app.run_test(size=(60, 8)) as pilot:
        app.list.display = False
        await pilot.pause()
        app.list.set_rows([row("a-name-that-is-long")])
        app.list.display = True
        await pilot.pause()
        assert "a-name-that-is-long" in app.screen_lines()[1]
        app.list.set_rows(named(*(f"row-{number}" for number in range(40))))
        await pilot.press("G")
        app.list.begin_anew()
        app.list.set_rows(named(*(f"other-{number}" for number in range(40))))
        assert app.list.cursor_key == "other-0" and "other-0" in app.screen_lines()[1]
