"""Every action of the interface in one table. Key bar, help, palette and key bindings are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from textual.binding import Binding

EVERYWHERE: frozenset[str] = frozenset()
_LISTS = frozenset({"overview", "pods", "decisions", "shadow", "cost", "log", "map"})
_DETAILS = frozenset({"timeline", "decision", "node", "claim", "events", "yaml"})
_FILTERED = _LISTS | {"decision"}
_TIMED = _LISTS | frozenset({"decision", "timeline"})

# How Textual calls the keys that are not letters.
_KEY_NAMES = {"[": "left_square_bracket", "]": "right_square_bracket", "/": "slash", ":": "colon", "?": "question_mark",
              "@": "at", "⏎": "enter", "esc": "escape", "del": "delete"}  # fmt: skip
_ASCII_LABELS = {"⏎": "enter", "↑↓": "up/down"}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    `name` is Textual's action (`verb_noun`), `keys` are as they are printed, the first one is shown; `text` is a phrase
    for help and palette, `short` one or two words for the key bar; no `screens` means every screen. `rank` orders the
    key bar, the highest leaves first when it is too narrow; 0 is never in the bar.
    A `dangerous` action writes to the cluster or the cloud: it exists in ACTIVE only.
    """

    name: str
    keys: tuple[str, ...]
    text: str
    short: str = ""
    screens: frozenset[str] = EVERYWHERE
    rank: int = 0
    dangerous: bool = False
    group: str = "this view"

    def on_screen(self, screen: str) -> bool:
        """Whether the action exists on a screen."""
        return not self.screens or screen in self.screens


@dataclass(frozen=True, slots=True)
class Place:
    """A screen with a number. `short` is for 80 columns."""

    key: str
    screen: str
    title: str
    short: str


PLACES: tuple[Place, ...] = (
    Place("1", "overview", "Overview", "Ovw"),
    Place("2", "pods", "Pods", "Pod"),
    Place("3", "map", "Map", "Map"),
    Place("4", "decisions", "Decisions", "Dec"),
    Place("5", "shadow", "Shadow", "Shd"),
    Place("6", "cost", "Cost", "Cost"),
    Place("7", "what_if", "What-if", "If"),
    Place("8", "log", "Log", "Log"),
)


def _on(*screens: str) -> frozenset[str]:
    return frozenset(screens)


