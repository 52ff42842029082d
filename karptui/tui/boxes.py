"""What stands in the boxes of a screen, as text, for files and the clipboard."""

from typing import Any

from textual.screen import Screen

from karptui.tui.export import Format
from karptui.tui.segments.line import plain
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.forms import Export, as_csv, as_json, as_markdown


def written(
    screen: Screen[None], form: Format, place: str, at: str, sentence: str, listing: "Listing[Any] | None"
) -> str:
    """A screen in one of the forms: CSV is the list with the focus, `listing`; the others have every box."""
    if form == "csv":
        return as_csv(*listing.plain_table()) if listing is not None else as_csv((), ())
    write = as_markdown if form == "md" else as_json
    return write(place, at, sentence, _boxes_of(screen))


def _boxes_of(screen: Screen[None]) -> list[Export]:
    """The lists of the screen, filtered and sorted as they are, then the text of its panes; empty ones are left out."""
    tables = [
        Export(listing.query_ancestor(Panel).title, *listing.plain_table())
        for listing in screen.query(Listing)
        if listing.query_ancestor(Panel).display
    ]
    panes = [
        Export(pane.query_ancestor(Panel).title, (), (), tuple(plain(line) for line in pane.lines))
        for pane in screen.query(TextPane)
        if pane.id != "tiny" and pane.display and pane.query_ancestor(Panel).display
    ]
    return [entry for entry in (*tables, *panes) if entry.rows or entry.lines]
