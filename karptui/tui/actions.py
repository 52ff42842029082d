"""Every action of the interface in one table. Key bar, help, palette and key bindings are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from textual.binding import Binding
from textual.keys import Keys, _character_to_key

EVERYWHERE: frozenset[str] = frozenset()
_NUMBERED = frozenset({"overview", "pods", "decisions", "log", "cost", "whatif", "map", "shadow"})
_LISTS = _NUMBERED | {"objects"}
_DETAILS = frozenset({"timeline", "decision", "detail"})
_FILTERED = (_LISTS - {"map"}) | {"decision"}
_OBJECTS = frozenset({"overview", "pods", "map", "decisions", "cost", "log", "detail", "shadow", "objects"})
_NODES = frozenset({"overview", "map", "objects"})
"""Screens on which there are nodes to act on."""
_BOXES = frozenset({"overview", "cost", "shadow"})
"""Screens with several lists that are always there."""
_STORY = frozenset({"DEMO"})
_OBSERVING = frozenset({"OBSERVE"})
_ACTING = frozenset({"ACTIVE"})
_WATCHING = frozenset({"OBSERVE", "SHADOW", "ACTIVE", "REPLAY"})
MODES = ("OBSERVE", "SHADOW", "ACTIVE", "REPLAY", "DEMO")

# How Textual calls the keys that are not letters.
_KEY_NAMES = {"[": "left_square_bracket", "]": "right_square_bracket", "/": "slash", ":": "colon", "?": "question_mark",
              "@": "at", "⏎": "enter", "esc": "escape", "del": "delete", "!": "exclamation_mark", ",": "comma",
              ".": "full_stop", "<": "less_than_sign", ">": "greater_than_sign"}  # fmt: skip
_NAMED_KEYS = frozenset(str(key.value) for key in Keys) - {"<any>", "<ignore>"} | set(_KEY_NAMES.values())
_LISTS_KEYS = ("j", "k", "g", "G", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "ctrl+c")
_ASCII_LABELS = {"⏎": "enter", "↑↓": "up/down"}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    `name` is Textual's action (`verb_noun`), `keys` are as they are printed, the first one is shown; `text` is a phrase
    for help and palette, `short` one or two words for the key bar; no `screens` means every screen. `rank` orders the
    key bar, the highest leaves first when it is too narrow; 0 is never in the bar.
    `modes` are those in which the action means something. `verbs` ask for it behind `:`: k9s' words, and our own.
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
    modes: frozenset[str] = EVERYWHERE
    verbs: tuple[str, ...] = ()

    def exists(self, screen: str, mode: str) -> bool:
        """Whether the action exists on a screen in a mode; no mode asks for all of them."""
        return (not self.screens or screen in self.screens) and (not mode or not self.modes or mode in self.modes)


@dataclass(frozen=True, slots=True)
class Place:
    """A screen with a number. `short` is for 80 columns, `verbs` are what leads there behind `:`."""

    key: str
    screen: str
    title: str
    short: str
    verbs: tuple[str, ...] = ()


PLACES: tuple[Place, ...] = (
    Place("1", "overview", "Overview", "Ovw", ("overview", "pulses")),
    Place("2", "pods", "Pods", "Pod", ("pods", "po", "pod")),
    Place("3", "map", "Map", "Map", ("map", "xray")),
    Place("4", "decisions", "Decisions", "Dec", ("decisions", "dec", "decision")),
    Place("5", "shadow", "Shadow", "Shd", ("shadow",)),
    Place("6", "cost", "Cost", "Cost", ("cost",)),
    Place("7", "whatif", "What-if", "If", ("whatif", "what-if")),
    Place("8", "log", "Log", "Log", ("log", "logs")),
)


@dataclass(frozen=True, slots=True)
class ObjectList:
    """A list of all objects of a kind, without a number: `verbs` behind `:` lead there. `kind` is what a row is."""

    resource: str
    kind: str
    title: str
    verbs: tuple[str, ...]


OBJECT_LISTS: tuple[ObjectList, ...] = (
    ObjectList("nodes", "node", "Nodes", ("nodes", "no", "node")),
    ObjectList("nodepools", "pool", "NodePools", ("nodepools", "np", "nodepool")),
    ObjectList("nodeclaims", "claim", "NodeClaims", ("nodeclaims", "nc", "nodeclaim")),
    ObjectList("nodeclasses", "class", "NodeClasses",
               ("nodeclasses", "nodeclass", "ec2nc", "ec2ncs", "ec2nodeclass", "ec2nodeclasses", "kwoknodeclass",
                "kwoknodeclasses")),
    ObjectList("poddisruptionbudgets", "pdb", "PodDisruptionBudgets",
               ("pdb", "pdbs", "poddisruptionbudget", "poddisruptionbudgets")),
)  # fmt: skip
EVENT_VERBS = ("events", "event", "ev")
"""Behind `:`: the log, where only Kubernetes' Events are left."""
CONTEXT_VERBS = ("ctx", "context", "contexts")
NAMESPACE_VERBS = ("ns", "namespace", "namespaces")


