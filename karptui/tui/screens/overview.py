"""The Overview (W1): pools, what is pending and why, what is on its way, nodes, decisions; why follows the cursor."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.tui.acting import Acting
from karptui.tui.actions import bindings_of
from karptui.tui.lists import tables
from karptui.tui.lists.act_table import ACTS
from karptui.tui.lists.cluster_table import CLUSTERS
from karptui.tui.node_listing import nodes_listing
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.opening import boxes_css
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.emptiness import UNDECIDED, nothing
from karptui.views.lists import overview as view
from karptui.views.lists.acts import acts, acts_title

ACTING_MODE = "ACTIVE"
SHOWN_DECISIONS = 200
SHOWN_LOG = 200
MOST_CLUSTERS = 5
"""Lines of the strip; more are scrolled."""
SURVEYED_UNASKED = 100
"""Nodes up to which the engine is asked about all of them without anybody looking: beyond, it takes seconds."""
LOG_TOPICS = ("events", "problems", "streams", "narration", "nodeclaims", "decisions")
BORDERS = 2
LEAST_BOX = 4
"""Lines of a box in which something can still be read."""
_ORDER = ("waiting", "flight", "nodes", "decisions", "pools")
_BACKGROUND = {"pods", "nodes", "nodeclaims", "nodepools"}
_NOTHING = {"#pools": "nodepools", "#flight": "nodeclaims", "#nodes": "nodes", "#waiting": "pending"}
_THIRD = ("decisions", "flight", "nodes")


class OverviewScreen(Acting, Frame):
    """Boxes for the lists and one for why; in active mode also one for what is done next. Under 100 cells there is one
    column: pools, pending, and below them what `tab` has reached last of decisions, acts, in flight and nodes."""

    place = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("overview")]
    DEFAULT_CSS = (
        boxes_css("OverviewScreen")
        + """
    OverviewScreen #log-box { display: none; }
    OverviewScreen #acts-box { height: 7; }
    OverviewScreen.-narrow #acts-box { height: 1fr; }
    OverviewScreen.-tall #log-box { display: block; }
    """
    )

    def body(self) -> ComposeResult:
        """Two columns of boxes."""
        pools_list = Listing(tables.POOLS, "pool", empty="No NodePool yet.", id="pools")
        flight_list = Listing(tables.CLAIMS, "claim", empty="No NodeClaim is on its way.", id="flight")
        nodes_list = nodes_listing(self.live)
        waiting_table = tables.plainer(tables.WAITING) if self.has_class("-present") else tables.WAITING
        waiting_list = Listing(waiting_table, "waiting", empty="Nothing is pending.", header=False, id="waiting")
        made = Listing(
            tables.DECISIONS, "decision", empty=UNDECIDED, header=False, follow="first",
            id="decisions",
        )  # fmt: skip
        log = Listing(tables.LOG, "", empty="Nothing yet.", header=False, follow="first", id="log")
        if beside := self.live.clusters.beside:
            strip = Listing(CLUSTERS, "context", empty="connecting…", header=False, id="clusters")
            panel = Panel("Clusters", strip, id="clusters-box")
            panel.styles.height = min(len(beside), MOST_CLUSTERS) + 2
            yield panel
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Panel("Pools", pools_list, id="pools-box")
                yield Panel("In flight", flight_list, id="flight-box")
                yield Panel("Nodes", nodes_list, id="nodes-box")
                yield Panel("Log", log, id="log-box")
            with Vertical(id="right"):
                yield Panel("Pending, by what they wait for", waiting_list, id="waiting-box")
                if self.live.run_shown.mode == ACTING_MODE:
                    acts = Listing(ACTS, "act", empty="Nothing is to be done.", header=False, id="acts")
                    yield Panel("Next acts", acts, id="acts-box")
                yield Panel("Why", TextPane((), indent=2, id="why", focusable=False), id="why-box")
                yield Panel("Decisions", made, id="decisions-box")

    def on_mount(self) -> None:
        """Say what each list is drawn from."""
        super().on_mount()
        picture = self.live.picture
        self._draw_list("#pools", ("nodepools", "nodes", "pods", "catalogue"), picture.pools)
        self._draw_list("#waiting", ("pods", "preview", "nodeclaims", "second"), self.live.picture.waiting)
        self._draw_list("#flight", ("nodeclaims", "nodes", "pods", "second"), picture.in_flight)
        self._draw_list("#nodes", ("nodes", "catalogue", "marked", "survey", "second"), self._draw_nodes)
        if self._acts:
            self._third = self._acts[0]  # what is about to be done comes before what was decided
            topics = ("decisions", "nodeclaims", "nodes", "preview", "brakes", "lease", "second", "frozen")
            self.live.clock.draws(self.query_one("#acts", Listing), topics, self._draw_acts)
        self._draw_list("#decisions", ("decisions", "nodeclaims"), lambda: picture.decisions(SHOWN_DECISIONS))
        self._draw_list("#log", LOG_TOPICS, lambda: picture.log()[: -SHOWN_LOG - 1 : -1])
        if self.live.clusters.beside:
            self._draw_list("#clusters", ("second",), self.live.clusters.rows)
        topics = (
            "cursor",
            "survey",
            "pods",
            "nodes",
            "nodeclaims",
            "nodepools",
            "decisions",
            "preview",
            "second",
            "frozen",
        )
        self.live.clock.draws(self.query_one("#why", TextPane), topics, self._draw_why)
        self.query_one("#waiting", Listing).focus()
        self.call_after_refresh(self.live.early_keys.take)

    @property
    def _acts(self) -> tuple[str, ...]:
        """The list of acts, where karptui acts."""
        return ("acts",) if self.live.run_shown.mode == ACTING_MODE else ()

    def _draw_acts(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        self.query_one("#acts", Listing).show(acts(picture.world, picture.now()))
        self.query_one("#acts-box", Panel).set_title("Next acts", acts_title(picture.world)[0])

    def _draw_nodes(self) -> Sequence[view.NodeRow]:
        picture = self.live.picture
        if len(picture.world.of("nodes")) <= SURVEYED_UNASKED or self.subject_kind == "node":
            self.live.surveying.ask(picture.world, picture.now())
        return picture.nodes()

    @property
    def subject_kind(self) -> str:
        """What the list with the focus is of."""
        return self.listing.kind if self.listing is not None else ""

    def _draw_list(self, which: str, topics: Sequence[str], items: Callable[[], Sequence[Any]]) -> None:
        listing = self.query_one(which, Listing)
        panel = listing.query_ancestor(Panel)
        title = panel.title

        # The screen is there for as long as the program runs, so its widgets may be held.
        def draw(_: frozenset[str]) -> None:
            world = self.live.picture.world
            if which in _NOTHING:
                listing.say_of_nothing(nothing(world, _NOTHING[which]))
            listing.show(items(), self.live.unit)
            if which == "#nodes":
                listing.set_marked(self.live.marked)
            made = len(world.decisions) if which == "#decisions" else 0
            panel.set_title(*_titled(title, listing, made))
            if which == "#pools" or (which == "#waiting" and self.has_class("-present")):
                self._arrange(self.has_class("-narrow"))

        self.live.clock.draws(listing, (*topics, "unit", "frozen", "filter", "streams"), draw)

    def on_resize(self) -> None:
        """Which boxes there is room for."""
        super().on_resize()
        height, narrow = self.size.height, self.has_class("-narrow")
        self.set_class(not narrow and height >= 48, "-tall")
        self._arrange(narrow)

    def _arrange(self, narrow: bool, reached: "Listing[Any] | None" = None) -> None:
        """In one column only one of decisions, in flight and nodes is shown; `reached` is about to have the focus."""
        waiting, pools = self.query_one("#waiting-box").styles, self.query_one("#pools-box").styles
        needed = self.query_one("#waiting", Listing).lines + BORDERS if self.has_class("-present") else 0
        third, body = self._third, self.query_one("#body").size.height
        if narrow:
            strip = min(len(self.live.clusters.beside), MOST_CLUSTERS)
            room = self.size.height - 2 - 3 - (strip + 2 if strip else 0)
            pools_height = min(max(self.query_one("#pools", Listing).counts[0], 2) + 3, 6)
            most, least = body - pools_height, max((room - pools_height) * 5 // 10, 5)
            if needed > most - LEAST_BOX and (reached or self.listing) is self.query_one("#waiting"):
                third = ""  # on a stage what is pending is told in full; `tab` brings the box below back
            pools.height = pools_height
            waiting.height = max(min(needed, most - (LEAST_BOX if third else 0)), least)
        else:
            pools.clear_rule("height")
            usual = waiting.base.height
            if usual is not None and needed > usual.value:
                waiting.height = max(min(needed, body - 2 * LEAST_BOX), int(usual.value))
            else:
                waiting.clear_rule("height")
        for name in (*_THIRD, *self._acts):
            self.query_one(f"#{name}-box").styles.display = "block" if not narrow or name == third else "none"

    _third = "decisions"
    _explained: tuple[Subject | None, tuple[object, ...]] = (None, ())

    def lists(self) -> "list[Listing[Any]]":
        """All of them: in one column `tab` brings the hidden ones up."""
        log = () if self.has_class("-narrow") or not self.has_class("-tall") else ("log",)
        names = (_ORDER[0], *self._acts, *_ORDER[1:], *log)
        names = (*names, "clusters") if self.live.clusters.beside else names
        return [self.query_one(f"#{name}", Listing) for name in names]

    def reach(self, listing: "Listing[Any]") -> None:
        """What gets the focus must be seen."""
        if listing.id in (*_THIRD, *self._acts):
            self._third = listing.id
        self._arrange(self.has_class("-narrow"), listing)
        super().reach(listing)

    def sentence(self) -> str:
        """What matters in the cluster."""
        picture = self.live.picture
        return view.sentence(picture.world, picture.waiting(), picture.decisions(SHOWN_DECISIONS))

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """Log lines are about nothing that has a why here; an act is about its node."""
        if listing.kind == "act":
            act: Any = listing.item
            return Subject("node", act.nodes[0]) if act is not None and act.nodes else None
        return Subject(listing.kind, key) if listing.kind and key != "(no pool)" else None

    def _draw_why(self, topics: frozenset[str]) -> None:
        picture, subject = self.live.picture, self.subject or self._otherwise()
        stamp = (subject, picture.stamp(subject) if subject is not None else ())
        if topics <= _BACKGROUND and stamp == self._explained:
            return  # something changed, but nothing of this; what may depend on more is looked at every second
        self._explained = stamp
        pane, panel = self.query_one("#why", TextPane), self.query_one("#why-box", Panel)
        if subject is None:
            panel.set_title("Why", "")
            pane.show([(("Nothing to ask about here.", "dim"),)])
            return
        found = self.live.why(subject)
        title: Line = ((found.title, "strong"),)
        pane.show([title, *found.lines])
        panel.set_title("Why", "⏎ in full")

    def _otherwise(self) -> Subject | None:
        """What to ask about while the list with the focus is empty: what is on its way, else the latest decision."""
        for name in ("waiting", "flight", "decisions", "pools"):
            listing = self.query_one(f"#{name}", Listing)
            if listing.cursor_key is not None and listing.counts[0]:
                return self.subject_of(listing, listing.cursor_key)
        return None


def _titled(title: str, listing: "Listing[Any]", altogether: int) -> tuple[str, str]:
    """A list's title with how many it has, of how many there are."""
    shown, of = listing.counts
    if listing.chosen_filter:
        return f"{title}, {shown:,} of {of:,}", f"/ {listing.chosen_filter.source}"
    newest = altogether > of and not listing.chosen_filter
    return (f"{title}, newest {of:,} of {altogether:,}" if newest else f"{title} {of:,}" if of else title), ""
