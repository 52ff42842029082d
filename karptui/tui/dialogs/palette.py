"""The palette behind `:`: ask, go, do. Installed once and shown again (Textual's own leaks at each opening)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from karptui.tui.actions import EVENT_VERBS, OBJECT_LISTS, PLACES, Keymap, actions_of, key_label
from karptui.tui.appearance.look import look_of
from karptui.tui.appearance.theme import Themes
from karptui.tui.dialogs.fuzzy import score
from karptui.tui.widgets.columns import Column, Row
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import Prompt, Words
from karptui.tui.widgets.row_messages import RowChosen
from karptui.tui.widgets.rows import Rows

Kind = Literal["question", "object", "command", "theme"]
_KIND_ORDER: tuple[Kind, ...] = ("question", "object", "command", "theme")
_MOST = 200
ASK = "ask, go, do"
ANYTHING = "a question, a name or a command"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette. `action` is the action run when it is chosen, with `arguments`: kept apart, because an
    object's name in an action's text would be code. `note` stands at the right, `also` is searched but not shown.

    `verbs` are what people who know k9s type first (`ctx`, `ns`, `pods`): the entry then comes before all others. A
    `free` one takes what is typed behind its verb for its last argument.
    """

    kind: Kind
    text: str
    action: str
    note: str = ""
    arguments: tuple[str, ...] = ()
    also: str = ""
    verbs: tuple[str, ...] = ()
    free: bool = False


def command_entries(screen: str, *, keymap: Keymap | None = None, mode: str = "") -> list[Entry]:
    """What can be done on a screen, and where one can go, from the action table."""
    places = [
        Entry("command", f"Go to {place.title}", "go_to", place.key, (place.screen,), verbs=place.verbs)
        for place in PLACES
    ]
    lists = [
        entry
        for found in OBJECT_LISTS
        for entry in (
            Entry("command", f"List of {found.title}", "show_list", found.verbs[0], (found.resource,),
                  verbs=found.verbs),
            Entry("command", f"List of {found.title} with", "show_list", found.verbs[0], (found.resource,),
                  verbs=found.verbs, free=True),
        )
    ]  # fmt: skip
    events = Entry("command", "Kubernetes' Events in the log", "show_kube_events", EVENT_VERBS[0], verbs=EVENT_VERBS)
    return [*places, *lists, events] + [
        Entry("command", action.text, action.name, key_label(action.keys[0]) if action.keys else "", verbs=action.verbs)
        for action in actions_of(screen, keymap=keymap, mode=mode)
        if action.name not in ("open_palette", "leave")
    ]


def theme_entries(themes: Themes) -> list[Entry]:
    """Every theme that could be loaded."""
    return [
        Entry("theme", f"Theme: {theme.title.lower()}", "use_theme", "theme", (name,), verbs=("theme", "skin"))
        for name, theme in themes.by_name.items()
    ]


def matching(query: str, entries: Iterable[Entry]) -> tuple[list[Entry], int]:
    """The best entries for a query, at most 200, and how many match in all.

    Questions come first, then objects, commands and themes; without a query objects are left out.
    """
    found: list[tuple[int, float, int, Entry]] = []
    verb, _, rest = query.strip().lower().partition(" ")
    for index, entry in enumerate(entries):
        if verb in entry.verbs:
            if entry.free:
                if named := rest.strip():
                    given = (*entry.arguments, named)
                    said = replace(entry, text=f"{entry.text} {named}", arguments=given, free=False)
                    found.append((-1, 0.0, index, said))
                continue
            points = score(rest, entry.text) if rest.strip() else 0.0
            if points is not None:
                found.append((-1, -points, index, entry))
                continue
        if entry.free:
            continue
        if not query.strip():
            if entry.kind != "object":
                found.append((_KIND_ORDER.index(entry.kind), 0.0, index, entry))
            continue
        points = score(query, f"{entry.text} {entry.also}" if entry.also else entry.text)
        if points is not None:
            # A name that is met exactly is worth more than a question that only has the letters.
            found.append((_KIND_ORDER.index(entry.kind) if points >= 2 else 9, -points, index, entry))
    best = nsmallest(_MOST, found, key=lambda item: item[:3])
    return [entry for *_, entry in best], len(found)


class Palette(ModalScreen[Entry | None]):
    """Dismissed with the chosen entry, or None. Call `offer` before pushing it."""

    DEFAULT_CSS = """
    Palette { align: center middle; background: $background 40%; }
    Palette Panel { width: 76; height: 18; max-width: 100%; background: $panel; border: solid $border; }
    Palette Panel { border-title-background: $panel; }
    Palette #ask { height: 1; background: $panel; }
    Palette #ask Prompt { width: 1fr; }
    Palette Rows { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self._entries: Callable[[], Sequence[Entry]] = tuple
        self._all: Sequence[Entry] = ()
        self._title_words = ASK
        self._found: list[Entry] = []

    def offer(self, entries: Callable[[], Sequence[Entry]], title: str = ASK) -> None:
        """Where the entries come from; asked once at each opening."""
        self._entries, self._title_words = entries, title

    def compose(self) -> ComposeResult:
        """A line to type into, what matches, and how many there are."""
        columns = (Column("", 20, weight=1), Column("", 12, align="right"))
        rows = Rows(
            columns, header=False, ground="raised", always_active=True, empty="Nothing like that. esc goes back."
        )
        rows.can_focus = False
        with Panel(f": {ASK}"):
            with Horizontal(id="ask"):
                yield Words(" ", "accent")
                yield Prompt()
            yield rows
            yield Words(id="count")

    def on_screen_resume(self) -> None:
        """Start empty each time."""
        self._all = self._entries()
        self.query_one(Panel).set_title(f": {self._title_words}")
        prompt = self.query_one(Prompt)
        prompt.value = ""
        prompt.focus()
        self._search("")

    def _search(self, query: str) -> None:
        self._found, count = matching(query, self._all)
        rows, look = self.query_one(Rows), look_of(self.app)
        rows.set_rows(
            [
                Row(
                    str(index),
                    (entry.text, entry.note),
                    ((entry.text, _ROLES[entry.kind]), (look.keys(entry.note), "dim")),
                )
                for index, entry in enumerate(self._found)
            ]
        )
        if self._found:
            rows.move_to("0")
        of = sum(not entry.free for entry in self._all)
        what = ANYTHING if self._title_words == ASK else "letters narrow it, esc goes back"
        self.query_one("#count", Words).say(f" {count} of {of}   ↑↓ ⏎   {what}")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._search(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    @on(RowChosen)
    def _clicked(self, event: RowChosen) -> None:
        event.stop()
        self._choose()

    def _choose(self) -> None:
        key = self.query_one(Rows).cursor_key
        self.dismiss(self._found[int(key)] if key is not None and self._found else None)

    def action_move(self, by: int) -> None:
        """Move the cursor while typing goes on."""
        self.query_one(Rows).action_move_cursor(by)

    def action_close(self) -> None:
        """Back without a choice."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.dismiss(None)


_ROLES: dict[Kind, str] = {"question": "strong", "object": "text", "command": "text", "theme": "dim"}
