"""The running application: the screens over one run, how one goes between them, and what holds on all of them."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from karptui.failure import Failure
from karptui.tui.actions import PLACES, Keymap
from karptui.tui.appearance.theme import Themes
from karptui.tui.early_keys import EarlyKeys
from karptui.tui.going_about import GoingAbout
from karptui.tui.helping import Helping
from karptui.tui.lists.money import HOUR, next_unit
from karptui.tui.screens.opening import Opening
from karptui.tui.subject import Subject
from karptui.tui.surveying import Surveying

if TYPE_CHECKING:
    from karptui.modes.contexts import Contexts
    from karptui.modes.run import Run
    from karptui.tui.screens.frame import Frame
    from karptui.tui.travel import Travel
    from karptui.views.answers.why import Why

NOTICE_SECONDS = 8.0
"""How long an answer to a key, or a problem, stands in the sentence line."""
ANSWER = "strong"
"""The role of an answer to a key."""
OTHERS_AFTER, OTHERS_PAUSE = 2.0, 0.05
"""Seconds after which the screens behind the first one are made, and those between two of them."""
_PLACES = {place.screen: place for place in PLACES}


class Live(GoingAbout):
    """Shows a run: at once one that is there, else that which `source` makes after the first frame.

    Nothing that a run needs is imported before that frame is painted: this module and those it names at its top are all
    that is loaded until then. Whoever made the run stops it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True)]

    travel: "Travel"

    def __init__(
        self,
        source: "Run | Callable[[], Run]",
        themes: Themes | None = None,
        *,
        mode: str = "OBSERVE",
        theme: str = "dark",
        ascii_only: bool = False,
        extra_labels: Sequence[str] = (),
        keymap: "Keymap | None" = None,
        contexts: "Callable[[], Contexts] | None" = None,
        own_themes: Path | None = None,
        present: bool = False,
    ) -> None:
        super().__init__(themes, theme=theme, ascii_only=ascii_only, keymap=keymap, own_themes=own_themes)
        self.opened = False
        """Whether there is a run; `run_shown` and `picture` are only set then."""
        self.unit = HOUR
        self.extra_labels = tuple(extra_labels)
        """Labels that have a column of their own in the lists of nodes and pods."""
        self._source = source
        self._mode = mode
        self._notice: tuple[str, str, float] | None = None
        self._latest_problem: object = None
        self._missed: set[str] = set()
        self.marked: dict[str, None] = {}
        """Names of nodes that are marked for What-if, in the order they were."""
        self._surveying = Surveying(lambda: self.clock.dirty.mark("survey"))
        self.helping = Helping(lambda: self.clock.dirty.mark("preview"))
        self._contexts = contexts
        self._present = present
        self.early_keys = EarlyKeys(self)

    def on_mount(self) -> None:
        """The first frame; what it shows comes after it."""
        super().on_mount()
        if callable(self._source):
            self.push_screen(Opening(self._mode))
            self.call_after_refresh(self._make)
        else:
            self._open(self._source)
            self.push_screen("overview")
            self.call_after_refresh(self._begin)

    async def on_event(self, event: events.Event) -> None:
        """What is typed before the first screen is there is kept for it."""
        if not self.early_keys.keep(event, self.opened):
            await super().on_event(event)

    async def _make(self) -> None:
        """Once the first frame is painted: import what is needed, make the run, show it."""
        assert callable(self._source)
        try:
            run = self._source()
        except Failure as failure:
            self.fault = failure
            self.exit()
            return
        self._open(run)
        self.switch_screen("overview")
        await self._begin()

    def _open(self, run: "Run") -> None:
        from karptui.tui.clusters import Clusters
        from karptui.tui.picture import Picture
        from karptui.tui.screens.places import screens
        from karptui.tui.travel import Travel

        self.run_shown, self.picture, self.opened = run, Picture(run), True
        self.clusters = Clusters(self, self._contexts() if self._contexts is not None else None)
        run.keep_history()
        self.travel = Travel(self)
        for name, make in screens().items():
            # Textual calls this when the screen is first asked for.
            self.install_screen(partial(self._made, make), name)  # type: ignore[arg-type]
        self.clock.before = self._turn
        self.set_timer(OTHERS_AFTER, lambda: self.run_worker(self._make_others(), exit_on_error=False))

    def _made(self, make: "Callable[[], Frame]") -> "Frame":
        screen = make()
        screen.set_class(self._present, "-present")
        return screen

    async def _make_others(self) -> None:
        """Before somebody waits for them, one at a time."""
        from karptui.tui.screens.places import screens

        for name in screens():
            self.get_screen(name)
            await asyncio.sleep(OTHERS_PAUSE)

    async def _begin(self) -> None:
        for fault in self.faults[:1]:
            self.tell(fault, "warn")
        await self.run_shown.start()
        await self.clusters.begin(self.run_shown)

    def show_run(self, run: "Run") -> None:
        """Another cluster on the same screens, from its Overview on."""
        self.run_shown = run
        self.picture.look_at(run)
        self._surveying = Surveying(lambda: self.clock.dirty.mark("survey"))
        run.keep_history()
        self.travel.begin_anew()
        self.marked.clear()
        self._missed.clear()
        self._notice, self._latest_problem = None, None
        self.get_screen("whatif").forget()  # type: ignore[attr-defined]
        self._trail = []
        self._show("overview", None)
        self.clock.draw_all()

    async def stop_runs(self) -> None:
        """End what is watched, also clusters that do not answer."""
        if self.opened:
            await self.clusters.stop(self.run_shown)

    def _turn(self) -> None:
        """Before each tick: what changed in the world since the last one."""
        self.picture.turn()
        world, dirty = self.run_shown.world, self.clock.dirty
        changed = {topic for topic, _ in world.dirty}
        self.picture.changed(world.dirty)
        world.dirty.clear()
        self.clusters.turn()
        if self._notice is not None and monotonic() > self._notice[2]:
            self._notice = None
            changed.add("problems")
        if "problems" in changed and len(world.problems):
            latest = world.problems[-1]
            if latest is not self._latest_problem:
                self._latest_problem = latest
                self.tell(f"{latest.where}: {latest.message}" if latest.where != "karptui" else latest.message, "bad")
        if self.picture.frozen:
            self._missed |= changed - {"problems"}
            changed &= {"problems"}
        if changed:
            dirty.mark(*changed)

    @property
    def surveying(self) -> Surveying:
        """Which nodes could go, at the time that is shown."""
        return self._surveying if self.picture.past is None else self.travel.surveying

    # What is said in the sentence line

    @property
    def notice(self) -> tuple[str, str] | None:
        """What comes before a screen's own sentence: an answer or a problem for a while, a failure, a lost stream."""
        if self._notice is not None:
            return self._notice[:2]
        if self.run_shown.failure:
            return self.run_shown.failure, "bad"
        stale, told = self.picture.stale(), self.picture.world.narration
        if self._present and told is not None and not stale:
            return told.text, "strong"  # a presenter reads the story out on every screen
        return (stale, "bad") if stale else None

    def tell(self, text: str, role: str = ANSWER) -> None:
        """Put this into the sentence line for a while."""
        self._notice = (text, role, monotonic() + NOTICE_SECONDS)
        self.clock.dirty.mark("problems")
        self.clock.draw_now()

    def forget_answer(self) -> None:
        """What was answered to a key where one was says nothing about where one is now; a problem stays."""
        if self._notice is not None and self._notice[1] == ANSWER:
            self._notice = None
            self.clock.dirty.mark("problems")

    def why(self, subject: Subject, **most: int) -> "Why":
        """Everything about one thing, with what the latest survey says of a node."""
        if subject.kind == "context":
            return self.clusters.why(subject.key)
        self.helping.attend(self.picture.world)
        surveying = self.surveying
        return self.picture.why(
            subject, outcome=surveying.outcome(self.picture.world, subject), survey=surveying.latest, **most
        )

    def show_facet(self, subject: Subject, facet: str) -> None:
        """Events, YAML or relations of something."""
        self.show("detail", subject)
        screen = self.get_screen("detail")
        screen.show_subject(subject, facet)  # type: ignore[call-arg]

    def show_timeline(self, subject: Subject) -> None:
        """The timeline of a pod, of the first pod of a group, or of a NodeClaim."""
        found = self.picture.other_side(subject, "timeline")
        if found is None:
            self.tell("No timeline of that: pods, NodeClaims, nodes and decisions have one.")
        else:
            self.show("timeline", Subject(*found))

    def show_other_side(self, subject: Subject) -> None:
        """Pod to node, node to its decision, claim to node, decision to what it brought."""
        found = self.picture.other_side(subject, "other")
        if found is None:
            self.tell("There is no other side to that yet.")
        else:
            self.show_why(Subject(*found))

    def show_stepped(self, subject: Subject) -> None:
        """A decision was stepped to: where one is shown, that one now; everywhere else the screen stays."""
        if self._here[0] == "decision":
            self._show("decision", subject)

    def mark(self, subject: Subject | None) -> None:
        """Mark a node, or unmark it."""
        if subject is None or subject.kind != "node":
            self.tell("Only nodes can be marked: What-if takes them away together.")
            return
        if subject.key in self.marked:
            del self.marked[subject.key]
        else:
            self.marked[subject.key] = None
        self.clock.dirty.mark("marked", "cursor")
        self.clock.draw_now()

    def try_without(self, subject: Subject | None) -> None:
        """What-if with the marked nodes gone, else with what the cursor is on."""
        changes = [f"remove {' '.join(self.marked)}"] if self.marked else []
        if not changes and subject is not None:
            node = subject
            if subject.kind != "node":
                other = self.picture.other_side(subject, "other")
                node = Subject(*other) if other is not None and other[0] == "node" else subject
            if node.kind == "node":
                changes = [f"remove {node.key}"]
            elif subject.kind == "pool":
                changes = [f"limit {subject.key} none"]
        self.marked.clear()
        self.clock.dirty.mark("marked")
        screen = self.get_screen("whatif")
        self.go_to("whatif")
        if changes:
            screen.begin(changes)  # type: ignore[attr-defined]

    # What holds everywhere

    def change_unit(self) -> None:
        """The next unit of money."""
        self.unit = next_unit(self.unit)
        self.clock.dirty.mark("unit")
        self.clock.draw_now()

    def toggle_freeze(self) -> None:
        """Freeze the picture, or let it go on; a demo's cluster is stopped and started itself."""
        if self.run_shown.mode == "DEMO":
            self.run_worker(self._pause(not self.run_shown.paused), exit_on_error=False)
            return
        if self.picture.frozen:
            self.go_live()
            return
        self.picture.freeze()
        self.clock.dirty.mark("frozen")
        self.clock.draw_now()

    async def _pause(self, paused: bool) -> None:
        await self.run_shown.pause(paused)
        self.clock.dirty.mark("frozen")
        self.clock.draw_now()

    def go_live(self) -> None:
        """Let the picture go on."""
        if self.run_shown.paused:
            self.run_worker(self._pause(False), exit_on_error=False)
        if self.travel.wanted is not None:
            self.travel.home()
        elif self.picture.frozen:
            self.picture.thaw()
            self.clock.dirty.mark("frozen", *self._missed)
            self._missed.clear()
            self.clock.draw_now()

    def open_palette(self, place: str, subject: Subject | None) -> None:
        """Ask, go, do."""
        from karptui.tui.questions import entries_for

        self.ask(lambda: entries_for(self, place, subject))

    def open_help(self, place: str) -> None:
        """The keys of a screen."""
        title = _PLACES[place].title if place in _PLACES else place.capitalize()
        self.help.about(place, title, keymap=self.keymap, mode=self.run_shown.mode)
        self.push_screen("help")

    def open_contexts(self) -> None:
        """Another context or namespace."""
        self.run_worker(self.clusters.ask(), exit_on_error=False, group="contexts", exclusive=True)

    def action_show_timeline_of(self, kind: str, key: str) -> None:
        """The timeline a question asked for."""
        self.show_timeline(Subject(kind, key))
