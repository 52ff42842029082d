"""Cost (W5): what is paid now and by whom, over time, what moves said and earned, and savings nobody has taken."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.tui import cost_tables as tables
from karptui.tui.actions import bindings_of
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.bars import sparkline
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views import cost as view
from karptui.views.commitments import with_commitments
from karptui.views.open_savings import OpenRow, open_rows
from karptui.views.wording import amount, duration, hourly, monthly

TOPICS = ("nodes", "catalogue", "decisions", "second", "frozen", "unit", "filter")


class CostScreen(Frame):
    """Left the bill, right the ledger and what is open; under 100 cells one below the other."""

    place = "cost"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("cost")]
    DEFAULT_CSS = """
    CostScreen #left { width: 56; }
    CostScreen #right { width: 1fr; }
    CostScreen.-broad #left { width: 76; }
    CostScreen #now-box { height: 11; }
    CostScreen #history-box { height: 5; }
    CostScreen #spaces-box { display: none; }
    CostScreen.-spaces #spaces-box { display: block; }
    CostScreen.-spaces #pools-box { display: none; }
    CostScreen.-narrow #columns { layout: vertical; }
    CostScreen.-narrow #left { width: 100%; height: 8; }
    CostScreen.-narrow #right { width: 100%; height: 1fr; }
    CostScreen.-narrow #now-box { height: 5; }
    CostScreen.-narrow #history-box { height: 3; }
    CostScreen.-narrow #pools-box, CostScreen.-narrow #spaces-box { display: none; }
    CostScreen.-narrow.-spaces #spaces-box { display: block; height: 1fr; }
    CostScreen.-narrow.-spaces #now-box { display: none; }
    """

    def body(self) -> ComposeResult:
        """The boxes."""
        none = "No node yet."
        moves = Listing(tables.MOVES, "decision", empty="No node has been given back yet.", id="moves")
        open_ = Listing(tables.OPEN, "", empty="Nothing that the engine knows of could be saved.", id="open")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Panel("Now", TextPane((), id="now", focusable=False), id="now-box")
                yield Panel("By pool", Listing(tables.POOLS, "pool", empty=none, id="pools"), id="pools-box")
                yield Panel("By namespace", Listing(tables.SPACES, "", empty=none, id="spaces"), id="spaces-box")
                yield Panel("History", TextPane((), id="history", focusable=False), id="history-box")
            with Vertical(id="right"):
                yield Panel("Ledger", moves, id="moves-box")
                yield Panel("Open savings", open_, id="open-box")

    def on_mount(self) -> None:
        """Draw when nodes, prices or moves change."""
        super().on_mount()
        draws = self.live.clock.draws
        draws(self.query_one("#now", TextPane), TOPICS, self._draw_bill)
        draws(self.query_one("#moves", Listing), (*TOPICS, "nodeclaims"), self._draw_moves)
        draws(self.query_one("#open", Listing), (*TOPICS, "survey"), self._draw_open)
        self.query_one("#open", Listing).focus()

    def _draw_bill(self, topics: frozenset[str]) -> None:
        picture, unit = self.live.picture, self.live.unit
        found = view.bill(picture.costs())
        short = self.has_class("-narrow")
        told = view.short_bill_lines if short else view.bill_lines
        lines = told(picture.world, found, picture.now())
        shown = with_commitments(lines, picture.world, short=short)
        self.query_one("#now", TextPane).show(shown)
        if len(shown) > len(lines):
            self.query_one("#now-box").styles.height = 12  # one line more than without what is paid in advance
        for name, rows in (("pools", found.pools), ("spaces", found.namespaces)):
            self.query_one(f"#{name}", Listing).show(rows, unit)
        self.query_one("#pools-box", Panel).set_title("By pool", "v by namespace")
        self.query_one("#spaces-box", Panel).set_title("By namespace, share of what is asked for", "v by pool")
        self.query_one("#history", TextPane).show(self._history)

    def _history(self, width: int) -> list[Line]:
        world, now = self.live.picture.world, self.live.picture.now()
        span = view.history_span(world, now)
        self.query_one("#history-box", Panel).set_title(f"Last {duration(span)}, $/h")
        values = view.history(world, now, span, max(width, 1))
        known = [value for value in values if value is not None]
        if not known:
            return [(("Nothing has been paid yet.", "dim"),)]
        ends: Line = ((f"{hourly(min(known))} to {hourly(max(known))}", "dim"),)
        return [sparkline(values, width, low=0.0), *([] if self.has_class("-narrow") else [ends])]

    def _draw_moves(self, topics: frozenset[str]) -> None:
        world = self.live.picture.world
        listing = self.query_one("#moves", Listing)
        listing.show(view.move_rows(world), self.live.unit)
        self.query_one("#moves-box", Panel).set_title("Ledger: said and earned", view.ledger_line(world))

    def _open_rows(self) -> list[OpenRow]:
        surveying = self.live.surveying
        if surveying.latest is None or surveying.snapshot is None:
            return []
        return open_rows(surveying.snapshot, surveying.latest, self.live.picture.now())

    def _draw_open(self, topics: frozenset[str]) -> None:
        picture, surveying = self.live.picture, self.live.surveying
        surveying.ask(picture.world, picture.now())
        rows = self._open_rows()
        self.query_one("#open", Listing).show(rows, self.live.unit)
        title = "Open savings, by who holds them"
        if surveying.snapshot is None:
            self.query_one("#open-box", Panel).set_title(title, surveying.fault or "the engine is looking")
            return
        total = sum(row.hourly for row in rows)
        age = duration(max(picture.now() - surveying.at, 0.0))
        note = f"together {hourly(total)}, {monthly(total)}   looked {age} ago" if rows else f"looked {age} ago"
        if surveying.latest is not None and surveying.latest.deferred:
            note = f"put off: {surveying.latest.deferred}"
        self.query_one("#open-box", Panel).set_title(title, note)

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """A move's decision, a pool, the first node of what is open."""
        if listing.id == "open":
            item: Any = listing.item
            return Subject("node", item.nodes[0]) if item is not None and item.nodes else None
        if listing.id == "spaces" or key == "(no pool)":
            return None
        return Subject(listing.kind, key)

    def action_group_rows(self) -> None:
        """By pool or by namespace."""
        self.toggle_class("-spaces")
        self.query_one("#spaces" if self.has_class("-spaces") else "#pools", Listing).focus()

    def lists(self) -> "list[Listing[Any]]":
        """Those that are shown."""
        narrow, spaces = self.has_class("-narrow"), self.has_class("-spaces")
        first = ["spaces"] if spaces else [] if narrow else ["pools"]
        return [self.query_one(f"#{name}", Listing) for name in ("open", "moves", *first)]

    def sentence(self) -> str:
        """What is held back."""
        world = self.live.picture.world
        blocked = [row for row in self._open_rows() if row.owner]
        if blocked:
            first = blocked[0]
            total = sum(row.hourly for row in blocked)
            return f"what is held would save {monthly(total)}; {first.owner} holds {hourly(first.hourly)}: {first.why}"
        rows = self._open_rows()
        if rows:
            return f"{hourly(sum(row.hourly for row in rows))} could be saved now: {rows[0].nodes[0]}, {rows[0].why}"
        if world.ledger.moves:
            return view.ledger_line(world)
        return f"the cluster costs ${amount(world.ledger.hourly)}/h, {monthly(world.ledger.hourly)}"