def _on(*screens: str) -> frozenset[str]:
    return frozenset(screens)


ACTIONS: tuple[Action, ...] = (
    Action("leave", ("esc",), "Back to where you came from", "back", _DETAILS, rank=1, group="everywhere"),
    Action("leave", ("esc",), "Drop the filter, or back to where you came from", "", _NUMBERED, group="everywhere"),
    Action("leave", ("esc",), "Drop the filter, or back to where you came from", "back", _on("objects"), rank=1,
           group="everywhere"),
    Action("show_why", ("⏎",), "Why? Everything about the row", "why",
           _on("overview", "log", "cost", "map", "objects"), rank=2),
    Action("show_why", ("⏎",), "Edit the change; what becomes of the pods", "edit", _on("whatif"), rank=2),
    Action("show_why", ("⏎",), "Why? The pod's way, stage by stage", "timeline", _on("pods"), rank=2),
    Action("show_why", ("⏎",), "Why? The decision, type by type", "why", _on("decisions"), rank=2),
    Action("show_why", ("⏎",), "The decision behind it", "decision", _on("timeline", "detail"), rank=2),
    Action("show_why", ("⏎",), "Why this instance type lost", "type", _on("decision"), rank=2),
    Action("show_why", ("⏎",), "Both answers side by side, in full", "side by side", _on("shadow"), rank=2),
    Action("keep_evidence", ("b",), "Keep the evidence of the case as a file that asks the engine again", "bundle",
           _on("shadow"), rank=3),
    Action("show_disagreements", ("f",), "Only what disagrees", "only ✗", _on("shadow"), rank=4),
    Action("advance_story", ("space",), "On with the story", "next step", rank=3, group="time", modes=_STORY),
    Action("show_timeline", ("t",), "Timeline of the pod, NodeClaim or node", "timeline",
           _OBJECTS - {"pods", "overview"}, rank=4),
    Action("show_timeline", ("t",), "Timeline of the pod, NodeClaim or node", "timeline", _on("overview"), rank=7),
    Action("next_list", ("tab",), "The next box; shift+tab the one before", "box", _BOXES, rank=3, group="move"),
    Action("show_timeline", ("t",), "Timeline of the pod", "", _on("pods")),
    Action("show_events", ("e",), "Events about it", "events", _OBJECTS | {"timeline", "decision"}, rank=8),
    Action("show_yaml", ("y",), "The object as YAML, read only", "yaml", _OBJECTS | {"timeline", "decision"}, rank=9),
    Action("show_relations", ("r",), "What hangs together with it", "relations", _OBJECTS | {"timeline", "decision"},
           rank=9),
    Action("show_other_side", ("o",), "The other side: pod, node, NodeClaim, decision",
           "other side", _OBJECTS | _DETAILS, rank=9),
    Action("follow_log", ("f",), "Stay with the newest line", "follow", _on("log"), rank=3),
    Action("show_problems", ("!",), "Only problems", "problems", _on("log"), rank=4),
    Action("show_pending", ("!",), "Only pods that wait", "pending", _on("pods"), rank=4),
    Action("add_change", ("a",), "Add a change", "add", _on("whatif"), rank=3),
    Action("remove_change", ("del", "d"), "Take the change back", "remove", _on("whatif"), rank=4),
    Action("reset_changes", ("R",), "Take all changes back", "reset", _on("whatif"), rank=7),
    Action("run_again", ("r",), "Run again on the cluster as it is now", "run", _on("whatif"), rank=5),
    Action("change_heat", ("h",), "What the bars show: cpu, memory, $ per cpu, age, agreement", "heat", _on("map"),
           rank=5),
    Action("group_rows", ("v",), "Group by zone, pool, family or capacity type", "group", _on("map"), rank=5),
    Action("group_rows", ("v",), "By pool or by namespace", "group", _on("cost"), rank=5),
    Action("group_rows", ("v",), "What differs by cause, NodePool or feature; the inputs; what comes next", "group",
           _on("shadow"), rank=5),
    Action("mark_row", ("space", "m"), "Mark the node for What-if", "mark", _NODES, rank=7, modes=_WATCHING),
    Action("mark_row", ("m",), "Mark the node for What-if", "", _NODES, modes=_STORY),
    Action("try_row", ("w",), "What-if without the node, or the marked ones", "what-if", _OBJECTS, rank=7),
    Action("group_rows", ("v",), "Group the instance types by the reason they lost", "group", _on("decision"), rank=5),
    Action("hold_act", ("H",), "Hold the act under the cursor, or let it go on", "hold", _on("overview"), rank=3,
           group="act", modes=_ACTING),
    Action("switch_disruption", ("D",), "Disruption off, and on again", "disruption", _NODES, rank=4,
           group="act", modes=_ACTING),
    Action("cordon_node", ("O",), "Cordon the node, or uncordon it: asks first", "cordon", _NODES, rank=8,
           dangerous=True, group="act", modes=_ACTING),
    Action("delete_node", ("X",), "Drain the node and end its instance: asks first", "delete", _NODES, rank=8,
           dangerous=True, group="act", modes=_ACTING),
    Action("change_unit", ("u",), "Unit of money: an hour, a day, a month", "$/h $/d $/mo", _LISTS | _DETAILS, rank=11),
    Action("sort_rows", ("s",), "Sort by the next column", "sort", _FILTERED, rank=12),
    Action("reverse_rows", ("S",), "Reverse the order", "", _FILTERED),
    Action("open_filter", ("/",), "Filter: text, !not, key=value, >$0.2", "filter", _FILTERED, rank=5, group="find",
           verbs=("filter",)),
    Action("next_hit", ("n",), "Next row that matches what was last looked for", "", _FILTERED, group="find"),
    Action("previous_hit", ("N",), "Row before that matches it", "", _FILTERED, group="find"),
    Action("open_palette", (":", "ctrl+p"), "Ask, go, do", "ask", rank=6, group="find"),
    Action("open_contexts", ("@",), "Another context or namespace, without a restart", "context", rank=10, group="find",
           modes=_OBSERVING),
    Action("earlier_decision", ("[",), "The cluster at the decision before", "earlier", _DETAILS, rank=3, group="time"),
    Action("later_decision", ("]",), "The cluster at the decision after", "later", _DETAILS, rank=3, group="time"),
    Action("earlier_decision", ("[",), "The cluster at the decision before", "earlier", _LISTS, rank=9, group="time"),
    Action("later_decision", ("]",), "The cluster at the decision after", "", _LISTS, group="time"),
    Action("open_time", ("T",), "The cluster at a time: 1204, 12:04:10, -5m", "time", _LISTS, rank=6, group="time"),
    Action("open_time", ("T",), "The cluster at a time: 1204, 12:04:10, -5m", "time", _DETAILS, rank=9, group="time"),
    Action("earlier_second", (",",), "A second earlier", "", group="time"),
    Action("later_second", (".",), "A second later", "", group="time"),
    Action("earlier_minute", ("<",), "A minute earlier", "", group="time"),
    Action("later_minute", (">",), "A minute later", "", group="time"),
    Action("go_live", ("L",), "Back to live", "live", group="time"),
    Action("freeze_picture", ("p",), "Freeze the picture while the world goes on", "freeze", rank=8, group="time",
           modes=_WATCHING),
    Action("freeze_picture", ("p",), "Stop the demo's time, and let it go on", "pause", rank=8, group="time",
           modes=_STORY),
    Action("export_view", ("x",), "Save or copy this view: SVG, Markdown, JSON, CSV", "export", rank=10,
           group="take away", verbs=("export", "screendump", "sd")),
    Action("copy_row", ("c",), "Copy the row", "copy", rank=13, group="take away"),
    Action("copy_screen", ("C",), "Copy the whole screen as text", "", group="take away"),
    Action("copy_kubeconfig", ("K",), "Copy the path of the demo's kubeconfig, for kubectl beside it", "",
           group="take away", modes=_STORY),
    Action("open_help", ("?",), "Keys of this screen", "keys", rank=1, group="everywhere", verbs=("help", "h")),
    Action("leave_program", ("q",), "Quit", "", _LISTS, group="everywhere", verbs=("q", "quit", "q!", "exit")),
)  # fmt: skip

