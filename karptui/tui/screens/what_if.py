"""What-if (W7): changes on a copy of the cluster, and what would come of them. Nothing is written anywhere."""

import asyncio
from time import monotonic
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from karptui.tui.actions import bindings_of
from karptui.tui.lists import cost_tables as tables
from karptui.tui.lists.table import Table
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.line import Line, fit_line, width_of
from karptui.tui.subject import Subject
from karptui.tui.widgets.columns import Column
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import LinePrompt
from karptui.tui.widgets.status_head import Fact
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.spending.changes import GRAMMAR, ChangeFault
from karptui.views.spending.suggestions import Suggestion, suggestions
from karptui.views.spending.what_if import NOWHERE, PENDING, WhatIf, what_if
from karptui.views.wording import HOURS_A_MONTH, amount, duration, percent, plural, short_node

BEFORE_WORDS = 33
"""Cells of a line of the result before the words on what differs."""
MOST_CHANGE = 26
"""Cells that the longest change may take from what it asks."""
NO_CHANGE = 0.00005
"""USD an hour below which the bill stays as it is."""


class _Change(NamedTuple):
    key: str
    text: str


CHANGES: Table[_Change] = Table(
    columns=(Column("", 20, weight=1, cut="middle"),),
    key=lambda row: row.key,
    cells=lambda row, unit: (row.text,),
    words=lambda row: row.text,
)


IDEAS: Table[Suggestion] = Table(
    columns=(
        Column("CHANGE", 20, weight=1, most=MOST_CHANGE, wraps=True),
        Column("WHAT IT ASKS", 20, weight=1, wraps=True),
    ),
    key=lambda row: row.text,
    cells=lambda row, unit: ((row.text, "accent"), row.asks),
    words=lambda row: f"{row.text} {row.asks}",
)


