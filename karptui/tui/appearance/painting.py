"""Changed lines, straight to the terminal.

Textual's compositor renders every line of every widget that touches the rectangle around all changes, containers
included: 10 to 17 ms for one changed figure in the head and one in the last line. Here only the changed lines are
written, all of them in one go, so that no frame shows half of a change. Whatever is no matter of single lines (layout,
scrolling, another screen on top) goes Textual's way.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.color import Color
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget


class _Place(NamedTuple):
    """Where a widget is that nothing covers, and what its lines go through; `framed`: it draws a border itself."""

    region: Region
    background: Color
    framed: bool


class _Lines(CompositorUpdate):
    """Strips with the cell each begins at."""

    def __init__(self, strips: list[tuple[int, int, Strip]]) -> None:
        self._strips = strips

    def render_segments(self, console: Console) -> str:
        """Each line where it belongs."""
        return "".join(f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self._strips)


class Painting:
    """The lines of one screen that are to be painted again; all that are owed when the loop comes back are painted
    together."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._owed: dict[Widget, set[int]] = {}
        self._awaited = False
        self._places: dict[Widget, _Place | None] = {}
        self._known: tuple[object, object] = (None, None)

    def owe(self, widget: Widget, lines: Iterable[int]) -> None:
        """These lines of a widget (counted from its upper edge, borders included) look different now."""
        self._owed.setdefault(widget, set()).update(lines)
        if not self._awaited:
            self._awaited = True
            asyncio.get_running_loop().call_soon(self.paint)

    def paint(self) -> None:
        """Paint what is owed."""
        self._awaited = False
        owed, self._owed = self._owed, {}
        app = self._screen.app
        ready = self._screen.is_running and app.screen is self._screen and not app._batch_count  # pyright: ignore[reportPrivateUsage]
        places = self._current_places() if ready else {}
        strips: list[tuple[int, int, Strip]] = []
        filters = app.get_line_filters()
        for widget, lines in owed.items():
            if not widget.is_attached:
                continue
            place = places.get(widget)
            if place is None:
                _refresh(widget, lines)
                continue
            cache = widget._styles_cache  # pyright: ignore[reportPrivateUsage]
            x, y, width, height = place.region
            for line in sorted(lines):
                if line >= height:
                    continue
                cache.set_dirty(Region(0, line, width, 1))
                if place.framed:
                    (strip,) = widget.render_lines(Region(0, line, width, 1))
                else:
                    strip = widget.render_line(line)
                    for each in filters:
                        strip = strip.apply_filter(each, place.background)
                strips.append((x, y + line, strip))
        if strips:
            app._display(self._screen, cast("Any", _Lines(strips)))  # pyright: ignore[reportPrivateUsage]

    def _current_places(self) -> Mapping[Widget, _Place | None]:
        """The widgets of which whole lines can be written; worked out again after each layout and change of theme."""
        visible = self._screen._compositor.visible_widgets  # pyright: ignore[reportPrivateUsage]
        known = (visible, self._screen.app.theme)
        if known[0] is not self._known[0] or known[1] != self._known[1]:
            self._known = known
            self._places = dict(_places(visible))
        return self._places


def _places(visible: Mapping[Widget, tuple[Region, Region]]) -> Iterable[tuple[Widget, _Place]]:
    """Of widgets from front to back, those that are seen whole. Children lie inside the border of what holds them, so
    a border line is covered by none."""
    before: list[tuple[Widget, Region]] = []
    for widget, (region, clip) in visible.items():
        inside = clip.contains_region(region)
        framed = bool(widget.gutter.totals != (0, 0))
        covered = any(region.overlaps(other) and widget not in front.ancestors for front, other in before)
        if inside and not covered:
            yield widget, _Place(region, widget.background_colors[1], framed)
        before.append((widget, region))


def _refresh(widget: Widget, lines: Iterable[int]) -> None:
    """Textual's own way for these lines."""
    left, top = widget.content_offset
    width = widget.outer_size.width
    # refresh() counts from the content's corner.
    widget.refresh(*(Region(-left, line - top, width, 1) for line in lines))


def repaint(widget: Widget, *lines: int) -> None:
    """Paint these lines of a widget again."""
    if not widget.is_attached:
        return
    painting = getattr(widget.screen, "painting", None)
    if painting is None:
        _refresh(widget, lines)
    else:
        cast("Painting", painting).owe(widget, lines)