Keymap = Mapping[str, tuple[str, ...]]
"""A user's own keys by action name."""


def actions_of(screen: str, *, keymap: Keymap | None = None, mode: str = "") -> list[Action]:
    """The actions of a screen in table order; no mode means all but the dangerous ones, with the user's keys put in."""
    keymap = keymap or {}
    return [
        replace(action, keys=keymap[action.name]) if action.name in keymap else action
        for action in ACTIONS
        if action.exists(screen, mode) and (mode == "ACTIVE" or not action.dangerous)
    ]


def bindings_of(screen: str, *, keymap: Keymap | None = None) -> list[Binding]:
    """Textual bindings of a screen, its places and what is dangerous included; all hidden, the key bar is ours."""
    bindings = [Binding(p.key, f"go_to({p.screen!r})", p.title, show=False) for p in PLACES]
    dangerous = [action for action in actions_of(screen, keymap=keymap, mode="ACTIVE") if action.dangerous]
    for action in (*actions_of(screen, keymap=keymap), *dangerous):
        keys = ",".join(map(textual_key, action.keys))
        bindings.append(Binding(keys, action.name, action.text, show=False))
    return bindings


def rebind(bound: dict[str, list[Binding]], screen: str, keymap: Keymap) -> None:
    """Put a user's keys in the place of those of the table, in a screen's bindings by key."""
    for key, bindings in list(bound.items()):
        bound[key] = [entry for entry in bindings if entry.action not in keymap]
        if not bound[key]:
            del bound[key]
    for entry in Binding.make_bindings(bindings_of(screen, keymap=keymap)):
        if entry.action in keymap:
            bound.setdefault(entry.key, []).append(entry)


