"""What Kubernetes says of an object: its Events."""

from karptui.model.workload import KubeEvent
from karptui.views.line import Line
from karptui.views.wording import clock
from karptui.world.world import World

KIND_OF = {"pod": ("Pod",), "node": ("Node",), "claim": ("NodeClaim",), "pool": ("NodePool",),
           "pdb": ("PodDisruptionBudget",)}  # fmt: skip
_TIME = 10
"""Cells of a time and the blanks behind it."""


def event_lines(world: World, kind: str, key: str, width: int = 0) -> list[Line]:
    """The Events about it that are still kept, newest first; a decision's are those of its pods. One line each where
    every message fits into `width` beside who said it, else the message stands below."""
    keys, kinds = {key}, KIND_OF.get(kind, ())
    if kind == "class":
        keys, kinds = {key.partition("/")[2]}, (key.partition("/")[0],)
    if kind == "decision" and (decision := world.decisions.get(key)) is not None:
        keys, kinds = set(decision.pods), ("Pod",)
    found = [
        event for event in world.of("events").values() if event.about in keys and (not kinds or event.kind in kinds)
    ]
    if not found:
        return [(("No Event about it is kept: the API server forgets them after an hour.", "dim"),)]
    found.sort(key=lambda event: event.at)
    found.reverse()  # of one second the last to come is the newest
    reason = max(len(event.reason) for event in found) + 2
    source = max(len(event.source) for event in found) + 2
    beside = width - _TIME - reason - source
    if all(len(_message(event)) <= beside for event in found):
        return [(*_head(event, reason, source), (_message(event), "text")) for event in found]
    return [
        line
        for event in found
        for line in (_head(event, 0, 0), ((" " * _TIME, "text"), (_message(event), "text")))
        if line[-1][0].strip()
    ]


def _head(event: KubeEvent, reason: int, source: int) -> Line:
    return (
        (f"{clock(event.at)}  ", "dim"),
        (
            f"{event.reason:<{reason}}" if reason else f"{event.reason}  ",
            "warn" if event.type == "Warning" else "strong",
        ),
        (f"{event.source:<{source}}", "dim"),
    )


def _message(event: KubeEvent) -> str:
    return event.message + (f"  ({event.count} times)" if event.count > 1 else "")
