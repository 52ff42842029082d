"""Blocks together on a screen: palette, help, prompt, themes, hostile text, and nothing that grows."""

import gc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import Input

from karptui.tui.actions import PLACES
from karptui.tui.segments.line import plain
from karptui.tui.widgets.columns import Column, Row
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import FilterPrompt
from karptui.tui.widgets.rows import Rows
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.status_head import Fact, Head, StatusHead
from karptui.tui.widgets.text_pane import TextPane
from tests.tui.gallery import Gallery, GalleryApp
from tests.tui.test_line import HOSTILE, harmless, texts


async def test_the_palette_runs_what_is_chosen_with_its_arguments() -> None:
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(":", *"theme", "space", *"light", "enter")
        await pilot.pause()
        assert app.look.theme.name == "light"
        assert isinstance(app.screen, Gallery)


async def test_the_palette_moves_while_typing_goes_on_and_starts_empty_again() -> None:
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(":", *"goto", "down", "up", "down")
        rows = app.screen.query_one(Rows)
        assert rows.cursor_key == "1"
        assert isinstance(app.focused, Input)
        await pilot.press("escape", ":")
        assert app.screen.query_one(Input).value == ""
        assert rows.cursor_key == "0"


async def test_help_shows_the_keys_of_the_screen() -> None:
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        shown = "\n".join(plain(line) for line in app.screen.query_one(TextPane).lines)
        assert "Timeline of the pod, NodeClaim or node" in shown
        assert all(place.title in shown for place in PLACES)
        await pilot.press("escape")
        assert isinstance(app.screen, Gallery)


async def test_the_filter_prompt_follows_typing_and_names_a_fault() -> None:
    app = GalleryApp()
    told: list[str] = []
    async with app.run_test(size=(120, 36), message_hook=lambda message: _remember(message, told)) as pilot:
        prompt = app.screen.query_one(FilterPrompt)
        await pilot.press("/", *"spot", "enter")
        assert prompt.chosen.source == "spot"
        assert not prompt.has_class("-open")
        await pilot.press("/", "ctrl+u", *">$x")
        await pilot.pause()
        assert "is no number" in "".join(
            strip.text for strip in prompt.query_one("#fault").render_lines(prompt.query_one("#fault").size.region)
        )
        await pilot.press("escape")
        await pilot.pause()
        assert prompt.chosen.source == ""
        told = list(dict.fromkeys(told))  # the hook sees a message at each widget it passes
        assert told[:4] == ["s", "sp", "spo", "spot"]
        assert "" in told


def _remember(message: object, told: list[str]) -> None:
    if isinstance(message, FilterPrompt.FilterChanged):
        told.append(message.chosen.source)


@pytest.mark.parametrize("theme", ["light", "high-contrast", "colour-blind"])
async def test_another_theme_repaints_every_line(theme: str) -> None:
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        app.action_use_theme(theme)
        await pilot.pause()
        old = app.themes.by_name["dark"].roles["ok"].color or ""
        assert old.upper() not in app.export_screenshot().upper()


async def test_a_theme_that_does_not_exist_is_named_and_the_house_theme_used() -> None:
    app = GalleryApp(theme="nihgt")
    assert app.look.theme.name == "dark"
    assert app.faults[0].startswith("There is no theme 'nihgt'")


async def test_with_no_color_nothing_coloured_reaches_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(":")
        await pilot.pause()
        for line in app.screen._compositor.render_strips():  # pyright: ignore[reportPrivateUsage]
            for _, style, _ in line.apply_filter(app.get_line_filters()[-1], app.screen.background_colors[1]):
                colors = (style.color, style.bgcolor) if style is not None else ()
                assert all(color is None or color.is_default for color in colors)


async def test_with_ascii_only_nothing_else_reaches_the_terminal() -> None:
    app = GalleryApp(ascii_only=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(":")
        await pilot.pause()
        shown = "".join(line.text for line in app.screen._compositor.render_strips())  # pyright: ignore[reportPrivateUsage]
        assert shown.isascii(), sorted({c for c in shown if not c.isascii()})


class HostileApp(App[None]):
    """Cluster text in every place that shows some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        """Head, box, list, pane, sentence."""
        text = self.text
        yield StatusHead(Head("SHADOW", text, text, (text,), text, freshness=text, now=text, facts=(Fact(text, text),)))
        yield Sentence(text)
        rows = Rows((Column(text, 10, weight=1), Column(text, 5)), empty=text, hint=text, id="rows")
        yield Panel(text, rows, note=text)
        yield Panel(text, TextPane([((text, "text"), (text, text)), ((text * 9, "bad"),)]))

    def on_mount(self) -> None:
        """A few rows."""
        self.query_one("#rows", Rows).set_rows([Row(str(i), 1, (self.text, (self.text, "bad"))) for i in range(9)])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(texts, st.just("".join(HOSTILE))), st.sampled_from(((40, 20), (120, 24))))
async def test_hostile_text_anywhere_is_shown_harmless_inside_its_place(text: str, size: tuple[int, int]) -> None:
    app = HostileApp(text)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        for strip in strips:
            assert harmless(strip.text)
            assert cell_len(strip.text) == size[0]


async def test_focus_moves_and_openings_leave_nothing_behind() -> None:
    app = GalleryApp()
    async with app.run_test(size=(120, 36)) as pilot:

        async def used() -> int:
            for _ in range(5):
                await pilot.press("tab", "j", "?", "escape", ":", "escape")
            await pilot.pause()
            gc.collect()
            return len(gc.get_objects())

        await used()  # fills the caches of Textual
        before = await used()
        after = await used()
        assert after - before < 2000