def key_label(key: str, ascii_only: bool = False) -> str:
    """The key as it is printed."""
    return _ASCII_LABELS.get(key, key) if ascii_only else key


def key_fault(key: str) -> str:
    """What is wrong with the name of a key, "" if it is one."""
    if len(key) == 1 and key.isprintable() and not key.isspace():
        return ""
    *modifiers, plain = textual_key(key).split("+")
    if set(modifiers) <= {"ctrl", "shift", "alt"} and (plain in _NAMED_KEYS or (len(plain) == 1 and modifiers)):
        return ""
    return f"{key!r} is no key: write a letter, or a name such as enter, f3, ctrl+k"


def textual_key(key: str) -> str:
    """A printed key as Textual calls it."""
    return _KEY_NAMES.get(key) or (_character_to_key(key) if len(key) == 1 else key)


def keymap_faults(keymap: Keymap, screens: Sequence[str] = tuple(place.screen for place in PLACES)) -> list[str]:
    """One sentence for each entry of a user's keymap that cannot be: an unknown action or key, a key taken twice."""
    known = {action.name for action in ACTIONS}
    faults: list[str] = []
    for name, keys in keymap.items():
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else "docs/keys.md has the actions."
            faults.append(f"Key map: there is no action {name!r}; {hint}")
        faults += [f"Key map: {name}: {fault}." for key in keys if (fault := key_fault(key))]
        if not keys:
            faults.append(f"Key map: {name} has no key; give one, or leave the line out.")
    for screen in (*screens, "objects", *sorted(_DETAILS)):
        for mode in MODES:  # one key may do different things in different modes
            taken: dict[str, str] = {place.key: f"go to {place.title}" for place in PLACES}
            taken |= dict.fromkeys(_LISTS_KEYS, "moving about") | {"tab": "next_list"}
            for action in actions_of(screen, keymap=keymap, mode=mode):
                faults += [
                    f"Key map: {key} is both {taken[textual_key(key)]} and {action.name} on {screen}; change one."
                    for key in action.keys
                    if taken.setdefault(textual_key(key), action.name) != action.name
                ]
    return list(dict.fromkeys(faults))


def usable_keymap(keymap: Keymap) -> tuple[Keymap, list[str]]:
    """The entries of a user's keymap that can be, one after the other, and a sentence for each that is left out."""
    good: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    for name, keys in keymap.items():
        found = keymap_faults({**good, name: keys})
        if found:
            faults.append(found[0])
        else:
            good[name] = keys
    return good, faults
