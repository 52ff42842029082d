"""Shadow (W6): the score, what comes next, every prediction beside what Karpenter did, both answers, and why."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from karptui.failure import Failure
from karptui.shadow.judged import PROVISION
from karptui.tui.actions import bindings_of
from karptui.tui.lists import shadow_tables as tables
from karptui.tui.screens.frame import Frame
from karptui.tui.segments.bars import sparkline
from karptui.tui.segments.line import Line
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.foreseen import shadow as view
from karptui.views.foreseen import shadow_score as figures
from karptui.views.kept.shadow import Shadowed
from karptui.views.wording import duration, plural

TOPICS = ("decisions", "second", "frozen", "streams", "filter")
WAITING = "No verdict yet: Karpenter has done nothing since karptui watches, or did it seconds ago."
NO_SHADOW: list[Line] = [
    (("Nothing is foreseen here: karptui is not in the shadow of a Karpenter.", "strong"),),
    (("karptui shadow", "accent"), (" watches the Karpenter of your cluster, read-only,", "text")),
    (("karptui shadow --recording FILE", "accent"), (" judges a recorded one.", "text")),
]
NOTHING_YET = "Nothing to compare yet."
_GROUPS = ("side by side", "causes", "by NodePool", "by feature", "inputs", "next")
_BROAD_GROUPS = ("causes", "by NodePool", "by feature", "inputs")


class ShadowScreen(Frame):
    """Score and horizon above, the list, both answers and a box that `v` turns over below. Under 100 cells the boxes
    below are one, and so are those above; `⏎` gives both answers all the room."""

    place = "shadow"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("shadow")]
    DEFAULT_CSS = """
    ShadowScreen #above { height: 8; }
    ShadowScreen #below { height: 13; }
    ShadowScreen #acts-box { width: 1fr; }
    ShadowScreen #score-box { width: 62; }
    ShadowScreen #sides-box { width: 1fr; }
    ShadowScreen #group-box { width: 44; }
    ShadowScreen.-narrow #above { height: 4; }
    ShadowScreen.-narrow #below { height: 8; }
    ShadowScreen.-narrow #acts-box { display: none; }
    ShadowScreen.-narrow #score-box { width: 100%; }
    ShadowScreen.-narrow #sides-box { width: 100%; }
    ShadowScreen.-narrow #group-box { display: none; }
    ShadowScreen.-full #above, ShadowScreen.-full #cases-box, ShadowScreen.-full #group-box { display: none; }
    ShadowScreen.-full #below { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._group = 0
        self._only = False
        self._shown: Shadowed | None = None

    def body(self) -> ComposeResult:
        """The boxes."""
        quiet = "Nothing: no pod waits, no node stands to go."
        with Horizontal(id="above"):
            yield Panel("Score", TextPane((), id="score", focusable=False), id="score-box")
            acts = Listing(tables.ACTS, "", empty=quiet, header=False, id="acts")
            yield Panel("Next, and when", acts, id="acts-box")
        with Vertical(id="cases-box"):
            cases = Listing(tables.CASES, "case", empty=WAITING, follow="first", id="cases")
            yield Panel("Predictions and what really happened", cases, id="list-box")
        with Horizontal(id="below"):
            yield Panel("Side by side", TextPane((), id="sides", focusable=False), id="sides-box")
            yield Panel("Causes", TextPane((), id="group", focusable=False), id="group-box")

    def on_mount(self) -> None:
        """Draw when a verdict falls, and each second for what comes next."""
        super().on_mount()
        draws = self.live.clock.draws
        draws(self.query_one("#cases", Listing), TOPICS, self._draw_cases)
        draws(self.query_one("#score", TextPane), TOPICS, self._draw_score)
        draws(self.query_one("#acts", Listing), TOPICS, self._draw_acts)
        draws(self.query_one("#sides", TextPane), (*TOPICS, "cursor"), self._draw_below)
        draws(self.query_one("#group", TextPane), TOPICS, self._draw_group)
        self.query_one("#cases", Listing).focus()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _say_no_shadow(self) -> None:
        """What the lists would tell, where there is no Karpenter to stand in the shadow of."""
        self.query_one("#acts", Listing).say_of_nothing("What that Karpenter will do next is told here.")
        self.query_one("#cases", Listing).say_of_nothing(
            "Every decision is told here beside what Karpenter did, with the cause of what differs."
        )

    def _draw_cases(self, topics: frozenset[str]) -> None:
        found = self._shown = self.live.picture.shadow()
        listing = self.query_one("#cases", Listing)
        rows = found.rows if found is not None else []
        if found is None:
            self._say_no_shadow()
        else:
            listing.say_of_nothing(self._all_agree(rows) if self._only and rows else WAITING)
        listing.show(self._passing(rows))
        shown, of = listing.counts
        title = "Predictions and what really happened"
        words = f"{title}, {shown:,} of {of:,}" if listing.chosen_filter else f"{title} {of:,}" if of else title
        notes = ["only what disagrees"] if self._only else ["✓ same  ≈ by chance  ~ nearly  ✗ not"]
        notes += [f"/ {listing.chosen_filter.source}"] if listing.chosen_filter else []
        self.query_one("#list-box", Panel).set_title(words, "   ".join(notes))

    def _draw_score(self, topics: frozenset[str]) -> None:
        found = self.live.picture.shadow()
        pane = self.query_one("#score", TextPane)
        narrow = self.has_class("-narrow")
        if found is None:
            pane.show(NO_SHADOW[:1] if narrow else NO_SHADOW)
            return

        def lines(width: int) -> list[Line]:
            told = figures.score_lines(found.judged, found.score)
            over = figures.over_time(found.judged, width - 7)
            if narrow:
                self.query_one("#score-box", Panel).set_title("Score")
                return told[:2]
            if over.shares:
                drawn = sparkline(over.shares, len(over.shares), low=0.0, high=1.0)
                told.append((("agree  ", "dim"), *drawn))
            each = f"one column is {duration(over.seconds)}" if over.shares else ""
            self.query_one("#score-box", Panel).set_title("Score", each)
            return [*told, figures.freshness(found.inputs, self.live.picture.now())]

        pane.show(lines)

    def _draw_acts(self, topics: frozenset[str]) -> None:
        found = self.live.picture.shadow()
        listing = self.query_one("#acts", Listing)
        listing.show(found.acts if found is not None else [])

    def _draw_below(self, topics: frozenset[str]) -> None:
        panel, pane = self.query_one("#sides-box", Panel), self.query_one("#sides", TextPane)
        watch, item = self.live.run_shown.watch, self._item
        group = _GROUPS[self._group % len(_GROUPS)] if self.has_class("-narrow") else _GROUPS[0]
        if group != _GROUPS[0] and not self.has_class("-full"):
            panel.set_title(group.capitalize(), "v turns over")
            pane.show(self._grouped(group))
            return
        case = watch.cases.of(item.key) if watch is not None and item is not None else None
        if case is None or item is None:
            if watch is None:
                panel.set_title("How to begin" if self.has_class("-narrow") else "Side by side")
                pane.show(NO_SHADOW[1:] if self.has_class("-narrow") else [])
                return
            panel.set_title("Side by side")
            none = "No verdict is under the cursor." if self._shown is not None and self._shown.rows else NOTHING_YET
            pane.show([((none, "dim"),)])
            return
        pane.show(lambda width: view.side_by_side(case, width))
        note = "esc back   b bundle" if self.has_class("-full") else "⏎ in full   b bundle"
        panel.set_title(f"{item.at} {item.kind} {case.key}", note)

    def _draw_group(self, topics: frozenset[str]) -> None:
        group = _BROAD_GROUPS[self._group % len(_BROAD_GROUPS)]
        self.query_one("#group-box", Panel).set_title(group.capitalize(), "v turns over")
        self.query_one("#group", TextPane).show(self._grouped(group))

    def _grouped(self, group: str) -> list[Line]:
        found = self.live.picture.shadow()
        if found is None:
            return []
        match group:
            case "causes":
                return figures.cause_lines(found.judged, found.score)
            case "by NodePool":
                return figures.tally_lines("NODEPOOL", found.score.by_pool)
            case "by feature":
                return figures.tally_lines("FEATURE", found.score.by_feature)
            case "next":
                rows = found.acts
                none: list[Line] = [(("Nothing is expected: no pod waits, no node stands to go.", "dim"),)]
                return [
                    ((f"{row.when} ", row.role), (f"{row.kind} ", "dim"), (row.what, "text")) for row in rows
                ] or none
            case _:
                return figures.input_lines(found.inputs, found.banners, self.live.picture.now())

    @property
    def _item(self) -> view.CaseRow | None:
        item: Any = self.query_one("#cases", Listing).item
        return item

    def _passing(self, rows: list[view.CaseRow]) -> list[view.CaseRow]:
        return [row for row in rows if not row.agrees] if self._only else rows

    def _all_agree(self, rows: list[view.CaseRow]) -> str:
        return f"None of {plural(len(rows), 'verdict')} disagrees. f shows them again."

    # -- what is said and done -----------------------------------------------------------------------------------------

    def sentence(self) -> str:
        """What nobody can explain, what may not be read, what comes next."""
        found = self.live.picture.shadow()
        if found is None:
            return "karptui shadow watches a Karpenter; this is not that mode"
        act = next((row for row in found.acts if row.role in ("accent", "warn")), None)
        words = f"{act.kind} {act.what}, {act.when}" if act is not None else ""
        rows = self._passing(found.rows)
        if found.rows and not rows and not words:
            return self._all_agree(found.rows)
        return figures.sentence(rows, found.score, found.banners, words)

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """The NodeClaim or the node that a case is about, as long as it is there."""
        item, world = self._item, self.live.picture.world
        if listing.id != "cases" or item is None:
            return None
        if item.claim in world.of("nodeclaims"):
            return Subject("claim", item.claim)
        return Subject("node", item.node) if item.node in world.of("nodes") else None

    def action_show_why(self) -> None:
        """Both answers in all the room there is, or back to the list."""
        self.toggle_class("-full")
        self._redraw()

    def action_leave(self) -> None:
        """Back to the list first."""
        if self.has_class("-full"):
            self.action_show_why()
            return
        super().action_leave()

    def action_show_disagreements(self) -> None:
        """Only what disagrees, or everything."""
        self._only = not self._only
        self._redraw()

    def action_group_rows(self) -> None:
        """Turn the box over."""
        self._group += 1
        self._redraw()

    def action_keep_evidence(self) -> None:
        """A file of the case under the cursor."""
        run, item = self.live.run_shown, self._item
        case = run.watch.cases.of(item.key) if run.watch is not None and item is not None else None
        if case is None or run.watch is None:
            self.live.tell("There is no case here to keep the evidence of.", "warn")
            return
        if case.entry is None or run.bundles is None:
            self.live.tell("The evidence of this case is kept no longer; --bundles keeps it as it comes.", "warn")
            return
        try:
            file = run.bundles.keep(case.entry, run.watch.observer.pairs, case.key)
        except Failure as failure:
            self.live.tell(str(failure), "bad")
            return
        if file is None:
            self.live.tell("The evidence of this case is kept no longer; --bundles keeps it as it comes.", "warn")
        else:
            opens = "plan" if case.judged.kind == PROVISION else "disrupt"
            self.live.tell(f"kept {file.resolve()}: karptui {opens} -f opens it, pytest asks again")

    def _redraw(self) -> None:
        self.live.clock.dirty.mark("cursor", "filter", "decisions")
        self.live.clock.draw_now()
