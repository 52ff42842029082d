"""What the palette offers: questions about the row under the cursor, objects by name, commands."""

from typing import TYPE_CHECKING

from karptui.tui.actions import CONTEXT_VERBS, NAMESPACE_VERBS, PLACES
from karptui.tui.dialogs.palette import Entry, command_entries
from karptui.tui.subject import Subject

if TYPE_CHECKING:
    from karptui.tui.live import Live

_KINDS = (("node", "nodes"), ("claim", "nodeclaims"), ("pool", "nodepools"), ("class", "nodeclasses"),
          ("pdb", "poddisruptionbudgets"), ("pod", "pods"))  # fmt: skip
_PODS = next(place.verbs for place in PLACES if place.screen == "pods")
_NAMES = {
    "node": "node",
    "claim": "NodeClaim",
    "pool": "NodePool",
    "class": "NodeClass",
    "pod": "pod",
    "decision": "decision",
    "pdb": "PodDisruptionBudget",
}
MOST_OBJECTS = 5_000
"""Objects of one kind among which the palette searches: more cannot be searched between two keystrokes."""


def entries_for(live: "Live", place: str, subject: Subject | None) -> list[Entry]:
    """Everything that can be asked and done here."""
    world = live.picture.world
    entries = _questions(subject) if subject is not None else []
    for kind, resource in _KINDS:
        name = _NAMES[kind]
        for index, key in enumerate(world.of(resource)):
            if index >= MOST_OBJECTS:
                break
            entries.append(Entry("object", f"{name} {key}", "go_to_object", name, (kind, key)))
    for key in list(world.decisions)[-MOST_OBJECTS:]:
        entries.append(Entry("object", f"decision {key}", "go_to_object", "decision", ("decision", key)))
    commands = command_entries(place, keymap=live.keymap, mode=live.run_shown.mode)
    return [*entries, *commands, *live.clusters.entries(), *_namespaces(live)]


def _namespaces(live: "Live") -> list[Entry]:
    """The pods of each; where clusters cannot be switched, what asks for a namespace or a context leads there too."""
    verbs = _PODS if live.clusters.known else (*_PODS, *NAMESPACE_VERBS)
    found = [
        Entry("object", f"pods of namespace {name}", "show_pods_of", "pods", (name,), verbs=verbs)
        for name in sorted(live.picture.world.of("namespaces"))
    ]
    if not found:  # they may not be listed, or not be in the recording
        found = [Entry("object", "pods of namespace", "show_pods_of", "pods", verbs=verbs, free=True)]
    if not live.clusters.known:
        found.append(Entry("object", "another context", "open_contexts", "ctx", verbs=CONTEXT_VERBS))
    return found


def _questions(subject: Subject) -> list[Entry]:
    kind, key = subject
    match kind:
        case "pod":
            return [
                Entry("question", f"Why was {key} pending, how long?", "show_timeline_of", "timeline", subject),
                Entry("question", f"Why is {key} where it is?", "go_to_object", "why", subject),
            ]
        case "waiting":
            return [
                Entry("question", "Why are these pods pending?", "go_to_object", "why", subject),
                Entry("question", "How long did each stage take for them?", "show_timeline_of", "timeline", subject),
            ]
        case "claim":
            return [
                Entry("question", f"Why is {key} not ready yet?", "show_timeline_of", "timeline", subject),
                Entry("question", f"Why was {key} made?", "show_other_side", "o", also="decision"),
            ]
        case "node":
            return [
                Entry("question", f"Why is {key} still here?", "go_to_object", "why", subject),
                Entry("question", f"How long did {key} take to come?", "show_timeline_of", "timeline", subject),
            ]
        case "decision":
            return [
                Entry("question", f"Why this instance type in {key} and no other?", "go_to_object", "⏎", subject),
                Entry("question", f"What became of the pods of {key}?", "show_timeline_of", "timeline", subject),
            ]
        case "pool":
            return [Entry("question", f"Why does {key} have what it has?", "go_to_object", "why", subject)]
        case _:
            return []