class WhatIfScreen(Frame):
    """Left the changes, right the figures before and after, below where each pod would go; before there is a change
    what could be asked."""

    place = "whatif"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("whatif")]
    DEFAULT_CSS = """
    WhatIfScreen #top { height: 15; }
    WhatIfScreen.-unchanged #changes-box { display: none; }
    WhatIfScreen.-unchanged #top, WhatIfScreen.-narrow.-unchanged #top { height: 1fr; }
    WhatIfScreen.-narrow.-unchanged #ideas-box { width: 100%; height: 1fr; }
    WhatIfScreen #changes-box { width: 46; }
    WhatIfScreen #result-box { width: 1fr; }
    WhatIfScreen #ideas-box { display: none; }
    WhatIfScreen.-unchanged #ideas-box { display: block; width: 1fr; }
    WhatIfScreen.-unchanged #result-box { width: 48; }
    WhatIfScreen.-unchanged #moves-box { display: none; }
    WhatIfScreen.-narrow #columns { layout: vertical; }
    WhatIfScreen.-narrow #top { layout: vertical; height: 12; }
    WhatIfScreen.-narrow #changes-box { width: 100%; height: 4; }
    WhatIfScreen.-narrow #result-box { width: 100%; height: 8; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._changes: list[str] = []
        self._editing: int | None = None
        self._found: WhatIf | None = None
        self._fault = ""
        self._took = 0.0
        self._at = 0.0
        self._asking: asyncio.Task[None] | None = None

    def body(self) -> ComposeResult:
        """The boxes and the line to write into."""
        yield LinePrompt(" change: ", id="change-prompt")
        none = "Nothing is changed yet: a adds a change."
        with Horizontal(id="top"):
            yield Panel("Changes", Listing(CHANGES, "change", empty=none, header=False, id="changes"), id="changes-box")
            ideas = Listing(IDEAS, "", empty="No node yet.", id="ideas")
            yield Panel("What can be asked here", ideas, id="ideas-box")
            yield Panel("Result", TextPane((), id="result", focusable=False), id="result-box")
        moves = Listing(tables.POD_MOVES, "", empty="No pod moves.", id="moves")
        yield Panel("Moves", moves, id="moves-box")

    def on_mount(self) -> None:
        """Draw when there is another answer."""
        super().on_mount()
        draws = self.live.clock.draws
        draws(self.query_one("#result", TextPane), ("whatif", "unit", "filter", "second"), self._draw)
        draws(self.query_one("#ideas", Listing), ("whatif", "nodes", "nodepools", "filter"), self._draw_ideas)
        self._reach_list()

    def begin(self, changes: list[str]) -> None:
        """Add changes that were asked for elsewhere, as with `w` on a node."""
        self._changes += [change for change in changes if change not in self._changes]
        self._run()
        if self.is_mounted:
            self._reach_list()

    def forget(self) -> None:
        """Another cluster is looked at: no change was meant for it."""
        self._changes.clear()
        if self.is_mounted:
            self._run()
            self._reach_list()

    # Running

    def _run(self) -> None:
        """Ask the engine, beside the screen."""
        if self._asking is not None:
            self._asking.cancel()
        self._fault = ""
        if not self._changes:
            self._found, self._asking = None, None
            self.live.clock.dirty.mark("whatif")
            return
        picture = self.live.picture
        self._at = picture.now()
        snapshot = picture.world.snapshot(self._at)
        self._asking = asyncio.get_running_loop().create_task(self._answer(snapshot, tuple(self._changes)))
        self.live.clock.dirty.mark("whatif")

    async def _answer(self, snapshot: Any, changes: tuple[str, ...]) -> None:
        begun = monotonic()
        try:
            self._found = await asyncio.to_thread(what_if, snapshot, changes)
        except ChangeFault as fault:
            self._found, self._fault = None, str(fault)
        except Exception as error:  # a fault of the engine must not end the screen
            self._found, self._fault = None, f"the engine failed ({type(error).__name__}: {error})"
        self._took = monotonic() - begun
        self._asking = None
        self.live.clock.dirty.mark("whatif")

    # Drawing

    def _draw_ideas(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        self.set_class(not self._changes, "-unchanged")
        if not self._changes:
            self.query_one("#ideas", Listing).show(suggestions(picture.world, picture.nodes()))
            self.query_one("#ideas-box", Panel).set_title("What can be asked here", "⏎ asks it   a writes another")

    def _draw(self, topics: frozenset[str]) -> None:
        if not self.query("#moves"):  # the boxes come one after the other
            self.call_later(self.live.clock.dirty.mark, "whatif")
            return
        unit = self.live.unit
        rows = [_Change(f"{index}", text) for index, text in enumerate(self._changes)]
        self.query_one("#changes", Listing).show(rows)
        count = f"Changes {len(rows)}" if rows else "Changes"
        self.query_one("#changes-box", Panel).set_title(count, "a add  ⏎ edit  del remove  r run")
        self.query_one("#result-box", Panel).set_title(*self._title())
        self.query_one("#result", TextPane).show(self._result_lines)
        found = self._found
        self.query_one("#moves", Listing).show(found.rows if found is not None else (), unit)
        words = f"Moves, {plural(found.moved, 'pod')}" if found is not None else "Moves"
        if found is not None and any(row.source == PENDING for row in found.rows):
            words += "; where pending ones go"
        self.query_one("#moves-box", Panel).set_title(words, "refused first")

    def _title(self) -> tuple[str, str]:
        if self._asking is not None:
            return "Result", "the engine is thinking"
        if self._found is None:
            title = "What may be written" if not self._changes else "Result"
            return title, "sandbox: works on a copy, writes nothing"
        age = duration(max(self.live.picture.now() - self._at, 0.0))
        return f"Result in {duration(self._took)}", f"snapshot {self._found.snapshot}, {age} old; nothing was touched"

    def _result_lines(self, width: int) -> list[Line]:
        if self._fault:
            return [((self._fault, "bad"),), (), *_grammar()]
        if self._found is None:
            return [(("The engine is thinking…", "dim"),)] if self._asking else _grammar()
        return [fit_line(line, width) for line in result_lines(self._found, width, short=self.has_class("-narrow"))]

    def head_facts(self) -> tuple[Fact, ...]:
        """What this is."""
        words = "What-if   sandbox: works on a copy of the cluster, writes nothing"
        return (Fact(words, words, "accent"),)

    def sentence(self) -> str:
        """What would come of it."""
        if self._fault:
            return self._fault
        if self._found is None:
            return (
                "the engine is thinking"
                if self._asking
                else "⏎ asks what is under the cursor; a writes a change; w on any node begins"
            )
        refused = next((row for row in self._found.rows if row.target == NOWHERE and row.source != PENDING), None)
        more = f"; {refused.pods}: {refused.status}" if refused is not None else ""
        return f"{self._found.sentence}{more}"

    # Doing

    def _reach_list(self) -> None:
        """The focus to the changes, or to what could be asked while there are none."""
        self.set_class(not self._changes, "-unchanged")
        self.query_one("#changes" if self._changes else "#ideas", Listing).focus()

    @property
    def changes(self) -> tuple[str, ...]:
        """The changes, in order."""
        return tuple(self._changes)

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """Rows here are about no object of the cluster."""
        return None

    def action_add_change(self) -> None:
        """Write another change."""
        self._editing = None
        self.query_one("#change-prompt", LinePrompt).open("")

    def action_show_why(self) -> None:
        """Edit the change under the cursor."""
        listing = self.query_one("#changes", Listing)
        idea: Any = self.query_one("#ideas", Listing).item
        if not self._changes and idea is not None:
            self.begin([idea.text])
            self._reach_list()
            self.live.clock.draw_now()
            return
        if self.listing is not listing or listing.cursor_key is None:
            item: Any = self.listing.item if self.listing is not None else None
            if item is not None and self.listing is not listing:
                self.live.tell(f"{item.pods} {item.source} → {item.target}: {item.status}")
                return
            self.action_add_change()
            return
        self._editing = int(listing.cursor_key)
        self.query_one("#change-prompt", LinePrompt).open(self._changes[self._editing])

    @on(LinePrompt.Written)
    def _written(self, event: LinePrompt.Written) -> None:
        if event.prompt.id != "change-prompt":
            return
        event.stop()
        if not event.text:
            self._reach_list()
            return
        if self._editing is not None and self._editing < len(self._changes):
            self._changes[self._editing] = event.text
        else:
            self._changes.append(event.text)
        self._run()
        self._reach_list()
        self.live.clock.draw_now()

    def action_remove_change(self) -> None:
        """Take back the change under the cursor."""
        key = self.query_one("#changes", Listing).cursor_key
        if key is not None and int(key) < len(self._changes):
            del self._changes[int(key)]
            self._run()
            self._reach_list()
            self.live.clock.draw_now()

    def action_reset_changes(self) -> None:
        """Take back all of them."""
        self._changes.clear()
        self._run()
        self._reach_list()
        self.live.clock.draw_now()

    def action_run_again(self) -> None:
        """On the cluster as it is now."""
        self._run()
        self.live.clock.draw_now()


def _grammar() -> list[Line]:
    """Each form on a line of its own, what it means behind the first."""
    forms = [(words.split(" | "), meaning) for words, meaning in GRAMMAR]
    width = max(len(form) for found, _ in forms for form in found)
    return [
        ((f"{form:<{width}}  ", "accent"), (meaning if not place else "", "dim"))
        for found, meaning in forms
        for place, form in enumerate(found)
    ]


def result_lines(found: WhatIf, width: int, short: bool = False) -> list[Line]:
    """Before and after, line by line; `short` leaves out what can be worked out from the rest."""
    before, after = found.before, found.after
    nodes, *more = _node_words(found, width - BEFORE_WORDS, short) or [""]
    change = after.hourly - before.hourly
    change = change if abs(change) >= NO_CHANGE else 0.0
    sign = "−" if change < 0 else "+"
    role = "ok" if change < 0 else "warn" if change > 0 else "dim"
    share = f"  {sign}{abs(change) / before.hourly * 100:.1f}%" if before.hourly else ""

    def row(name: str, one: str, other: str, words: str = "", how: str = "text") -> Line:
        return ((f"{name:<10}", "dim"), (f"{one:>10}{other:>10}", "text"), (f"   {words}", how))

    lines: list[Line] = [
        ((f"{'':<10}{'NOW':>10}{'AFTER':>10}   DIFFERENCE", "dim"),),
        row("nodes", f"{before.nodes}", f"{after.nodes}", nodes),
        *(row("", "", "", words) for words in more),
        row("$/h", amount(before.hourly), amount(after.hourly), f"{sign}{amount(abs(change))}{share}", role),
        row("$/mo", f"{before.hourly * HOURS_A_MONTH:,.0f}", f"{after.hourly * HOURS_A_MONTH:,.0f}",
             f"{sign}{abs(change) * HOURS_A_MONTH:,.0f}", role),
        row("pods moved", "", f"{found.moved}"),
        row("no place", f"{before.pending}", f"{after.pending}", _pending_words(found),
             "bad" if found.refused else "ok" if found.freed else "dim"),
        row("packed", percent(before.packed), percent(after.packed)),
        row("spot share", percent(before.spot), percent(after.spot)),
    ]  # fmt: skip
    if short:
        lines = [line for line in lines if not line[0][0].startswith(("$/mo", "spot share"))]
    if found.anyway:
        words = f"NOW counts {plural(found.anyway, 'new node')} that pending pods bring anyway"
        lines.append(((words, "dim"),))
    if after.unpriced:
        lines.append(((f"{plural(after.unpriced, 'node')} without a price, in no sum", "warn"),))
    if found.note:
        lines.append(((found.note, "warn"),))
    return lines


def _node_words(found: WhatIf, room: int, short: bool) -> list[str]:
    """Which nodes go and which come, in one line where there is room, else in one for each; `short` has only one line.
    Prices and then names are left out where they have no room."""
    gone = [f"−{len(found.gone)} {', '.join(map(short_node, found.gone[:2]))}"] if found.gone else []
    new = [f"+{len(found.new)} {found.new[0]}"] if found.new else []
    types = [words.rpartition(" $")[0] or words for words in new]
    counts = [f"−{len(found.gone)}"] if found.gone else []
    forms = ([*gone, *new], [*gone, *types], [*counts, *types])
    for form in forms:
        if width_of("  ".join(form)) <= room:
            return ["  ".join(form)]
        if not short and all(width_of(words) <= room for words in form):
            return list(form)
    return ["  ".join(forms[-1])] if short else list(forms[-1])


def _pending_words(found: WhatIf) -> str:
    parts = [f"{found.freed} get a place"] if found.freed else []
    parts += [f"{found.refused} would have none"] if found.refused else []
    return ", ".join(parts)
