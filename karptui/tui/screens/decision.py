"""One decision in full (W3): the funnel, every instance type with the one reason it lost, and what it was made from."""

from collections import Counter
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.tui.actions import bindings_of
from karptui.tui.lists import tables
from karptui.tui.lists.table import Order, Table
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.funnel import FunnelStep, funnel, funnel_line
from karptui.tui.segments.line import Line, wrap
from karptui.tui.subject import Subject
from karptui.tui.widgets.columns import Column
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.status_head import Fact
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.lists.decisions import CandidateRow, DecisionView
from karptui.views.wording import amount

GROUPS: Table[Any] = Table(
    columns=(Column("TYPES", 6, align="right"), Column("REASON", 20, weight=1), Column("CHEAPEST", 9, align="right")),
    key=lambda row: row[0],
    cells=lambda row, unit: (
        (f"{row[1]:,}", "strong"), (row[0], "text"), (unit.text(row[2]), "money" if row[2] != float("inf") else "dim"),
    ),
    words=lambda row: row[0],
    orders=(Order(0, lambda row: row[1], falling=True), Order(1, lambda row: row[0]), Order(2, lambda row: row[2])),
)  # fmt: skip


class DecisionScreen(Frame):
    """Left how many types were left after each requirement and the facts, right the types."""

    place = "decision"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("decision")]
    DEFAULT_CSS = """
    DecisionScreen #left { width: 52; }
    DecisionScreen #right { width: 1fr; }
    DecisionScreen #made-box { height: 7; }
    DecisionScreen #funnel-box { height: 12; }
    DecisionScreen.-broad #left { width: 76; }
    DecisionScreen #groups-box { display: none; }
    DecisionScreen.-grouped #groups-box { display: block; }
    DecisionScreen.-grouped #types-box { display: none; }
    DecisionScreen #brief, DecisionScreen #short-box { display: none; }
    DecisionScreen.-narrow #left { display: none; }
    DecisionScreen.-narrow #brief { display: block; height: 2; }
    DecisionScreen.-narrow #short-box { display: block; height: 5; }
    DecisionScreen.-bare #left { display: block; width: 1fr; }
    DecisionScreen.-bare #right, DecisionScreen.-bare #funnel-box { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._reason = ""
        self._view: DecisionView | None = None
        self._drawn: DecisionView | None = None

    def show_subject(self, subject: Subject) -> None:
        """Which decision."""
        self._id = subject.key
        if self.is_mounted:
            self.live.clock.dirty.mark("subject", "head")

    @property
    def subject(self) -> Subject | None:
        """The decision."""
        return Subject("decision", self._id)

    @property
    def shown_decision(self) -> str:
        """The decision."""
        return self._id

    @property
    def stepped_from(self) -> str:
        """The decision that is shown."""
        return self._id

    def body(self) -> ComposeResult:
        """Boxes left and right."""
        with Horizontal():
            with Vertical(id="left"):
                yield Panel("Requirement funnel", TextPane((), id="funnel", focusable=False), id="funnel-box")
                yield Panel("Facts", TextPane((), indent=2, id="facts"), id="facts-box")
                yield Panel("Made from", TextPane((), indent=2, id="made", focusable=False), id="made-box")
            with Vertical(id="right"):
                yield TextPane((), id="brief", focusable=False)
                none = "No instance type was looked at for this decision."
                yield Panel("Candidates", Listing(tables.CANDIDATES, "type", empty=none, id="types"), id="types-box")
                yield Panel("Reasons", Listing(GROUPS, "reason", empty=none, id="groups"), id="groups-box")
                yield Panel("Facts", TextPane((), indent=2, id="short"), id="short-box")

    def on_mount(self) -> None:
        """Draw when another decision is to be shown, or something came of this one."""
        super().on_mount()
        listing = self.query_one("#types", Listing)
        self.live.clock.draws(listing, ("subject", "decisions", "unit", "filter", "frozen"), self._draw)
        self.live.clock.draws(self.query_one("#facts", TextPane), ("subject", "decisions", "frozen"), self._draw_bare)
        listing.focus()

    def on_resize(self) -> None:
        """The narrow layout has other words."""
        super().on_resize()
        self._drawn = None
        if self._view is not None:
            self._draw(frozenset())

    def _draw(self, topics: frozenset[str]) -> None:
        view = self._view = self._look()
        if view is None:
            self.query_one("#types-box", Panel).set_title("Candidates")
            return
        steps = [FunnelStep(row.remaining, row.text) for row in view.funnel]
        self._lay_out(bare=not view.candidates)
        if view is not self._drawn:
            self._drawn = view
            none: list[Line] = [(("Nothing was to be launched.", "dim"),)]
            self.query_one("#funnel", TextPane).show(lambda width: funnel(steps, width) if steps else none)
            self.query_one("#funnel-box").styles.height = min(max(len(steps), 1), 14) + 2
            self.query_one("#facts", TextPane).show(view.facts)
            self.query_one("#made", TextPane).show(view.made_from)
            self.query_one("#made-box").styles.height = len(view.made_from) + 2
            self.query_one("#brief", TextPane).show(
                lambda width: list(wrap(funnel_line(steps, 2 * width), width)) if steps else none
            )
            self.query_one("#short", TextPane).show([*view.facts, *view.made_from])
        self._draw_lists(view)

    def _draw_bare(self, topics: frozenset[str]) -> None:
        """Where the list of types is not shown, which draws the rest otherwise."""
        if self.has_class("-bare"):
            self._draw(topics)

    def _lay_out(self, bare: bool) -> None:
        """Where no instance type was chosen from, the facts have all the room."""
        if bare != self.has_class("-bare"):
            self.set_class(bare, "-bare")
            self.query_one("#facts" if bare else "#types").focus()

    def _draw_lists(self, view: DecisionView) -> None:
        types, groups = self.query_one("#types", Listing), self.query_one("#groups", Listing)
        shown_types = [row for row in view.candidates if not self._reason or row.group == self._reason]
        types.show(shown_types, self.live.unit)
        groups.show(_grouped(view.candidates), self.live.unit)
        shown, of = types.counts
        words = f"Candidates, cheapest first: {shown:,}" + (
            f" of {len(view.candidates):,}" if shown != of or self._reason else ""
        )
        notes = [f"only: {self._reason}   v all"] if self._reason else []
        notes += [f"/ {types.chosen_filter.source}"] if types.chosen_filter else []
        self.query_one("#types-box", Panel).set_title(words, "   ".join(notes))
        self.query_one("#groups-box", Panel).set_title(f"Reasons of {len(view.candidates):,} types", "⏎ its types")

    def _look(self) -> DecisionView | None:
        """What is known of it."""
        return self.live.picture.decision_view(self._id)

    def head_facts(self) -> tuple[Fact, ...]:
        """The decision in place of the cluster's figures."""
        view = self._look()
        if view is None:
            return ()
        text = view.title.removeprefix(view.id).strip()
        ended = Fact(view.outcome, view.outcome, "ok" if "ready" in view.outcome else "dim")
        brief = text.partition(": ")[0]  # why pods fit nowhere stands below
        facts = (Fact(view.id, view.id, "accent"), Fact(brief, brief, "strong"), Fact(f"{view.at}Z", "", "dim"), ended)
        return tuple(fact for fact in facts if fact.text)

    def action_group_rows(self) -> None:
        """By reason, or one by one."""
        if self._reason:
            self._reason = ""
        else:
            self.toggle_class("-grouped")
        self._draw(frozenset())
        self.query_one("#groups" if self.has_class("-grouped") else "#types", Listing).focus()

    def action_show_why(self) -> None:
        """The types of a reason; why a type lost, in the sentence."""
        listing = self.listing
        if listing is None or listing.cursor_key is None:
            return
        if listing.id == "groups":
            self._reason = listing.cursor_key
            self.remove_class("-grouped")
            self._draw(frozenset())
            self.query_one("#types", Listing).focus()
            return
        row: Any = listing.item
        price = f"${amount(row.price)}/h {row.capacity_type} {row.zone}" if row.price != float("inf") else "no offering"
        self.live.tell(f"{row.instance_type} ({price}): {row.verdict}")

    def action_leave(self) -> None:
        """Out of the reason, else back."""
        if self._reason:
            self._reason = ""
            self.add_class("-grouped")
            self._draw(frozenset())
            self.query_one("#groups", Listing).focus()
            return
        super().action_leave()

    def sentence(self) -> str:
        """Why this type."""
        if self._view is None:
            return f"{self._id} is not known any more"
        return self._view.sentence


def _grouped(rows: list[CandidateRow]) -> list[tuple[str, int, float]]:
    counts = Counter(row.group for row in rows)
    cheapest: dict[str, float] = {}
    for row in rows:
        reason = row.group
        cheapest[reason] = min(cheapest.get(reason, float("inf")), row.price)
    return [(reason, count, cheapest[reason]) for reason, count in counts.most_common()]
