"""The tick: ten times a second with the focus, four without, each visible widget draws what is dirty in it."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

from karptui.tui.dirty import Dirty

TICK = 0.1
"""Seconds between two drawings while the terminal has the focus: faster is not read, and costs three times at 30 Hz."""
AWAY_TICK = 0.25
"""The same without the focus, or over a slow line."""
SECOND = "second"
"""A topic marked once a second, for ages and countdowns."""

Draw: TypeAlias = Callable[[frozenset[str]], None]
"""Called with the topics that changed."""


SHARE = 0.01
"""Of a core that one widget may take at most: what costs more than a tick's share is drawn less often."""
LONGEST_WAIT = 1.0
"""Seconds after which it is drawn again whatever it costs: ages count seconds."""


class _Drawn:
    def __init__(self, topics: frozenset[str], draw: Draw) -> None:
        self.topics = topics
        self.draw = draw
        self.screen: Screen[Any] | None = None
        self.seen: dict[str, int] = {}
        self.drawn = False
        self.not_before = 0.0


class Clock:
    """Owns the dirty set and the only timer of the interface. Widgets that are gone are forgotten by themselves."""

    def __init__(self, app: App[Any], now: Callable[[], float] = monotonic) -> None:
        self.dirty = Dirty()
        self.slow = False
        """Set for a slow line: four drawings a second at most."""
        self.before: Callable[[], None] | None = None
        """Called at the beginning of each tick, to mark what has changed."""
        self._app = app
        self._now = now
        self._owed = False
        self._widgets: WeakKeyDictionary[Widget, _Drawn] = WeakKeyDictionary()
        self._tellers: WeakKeyDictionary[Widget, _Drawn] = WeakKeyDictionary()
        self._last_tick = self._last_second = -1e9
        self._last_total = -1
        self._last_screens: tuple[int, ...] = ()

    def start(self) -> None:
        """Begin ticking; call once from the running application."""
        self._app.set_interval(TICK, self.tick)

    def draws(self, widget: Widget, topics: Iterable[str], draw: Draw, tells: bool = False) -> None:
        """Let `draw` be called for the widget when one of the topics changed; the first time as soon as it is visible.

        One that `tells` of what others show comes after them. `draw` must not hold the widget in a closure of its own:
        a bound method of the widget's screen is right.
        """
        (self._tellers if tells else self._widgets)[widget] = _Drawn(frozenset(topics), draw)
        self._last_total = -1

    def tick(self) -> None:
        """Draw what is due. Cheap when nothing changed."""
        if not self._app.is_running:
            return  # it is being taken apart, widget by widget
        if self.before is not None:
            self.before()
        now = self._now()
        if (self.slow or not self._app.app_focus) and now - self._last_tick < AWAY_TICK - TICK / 2:
            return
        self._last_tick = now
        if now - self._last_second >= 1.0:
            self._last_second = now
            self.dirty.mark(SECOND)
        screens = tuple(id(screen) for screen in self._app.screen_stack)
        if self.dirty.total == self._last_total and screens == self._last_screens and not self._owed:
            return
        self._last_total, self._last_screens = self.dirty.total, screens
        self._draw(paced=True)

    def draw_all(self) -> None:
        """Draw everything anew, changed or not: all of it is about another cluster now."""
        for entry in (*self._widgets.values(), *self._tellers.values()):
            entry.drawn = False
        self._last_total = -1
        self.draw_now()

    def draw_again(self, screen: "Screen[Any]") -> None:
        """Draw everything of a screen at the next tick: it has another size, and short forms may be wanted."""
        for entry in (*self._widgets.values(), *self._tellers.values()):
            if entry.screen is screen:
                entry.drawn = False
        self._last_total = -1

    def draw_now(self) -> None:
        """Draw at once what is dirty in the visible widgets, for answers to a key."""
        self._draw(paced=False)

    def _draw(self, paced: bool) -> None:
        self._owed = False
        shown = self._shown_screens()
        for widget, entry in [*self._widgets.items(), *self._tellers.items()]:
            if entry.screen is not None and entry.screen not in shown:
                continue  # the commonest answer, and whether it is attached costs a walk up to the root
            if not widget.is_attached:
                continue
            screen = entry.screen = entry.screen or widget.screen
            if screen not in shown or widget not in screen._compositor.full_map:  # pyright: ignore[reportPrivateUsage]
                continue
            begun = self._now()
            if paced and entry.drawn and begun < entry.not_before:
                self._owed = True
                continue
            fresh = self.dirty.since(entry.seen, entry.topics)
            if fresh or not entry.drawn:
                entry.drawn = True
                entry.draw(fresh or entry.topics)
                entry.not_before = begun + min((self._now() - begun) / SHARE, LONGEST_WAIT)

    def _shown_screens(self) -> "list[Screen[Any]]":
        """From the top down to the first that nothing shines through."""
        shown: list[Screen[Any]] = []
        for screen in reversed(self._app.screen_stack):
            shown.append(screen)
            if not screen.is_modal:
                break
        return shown
