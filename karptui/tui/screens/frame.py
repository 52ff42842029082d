"""What every screen has: the head, the sentence, the keys, the filter, and what can be done anywhere."""

from typing import Any, ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from karptui.tui.actions import rebind
from karptui.tui.appearance.painting import Painting
from karptui.tui.boxes import written
from karptui.tui.export import Format
from karptui.tui.heading import agreement, head_of
from karptui.tui.lists.filter import NO_FILTER
from karptui.tui.screens.opening import BROAD, NARROW, STAGE_NARROW
from karptui.tui.screens.room import small, too_small
from karptui.tui.screens.timed import Timed
from karptui.tui.screens.topics import HEAD_TOPICS, SENTENCE_TOPICS, WHY_TOPICS
from karptui.tui.subject import Subject
from karptui.tui.widgets.key_bar import KeyBar
from karptui.tui.widgets.listing import Listing
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import FilterPrompt, LinePrompt
from karptui.tui.widgets.row_messages import HeaderChosen, Rearranged, RowChosen, RowHighlighted
from karptui.tui.widgets.scrub_bar import ScrubBar
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.status_head import Fact, StatusHead
from karptui.tui.widgets.story_line import StoryLine
from karptui.tui.widgets.text_pane import TextPane
from karptui.views.timelines.axis import complete
from karptui.views.timelines.story import story

STORY_MODE = "DEMO"
TIME_HINT = "1204 goes there   ⏎ takes 12:04:10, -5m, +30s"
ONE_ORDER = "This list has an order of its own and no other."


