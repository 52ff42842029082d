"""Cost (W5): what is paid now and by whom, over time, what moves said and earned, and savings nobody has taken."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.tui.actions import bindings_of
from karptui.tui.lists import cost_tables as tables
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.topics import WHY_TOPICS
from karptui.tui.segments.bars import sparkline
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.lists.open_savings import OpenRow, nothing_open, open_rows, saving, short_owner
from karptui.views.spending import cost as view
from karptui.views.spending.commitments import with_commitments
from karptui.views.wording import amount, duration, hourly, monthly, plural, short_node

TOPICS = ("nodes", "catalogue", "decisions", "bill", "second", "frozen", "unit", "filter")


GAP = "·"
"""Stands in the line of the past where karptui did not run."""
SHOWN_WASTE = 100
"""Nodes that are listed by what of them nobody asked for."""


class CostScreen(Frame):
    """Left the bill with pools and namespaces, right the ledger, what is open, the nodes that waste most, and why;
    under 100 cells the bill, the ledger and what is open, one below the other."""

    place = "cost"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("cost")]
    DEFAULT_CSS = """
    CostScreen #left { width: 54; }
    CostScreen #right { width: 1fr; }
    CostScreen.-broad #left { width: 72; }
    CostScreen #now-box { height: 11; }
    CostScreen #history-box { height: 4; }
    CostScreen.-past #history-box { height: 7; }
    CostScreen #why-below-box { height: 9; }
    CostScreen.-narrow #columns { layout: vertical; }
    CostScreen.-narrow #left { width: 100%; height: 8; }
    CostScreen.-narrow #right { width: 100%; height: 1fr; }
    CostScreen.-narrow #now-box { height: 5; }
    CostScreen.-narrow #history-box, CostScreen.-narrow.-past #history-box { height: 3; }
    CostScreen.-narrow #waste-box, CostScreen.-narrow #why-below-box { display: none; }
    CostScreen.-narrow #pools-box, CostScreen.-narrow #spaces-box { display: none; }
    CostScreen.-narrow.-pools #pools-box, CostScreen.-narrow.-spaces #spaces-box { display: block; height: 1fr; }
    CostScreen.-narrow.-pools #now-box, CostScreen.-narrow.-spaces #now-box { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._unused = 0.0

    def body(self) -> ComposeResult:
        """The boxes."""
        none = "No node yet."
        moves = Listing(tables.MOVES, "decision", empty="No node has been given back yet.", id="moves")
        open_ = Listing(tables.OPEN, "", id="open")
        waste = Listing(tables.WASTE, "node", empty=none, id="waste")
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Panel("Now", TextPane((), id="now", focusable=False), id="now-box")
                yield Panel("By pool", Listing(tables.POOLS, "pool", empty=none, id="pools"), id="pools-box")
                spaces = Listing(tables.SPACES, "", empty=none, id="spaces")
                yield Panel("By namespace, by what is asked for", spaces, id="spaces-box")
                yield Panel("History", TextPane((), id="history", focusable=False), id="history-box")
            with Vertical(id="right"):
                yield Panel("Ledger", moves, id="moves-box")
                yield Panel("Open savings", open_, id="open-box")
                yield Panel("Paid and asked for by nobody, node by node", waste, id="waste-box")
                yield Panel("Why", TextPane((), indent=2, id="why-below", focusable=False), id="why-below-box")

    def on_mount(self) -> None:
        """Draw when nodes, prices or moves change."""
        super().on_mount()
        draws = self.live.clock.draws
        draws(self.query_one("#now", TextPane), TOPICS, self._draw_bill)
        draws(self.query_one("#moves", Listing), (*TOPICS, "nodeclaims"), self._draw_moves)
        draws(self.query_one("#open", Listing), (*TOPICS, "survey"), self._draw_open)
        draws(self.query_one("#waste", Listing), (*TOPICS, "pods"), self._draw_waste)
        draws(self.query_one("#why-below", TextPane), WHY_TOPICS, self._draw_why_below)
        self.query_one("#open", Listing).focus()

    def _draw_bill(self, topics: frozenset[str]) -> None:
        picture, unit = self.live.picture, self.live.unit
        found = view.bill(picture.costs())
        self._unused = found.hourly - found.asked
        short = self.has_class("-narrow")
        told = view.short_bill_lines if short else view.bill_lines
        lines = told(picture.world, found, picture.now())
        shown = with_commitments(lines, picture.world, short=short)
        self.query_one("#now", TextPane).show(shown)
        if len(shown) > len(lines):
            self.query_one("#now-box").styles.height = 12  # one line more than without what is paid in advance
        for name, rows in (("pools", found.pools), ("spaces", found.namespaces)):
            self.query_one(f"#{name}", Listing).show(rows, unit)
        self.set_class(view.past_span(picture.world, picture.now()) is not None, "-past")
        self.query_one("#history", TextPane).show(self._history)

    def _draw_waste(self, topics: frozenset[str]) -> None:
        rows = self.live.picture.nodes()
        dearest = sorted(rows[:SHOWN_WASTE], key=lambda row: (-view.wasted(row), row.key))
        self.query_one("#waste", Listing).show(dearest, self.live.unit)

    def _history(self, width: int) -> list[Line]:
        world, now = self.live.picture.world, self.live.picture.now()
        span = view.history_span(world, now)
        self.query_one("#history-box", Panel).set_title(f"Last {duration(span)}, $/h")
        values = view.history(world, now, span, max(width, 1))
        known = [value for value in values if value is not None]
        if not known:
            return [(("Nothing has been paid yet.", "dim"),)]
        ends: Line = ((f"{hourly(min(known))} to {hourly(max(known))}", "dim"),)
        if self.has_class("-narrow"):
            return self._past(width)[:1] or [sparkline(values, width, low=0.0)]
        return [sparkline(values, width, low=0.0), ends, *self._past(width)]

    def _past(self, width: int) -> list[Line]:
        """The line over earlier runs too, with the time in which karptui did not look as dots, and averages."""
        world, now = self.live.picture.world, self.live.picture.now()
        span = view.past_span(world, now)
        if span is None:
            return []
        values = world.ledger.past.cells(now, span, max(width, 1))
        known = [value for value in values if value is not None]
        words = f"{hourly(min(known))} to {hourly(max(known))}" if known else ""
        line, panel = sparkline(values, width, low=0.0, gap=GAP), self.query_one("#history-box", Panel)
        if self.has_class("-narrow"):
            panel.set_title(f"Last {_span_text(span)}, $/h", words)
        elif GAP in line[0][0]:
            panel.set_title(panel.title, f"{GAP} nobody looked")
        told = (f"{found.name} {hourly(found.hourly)}" for found in view.averages(world, now))
        averages: Line = ((f"average {', '.join(told)}", "text"),)
        return [line, ((f"{_span_text(span)}, all runs: {words}", "dim"),), averages]

    def _draw_moves(self, topics: frozenset[str]) -> None:
        world = self.live.picture.world
        listing = self.query_one("#moves", Listing)
        listing.show(view.move_rows(world), self.live.unit)
        self.query_one("#moves-box", Panel).set_title("Ledger: said and earned", view.ledger_note(world))

    def _open_rows(self) -> list[OpenRow]:
        surveying = self.live.surveying
        if surveying.latest is None or surveying.snapshot is None:
            return []
        picture = self.live.picture
        return open_rows(surveying.snapshot, surveying.latest, picture.now(), picture.world.of("nodes"))

    def _draw_open(self, topics: frozenset[str]) -> None:
        picture, surveying = self.live.picture, self.live.surveying
        surveying.ask(picture.world, picture.now())
        rows, listing = self._open_rows(), self.query_one("#open", Listing)
        listing.say_of_nothing(self._nothing_open())
        listing.show(rows, self.live.unit)
        note = self._all_open(rows) if rows else ""
        if surveying.snapshot is not None:
            note = f"{note}   looked {duration(max(picture.now() - surveying.at, 0.0))} ago".strip()
        self.query_one("#open-box", Panel).set_title("Open savings, by who holds them", note)

    def _all_open(self, rows: list[OpenRow]) -> str:
        """The sum, of several nodes as what it is at most: each would fill the room that another needs."""
        total = sum(row.hourly for row in rows)
        if sum(len(row.nodes) for row in rows) == 1:
            return f"{hourly(total)}, {monthly(total)}"
        return f"up to {hourly(total)} each alone, unused {hourly(self._unused)}"

    def _nothing_open(self) -> str:
        """Why no saving is listed: nobody has looked yet, or nobody could, or there is none."""
        world, surveying = self.live.picture.world, self.live.surveying
        if surveying.fault:
            return surveying.fault
        if surveying.latest is None:
            return "The engine is looking." if world.of("nodes") else "No node yet."
        return nothing_open(surveying.latest) if world.of("nodes") else "No node yet."

    @property
    def subject(self) -> Subject | None:
        """What the cursor is on; where its list is empty, the node that wastes most."""
        waste = self.query_one("#waste", Listing)
        return super().subject or (Subject("node", waste.cursor_key) if waste.cursor_key else None)

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """A move's decision, a pool, the first node of what is open."""
        if listing.id == "open":
            item: Any = listing.item
            return Subject("node", item.nodes[0]) if item is not None and item.nodes else None
        if listing.id == "spaces" or key == "(no pool)":
            return None
        return Subject(listing.kind, key)

    def action_group_rows(self) -> None:
        """To the pools, to the namespaces; in one column each in place of the bill, and back."""
        narrow = self.has_class("-narrow")
        order = ("spaces", "pools", "open") if narrow else ("pools", "spaces")
        here = self.listing.id if self.listing is not None else None
        name = order[(order.index(here) + 1) % len(order)] if here in order else order[0]
        self.set_class(name == "pools", "-pools")
        self.set_class(name == "spaces", "-spaces")
        self.query_one(f"#{name}", Listing).focus()

    def lists(self) -> "list[Listing[Any]]":
        """Those that are shown."""
        names = ("open", "waste", "pools", "spaces", "moves")
        return [found for found in (self.query_one(f"#{name}", Listing) for name in names) if self._is_shown(found)]

    def _is_shown(self, listing: "Listing[Any]") -> bool:
        return listing.query_ancestor(Panel).display

    def sentence(self) -> str:
        """What is held back."""
        world = self.live.picture.world
        blocked = [row for row in self._open_rows() if row.owner]
        if blocked:
            first = blocked[0]
            who, what = short_owner(first.owner), plural(len(first.nodes), "node")
            return f"{who} holds {what}, {saving(first)} ({monthly(first.hourly)}): {first.brief}"
        rows = self._open_rows()
        if rows:
            first, total = rows[0], sum(row.hourly for row in rows)
            most = "up to " if len(rows) > 1 else ""
            return f"{most}{hourly(total)} could be saved now: {short_node(first.nodes[0])} {first.why}"
        if world.ledger.moves:
            return view.ledger_line(world)
        return f"the cluster costs ${amount(world.ledger.hourly)}/h, {monthly(world.ledger.hourly)}"


def _span_text(span: float) -> str:
    """`24 h`, `30 d`."""
    return f"{span / 3600:.0f} h" if span <= 86400 else f"{span / 86400:.0f} d"
