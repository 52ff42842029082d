"""The tour behind `?` pressed twice: six pages, each one question and the keys that answer it."""

from collections.abc import Sequence

from karptui.tui.actions import Keymap, actions_of, key_label
from karptui.tui.segments.line import Line, wrap

_PAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Why does this pod wait?", (
        "On the Overview, Pending groups pods by what they wait for; the Why box follows the cursor.",
        "{show_why} says everything about the row: what each NodePool refuses, and what would help, with its price.",
        "{open_palette} finds a pod by its name.",
    )),
    ("Why this instance type and no other?", (
        "4 lists the decisions. {show_why} opens one: the funnel from all types to those that fit, and for every other"
        " type the reason it lost.",
        "There {open_filter} searches the types, {group_rows} groups them by reason.",
    )),
    ("Why is this node still here?", (
        "{next_list} goes to the nodes of the Overview. Each has a note: can go, PDB, budget, DND; the Why box has the"
        " sentence.",
        "3 shows how full they are. {mark_row} marks nodes, {try_row} tries the cluster without them.",
    )),
    ("What could be saved, and who blocks it?", (
        "6 is the bill by pool and namespace, what moves said and really saved, and open savings by their owner.",
        "{change_unit} changes between an hour, a day and a month.",
    )),
    ("What happened at 12:04?", (
        "{open_time} and four digits, as in 1204, go to that minute and say what happened in it.",
        "{earlier_decision} and {later_decision} step through decisions, {freeze_picture} freezes the picture,"
        " {go_live} goes on.",
        "8 is the log; {open_filter} takes a word or a time. {show_timeline} on a pod shows its way stage by stage.",
    )),
    ("And then?", (
        "{open_help} has the keys of each screen. {export_view} saves a screen, {copy_row} copies a row.",
        "{open_contexts} goes to another cluster. Nothing is written to a cluster unless you start karptui active.",
    )),
)  # fmt: skip


def pages() -> int:
    """How many there are."""
    return len(_PAGES)


def tour_lines(page: int, width: int, keymap: Keymap | None = None) -> Sequence[Line]:
    """One page, with the keys as this user has them."""
    question, paragraphs = _PAGES[page]
    keys = _keys(keymap)
    lines: list[Line] = [((f"{page + 1} of {len(_PAGES)}", "dim"),), (), ((question, "strong"),), ()]
    for paragraph in paragraphs:
        lines += [*wrap(((paragraph.format(**keys), "text"),), width), ()]
    last = page == len(_PAGES) - 1
    lines.append((("? ", "key"), ("from the start" if last else "next", "dim"), ("   esc ", "key"), ("ends", "dim")))
    return lines


def _keys(keymap: Keymap | None) -> dict[str, str]:
    places = ("overview", "decisions", "map", "cost", "log", "pods", "decision")
    found: dict[str, str] = {}
    for place in places:
        for action in actions_of(place, keymap=keymap):
            if action.keys:
                found.setdefault(action.name, key_label(action.keys[0]))
    return found