ACTIONS: tuple[Action, ...] = (
    Action("leave", ("esc",), "Back to where you came from", "back", _DETAILS | {"what_if"}, rank=1,
           group="everywhere"),
    Action("show_why", ("⏎",), "Why? The detail of the row", "why", _on("overview", "pods", "log", "map"), rank=2),
    Action("show_why", ("⏎",), "Why? The decision in detail", "why", _on("decisions", "timeline"), rank=2),
    Action("show_why", ("⏎",), "Ours and the real one side by side", "side by side", _on("shadow"), rank=2),
    Action("show_why", ("⏎",), "Everything behind the figure", "detail", _on("cost"), rank=2),
    Action("show_why", ("⏎",), "Why this instance type lost", "type", _on("decision"), rank=2),
    Action("edit_change", ("⏎",), "Edit the change under the cursor", "edit", _on("what_if"), rank=2),
    Action("run_what_if", ("r",), "Run the change on a copy", "run", _on("what_if"), rank=3),
    Action("show_difference", ("d",), "Difference with now", "diff", _on("what_if"), rank=4),
    Action("show_timeline", ("t",), "Timeline of the pod, claim or node", "timeline", _LISTS - {"cost"}, rank=3),
    Action("start_what_if", ("w",), "What if this were otherwise? Works on a copy", "what-if", _FILTERED, rank=6),
    Action("mark_row", ("space",), "Mark for what-if or compare", "mark", _on("map", "pods", "overview"), rank=8),
    Action("show_other_side", ("o",), "The other side: pod to node, node to pods", "other side", _TIMED, rank=9),
    Action("show_events", ("e",), "Events of the object", "events", _TIMED, rank=10),
    Action("show_yaml", ("y",), "The object as YAML, read only", "yaml", _TIMED, rank=11),
    Action("explain_cause", ("r",), "Run again with one input swapped, to find the cause", "re-run", _on("shadow"),
           rank=3),
    Action("bundle_evidence", ("b",), "Cut the recording around it into a file", "bundle", _on("shadow", "decision"),
           rank=7),
    Action("heat_map", ("h",), "Colour the map by something else", "heat", _on("map"), rank=5),
    Action("show_only", ("f",), "Only problems, disagreements, what fits", "only", _LISTS - {"log"} | {"decision"},
           rank=9),
    Action("follow_log", ("f",), "Stay with the newest line", "follow", _on("log"), rank=3),
    Action("group_rows", ("v",), "Group by reason, pool, namespace", "group", _on("decision", "cost", "shadow",
           "map"), rank=5),
    Action("change_unit", ("u",), "Unit of money: $/h, $/d, $/mo", "h/d/mo", _on("cost", "overview"), rank=8),
    Action("sort_rows", ("s",), "Sort by the next column", "sort", _LISTS, rank=12),
    Action("reverse_rows", ("S",), "Reverse the order", "", _LISTS),
    Action("open_filter", ("/",), "Filter: text, !not, key=value, >$0.2", "filter", _FILTERED, rank=4, group="find"),
    Action("next_match", ("n",), "Next match", "", _FILTERED, group="find"),
    Action("previous_match", ("N",), "Previous match", "", _FILTERED, group="find"),
    Action("open_palette", (":", "ctrl+p"), "Ask, go, do", "ask", rank=5, group="find"),
    Action("earlier_decision", ("[",), "Earlier decision", "", _TIMED, group="time"),
    Action("later_decision", ("]",), "Later decision", "", _TIMED, group="time"),
    Action("go_live", ("L",), "Back to live", "live", _TIMED, group="time"),
    Action("freeze_picture", ("p",), "Freeze the picture while the world goes on", "freeze", _LISTS, rank=7,
           group="time"),
    Action("export_view", ("x",), "Export this view: SVG, Markdown, JSON, CSV", "export", rank=10, group="take away"),
    Action("copy_row", ("c",), "Copy cell, row or screen", "copy", rank=13, group="take away"),
    Action("switch_context", ("@",), "Other context or namespaces", "", group="everywhere"),
    Action("arm_write", ("A",), "Do it: one write, with a typed confirmation", "apply", _on("what_if", "overview"),
           rank=6,
           dangerous=True),
    Action("hold_write", ("H",), "Hold what would be done next", "hold", _on("overview"), rank=7, dangerous=True),
    Action("open_help", ("?",), "Keys of this screen", "keys", rank=1, group="everywhere"),
    Action("leave_program", ("q",), "Quit, from the top only", "", _LISTS, group="everywhere"),
)  # fmt: skip

Keymap = Mapping[str, tuple[str, ...]]
"""A user's own keys by action name."""


def actions_of(screen: str, *, active: bool = False, keymap: Keymap | None = None) -> list[Action]:
    """The actions of a screen in table order; the dangerous ones only when `active`, with the user's keys put in."""
    keymap = keymap or {}
    return [
        replace(action, keys=keymap[action.name]) if action.name in keymap else action
        for action in ACTIONS
        if action.on_screen(screen) and (active or not action.dangerous)
    ]


def bindings_of(screen: str, *, active: bool = False, keymap: Keymap | None = None) -> list[Binding]:
    """Textual bindings of a screen, its places included; all hidden, the key bar is ours."""
    bindings = [Binding(p.key, f"go_to({p.screen!r})", p.title, show=False) for p in PLACES]
    for action in actions_of(screen, active=active, keymap=keymap):
        keys = ",".join(_KEY_NAMES.get(key, key) for key in action.keys)
        bindings.append(Binding(keys, action.name, action.text, show=False))
    return bindings


def key_label(key: str, ascii_only: bool = False) -> str:
    """The key as it is printed."""
    return _ASCII_LABELS.get(key, key) if ascii_only else key


def keymap_faults(keymap: Keymap, screens: Sequence[str] = tuple(place.screen for place in PLACES)) -> list[str]:
    """One sentence for each entry of a user's keymap that cannot be: an unknown action, a key taken twice."""
    known = {action.name for action in ACTIONS}
    faults: list[str] = []
    for name in keymap:
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else "`?` lists the actions."
            faults.append(f"Key map: there is no action {name!r}; {hint}")
    for screen in screens:
        taken: dict[str, str] = {place.key: f"go to {place.title}" for place in PLACES}
        for action in actions_of(screen, active=True, keymap=keymap):
            faults += [
                f"Key map: {key} is both {taken[key]} and {action.name} on {screen}; change one."
                for key in action.keys
                if taken.setdefault(key, action.name) != action.name
            ]
    return list(dict.fromkeys(faults))