class Frame(Timed):
    """Subclasses name their `place` in the action table, give the body and say the sentence.

    Classes on the screen tell the style sheets how much room there is: -narrow under 100 cells, -broad from 160,
    -tiny where nothing but the sentence fits.
    """

    place: ClassVar[str]
    why_below: ClassVar[bool] = False
    """Whether a pane below the body tells about the row under the cursor."""
    DEFAULT_CSS = """
    Frame #body { height: 1fr; }
    Frame Sentence { height: 1; }
    Frame.-two-lines Sentence { height: 2; }
    Frame.-two-lines StoryLine, Frame.-two-lines ScrubBar { margin-bottom: 3; }
    Frame.-two-lines FilterPrompt, Frame.-two-lines LinePrompt { margin-bottom: 3; }
    Frame.-story ScrubBar { margin-bottom: 3; }
    Frame.-story.-two-lines ScrubBar { margin-bottom: 4; }
    Frame #why-below-box { height: 10; }
    Frame.-narrow #why-below-box { height: 7; }
    Frame #tiny { display: none; }
    Frame.-tiny #body { display: none; }
    Frame.-tiny #tiny { display: block; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_list(1)", show=False),
        Binding("shift+tab", "next_list(-1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._listing: Listing[Any] | None = None
        self._stale = False
        self.painting = Painting(self)

    def compose(self) -> ComposeResult:
        """Head, body, sentence, keys."""
        yield StatusHead()
        yield KeyBar(self.place)
        yield Sentence("connecting…")
        yield FilterPrompt()
        if self.live.run_shown.mode == STORY_MODE:
            yield StoryLine()
        yield ScrubBar()
        yield LinePrompt(" time: ", hint=TIME_HINT, complete=complete, id="time-prompt")
        yield TextPane((), id="tiny", focusable=False)
        with Container(id="body"):
            yield from self.body()
            if self.why_below:
                yield Panel("Why", TextPane((), indent=2, id="why-below", focusable=False), id="why-below-box")

    def body(self) -> ComposeResult:
        """The widgets of the screen."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Draw head and sentence when something they tell has changed."""
        rebind(self._bindings.key_to_bindings, self.place, self.live.keymap)
        self.query_one(KeyBar).show(self.place, keymap=self.live.keymap, mode=self.live.run_shown.mode)
        self.set_class(self.live.run_shown.mode == STORY_MODE, "-story")
        draws = self.live.clock.draws
        draws(self.query_one(StatusHead), HEAD_TOPICS, self._draw_head)
        draws(self.query_one(Sentence), SENTENCE_TOPICS, self._draw_sentence, tells=True)
        if self.why_below:
            draws(self.query_one("#why-below", TextPane), WHY_TOPICS, self._draw_why_below)
        if self.live.run_shown.mode == STORY_MODE:
            draws(self.query_one(StoryLine), ("narration", "second", "nodes", "decisions", "frozen"), self._draw_story)

    def on_resize(self) -> None:
        """Note how much room there is."""
        width, height = self.size
        narrow = width < (STAGE_NARROW if self.has_class("-present") else NARROW)
        if narrow != self.has_class("-narrow"):
            self.live.clock.draw_again(self)
            self.call_after_refresh(self.live.clock.draw_now)
        self.set_class(narrow, "-narrow")
        self.set_class(width >= BROAD, "-broad")
        self.set_class(narrow, "-two-lines")
        tiny, cramped = too_small(width, height), small(width, height)
        self.set_class(bool(tiny), "-tiny")
        self.query_one("#tiny", TextPane).show([((tiny, "warn"),)] if tiny else [])
        if cramped and not self.has_class("-cramped"):
            self.live.tell(cramped)
        self.set_class(bool(cramped), "-cramped")

    def on_screen_resume(self) -> None:
        """Show what has changed meanwhile."""
        self.live.clock.draw_now()

    # What is told

    def _draw_head(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        found = picture.head(self.live.run_shown.mode)
        if namespace := self.live.run_shown.namespace:
            found = replace(found, cluster=f"{found.cluster}/{namespace}")
        behind = (picture.behind(), picture.past is not None) if picture.frozen else None
        ended = self.live.run_shown.ended.is_set()
        self.draw_axis()
        facts, more = self.head_facts(), agreement(picture.shadow())
        self.query_one(StatusHead).show(head_of(found, self.live.unit, behind, ended, facts, more))
        if found.stale or self._stale:  # to look for every list at each change costs more than all the rest of the head
            self.set_stale(bool(found.stale))
        self._stale = bool(found.stale)

    def set_stale(self, stale: bool) -> None:
        """Dim what is shown: it is the last picture."""
        for shown in (*self.query(Listing), *self.query(TextPane)):
            shown.set_stale(stale)

    def _draw_why_below(self, topics: frozenset[str]) -> None:
        """What the row under the cursor is about."""
        pane, subject = self.query_one("#why-below", TextPane), self.subject
        if subject is None:
            pane.show([(("Nothing to ask about here.", "dim"),)])
            return
        found = self.live.why(subject)
        pane.show([((found.title, "strong"),), *found.lines])
        self.query_one("#why-below-box", Panel).set_title("Why", "⏎ in full")

    def _draw_story(self, topics: frozenset[str]) -> None:
        picture = self.live.picture
        told = story(picture.world, picture.now())
        self.query_one(StoryLine).show(told, self.live.run_shown.paused)
        # Once it is over there is no next step.
        self.query_one(KeyBar).offer("advance_story", told is not None or picture.world.narration is None)

    def head_facts(self) -> tuple[Fact, ...]:
        """What stands in the second line instead of the cluster's figures; empty for those."""
        return ()

    def _draw_sentence(self, topics: frozenset[str]) -> None:
        text, role = self.live.notice or (self.sentence(), "strong")
        self.query_one(Sentence).say(text, role)

    def sentence(self) -> str:
        """What matters on this screen now."""
        raise NotImplementedError

    # What is pointed at

    @property
    def listing(self) -> "Listing[Any] | None":
        """The list that has the focus, or had it last."""
        if isinstance(self.focused, Listing):
            self._listing = self.focused
        if self._listing is not None and self._listing.display:
            return self._listing
        return next((found for found in self.query(Listing) if found.display), None)

    @property
    def subject(self) -> Subject | None:
        """What the cursor is on."""
        listing = self.listing
        if listing is None or listing.cursor_key is None:
            return None
        return self.subject_of(listing, listing.cursor_key)

    def subject_of(self, listing: "Listing[Any]", key: str) -> Subject | None:
        """What a row stands for."""
        return Subject(listing.kind, key) if listing.kind else None

    @on(RowHighlighted)
    def _moved(self, event: RowHighlighted) -> None:
        self.live.clock.dirty.mark("cursor")

    def on_descendant_focus(self) -> None:
        """Another list has the focus: what follows the cursor follows it there."""
        self.live.clock.dirty.mark("cursor")
        self.live.clock.draw_now()

    @on(Rearranged)
    def _rearranged(self) -> None:
        self.live.clock.dirty.mark("cursor", "filter")

    @on(RowChosen)
    def _chosen(self, event: RowChosen) -> None:
        event.stop()
        self.action_show_why()

    @on(HeaderChosen)
    def _title_clicked(self, event: HeaderChosen) -> None:
        if isinstance(event.rows, Listing):
            event.rows.sort_by_column(event.column)

    # What can be done

    def lists(self) -> "list[Listing[Any]]":
        """The lists in the order of `tab`."""
        return [found for found in self.query(Listing) if found.display and found.query_ancestor(Panel).display]

    def action_next_list(self, by: int = 1) -> None:
        """The focus to the next list."""
        lists = self.lists()
        if len(lists) > 1:
            at = next((index for index, found in enumerate(lists) if found is self.focused), -by)
            self.reach(lists[(at + by) % len(lists)])

    def reach(self, listing: "Listing[Any]") -> None:
        """Give a list the focus."""
        listing.focus()

    def action_go_to(self, place: str) -> None:
        """A place, from anywhere."""
        self.live.go_to(place)

    def action_leave(self) -> None:
        """Drop the filter, else back."""
        listing = self.listing
        if listing is not None and listing.chosen_filter:
            listing.set_filter(NO_FILTER)
            self.live.clock.dirty.mark("cursor", "filter")
            self.live.clock.draw_now()
            return
        self.live.back()

    def action_leave_program(self) -> None:
        """Quit."""
        self.live.exit()

    def action_show_why(self) -> None:
        """Everything about what is under the cursor."""
        if (subject := self.subject) is not None:
            self.live.show_why(subject)

    def action_show_timeline(self) -> None:
        """Its way, stage by stage."""
        if (subject := self.subject) is not None:
            self.live.show_timeline(subject)

    def action_show_events(self) -> None:
        """The Events about it."""
        self._show_facet("events")

    def action_show_yaml(self) -> None:
        """The object as YAML."""
        self._show_facet("yaml")

    def action_show_relations(self) -> None:
        """What hangs together with it."""
        self._show_facet("relations")

    def _show_facet(self, facet: str) -> None:
        if (subject := self.subject) is not None:
            self.live.show_facet(subject, facet)
        else:
            self.live.tell("Nothing to ask about here.")

    def action_show_other_side(self) -> None:
        """Pod to node, node to pods, decision to what it brought."""
        if (subject := self.subject) is not None:
            self.live.show_other_side(subject)

    def action_open_filter(self) -> None:
        """The prompt, for the list with the focus."""
        listing = self.listing
        if listing is not None:
            self._listing = listing
            self.query_one(FilterPrompt).open(listing.chosen_filter)

    @on(FilterPrompt.FilterChanged)
    def _filtered(self, event: FilterPrompt.FilterChanged) -> None:
        if self._listing is not None:
            self._listing.set_filter(event.chosen)
            self.live.clock.dirty.mark("cursor", "filter")
            self.live.clock.draw_now()

    @on(FilterPrompt.FilterClosed)
    def _filter_closed(self) -> None:
        if self._listing is not None:
            self._listing.focus()

    def action_next_hit(self) -> None:
        """To the next row that matches."""
        self._seek(1)

    def action_previous_hit(self) -> None:
        """To the row before that matches."""
        self._seek(-1)

    def _seek(self, by: int) -> None:
        listing = self.listing
        if listing is None or not listing.sought:
            self.live.tell("Nothing has been looked for yet: / begins.")
        elif not listing.seek(by):
            self.live.tell(f"Nothing here matches {listing.sought.source!r}.")

    def action_sort_rows(self) -> None:
        """Sort by the next column."""
        if (listing := self.listing) is not None and not listing.sort_next():
            self.live.tell(ONE_ORDER)

    def action_reverse_rows(self) -> None:
        """The other way round."""
        if (listing := self.listing) is not None and not listing.reverse():
            self.live.tell(ONE_ORDER)

    def action_open_palette(self) -> None:
        """Ask, go, do."""
        self.live.open_palette(self.place, self.subject)

    def action_open_contexts(self) -> None:
        """Another context or namespace."""
        self.live.open_contexts()

    def action_open_help(self) -> None:
        """The keys of this screen."""
        self.live.open_help(self.place)

    def action_change_unit(self) -> None:
        """Another unit of money."""
        self.live.change_unit()

    @property
    def shown_decision(self) -> str:
        """The decision this screen is about; empty for none."""
        return ""

    def action_advance_story(self) -> None:
        """On with the story; elsewhere the same key marks."""
        if self.live.run_shown.mode == STORY_MODE:
            self.live.run_shown.advance()
        else:
            self.action_mark_row()

    def action_mark_row(self) -> None:
        """Mark the node under the cursor for What-if."""
        self.live.mark(self.subject)

    def action_try_row(self) -> None:
        """What-if, beginning with what is marked or under the cursor."""
        self.live.try_without(self.subject)

    def action_copy_row(self) -> None:
        """The row as text, into the clipboard."""
        self.live.copy(self.row_text() or self.query_one(Sentence).text)

    def row_text(self) -> str:
        """What is under the cursor as words."""
        return self.listing.cursor_text if self.listing is not None else ""

    def action_copy_kubeconfig(self) -> None:
        """The path for kubectl."""
        self.live.copy_kubeconfig()

    def action_copy_screen(self) -> None:
        """What is on the screen, as text."""
        lines = self._compositor.render_strips()
        self.live.copy("\n".join(line.text.rstrip() for line in lines), "the screen")

    def action_export_view(self) -> None:
        """In which form is asked."""
        self.live.ask_export()

    def export(self, form: Format, at: str) -> str:
        """This view as Markdown, JSON or CSV."""
        return written(self, form, self.place, at, self.query_one(Sentence).text, self.listing)
