"""What stands in the boxes of a screen, as text, for files and the clipboard."""

from textual.screen import Screen

from karptui.tui.segments.line import plain
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.forms import Export


def boxes_of(screen: Screen[None]) -> list[Export]:
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
