"""Drawing: what is dirty, in what is visible, at the rate of the focus."""

from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from karptui.tui.clock import SECOND, Clock
from karptui.tui.dirty import Dirty


class Parts(Screen[None]):
    """Two widgets, one of them hidden."""

    def compose(self) -> ComposeResult:
        """Both."""
        yield Widget(id="seen")
        hidden = Widget(id="hidden")
        hidden.display = False
        yield hidden


class Over(ModalScreen[None]):
    """Something that lies over the screen but leaves it visible."""


class Drawing(App[None]):
    """Counts what is drawn, under a clock that is moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 100.0
        self.clock = Clock(self, lambda: self.time)
        self.drawn: list[tuple[str, frozenset[str]]] = []

    async def prepared(self) -> None:
        """Show the screen, register both widgets and take their first drawing."""
        await self.push_screen(Parts())
        for name in ("seen", "hidden"):
            widget = self.screen.query_one(f"#{name}")
            self.clock.draws(widget, ["pods", "nodes"], lambda topics, name=name: self.drawn.append((name, topics)))

    def ticked(self, seconds: float = 0.1) -> list[tuple[str, frozenset[str]]]:
        """What one tick draws."""
        self.time += seconds
        self.drawn.clear()
        self.clock.tick()
        return list(self.drawn)


def test_many_marks_are_one_change() -> None:
    dirty, seen = Dirty(), dict[str, int]()
    for _ in range(1000):
        dirty.mark("pods")
    assert dirty.since(seen, ["pods", "nodes"]) == {"pods"}
    assert dirty.since(seen, ["pods", "nodes"]) == frozenset()


async def test_a_visible_widget_is_drawn_once_for_what_changed_in_it() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.prepared()
        await pilot.pause()
        assert app.ticked() == [("seen", {"pods", "nodes"})]
        assert app.ticked() == []
        app.clock.dirty.mark("pods")
        app.clock.dirty.mark("pods", "prices")
        assert app.ticked() == [("seen", {"pods"})]


async def test_a_hidden_widget_learns_of_changes_when_it_is_shown() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.prepared()
        await pilot.pause()
        app.ticked()
        app.screen.query_one("#hidden").display = True
        await pilot.pause()
        app.clock.dirty.mark("other")
        assert [name for name, _ in app.ticked()] == ["hidden"]


async def test_widgets_under_another_screen_wait_and_under_a_modal_one_do_not() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.prepared()
        await pilot.pause()
        app.ticked()
        await app.push_screen(Screen())
        app.clock.dirty.mark("pods")
        assert app.ticked() == []
        app.pop_screen()
        await pilot.pause()
        assert app.ticked() == [("seen", {"pods"})]
        await app.push_screen(Over())
        app.clock.dirty.mark("nodes")
        assert app.ticked() == [("seen", {"nodes"})]


async def test_without_the_focus_it_draws_four_times_a_second() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.prepared()
        await pilot.pause()
        app.app_focus = False
        drawings = 0
        for _ in range(40):
            app.clock.dirty.mark("pods")
            drawings += bool(app.ticked())
        assert 12 <= drawings <= 16
        app.app_focus = True
        app.clock.dirty.mark("pods")
        assert app.ticked()


async def test_ages_are_dirty_once_a_second() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.push_screen(Parts())
        seconds: list[frozenset[str]] = []
        app.clock.draws(app.screen.query_one("#seen"), [SECOND], seconds.append)
        await pilot.pause()
        for _ in range(31):
            app.ticked()
        assert 3 <= len(seconds) <= 4


async def test_a_widget_that_is_gone_is_forgotten() -> None:
    app = Drawing()
    async with app.run_test() as pilot:
        await app.prepared()
        await pilot.pause()
        await app.screen.query_one("#seen").remove()
        app.clock.dirty.mark("pods")
        assert app.ticked() == []
