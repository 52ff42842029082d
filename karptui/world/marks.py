"""What of all that happens is marked on the axis of time: decisions, moves, problems, interruptions, acts."""

from msgspec import Struct

from karptui.model.decision import DecisionKind
from karptui.world import events
from karptui.world.interruption import KINDS


class Mark(Struct, frozen=True, gc=False):
    """`kind`: "decision", "refusal", "interruption", "problem", "came" or "went" (a NodeClaim), "story".

    `key` names the decision, else is "".
    """

    at: float
    kind: str
    key: str = ""


def mark_of(event: events.Event) -> Mark | None:
    """The mark of an event, if it has one."""
    match event:
        case events.DecisionMade(at=at, decision=decision):
            return Mark(at, "refusal" if decision.kind is DecisionKind.REFUSE else "decision", decision.id)
        case events.ObjectSeen(at=at, resource="nodeclaims", change=change):
            kinds = {events.Change.ADDED: "came", events.Change.DELETED: "went"}
            return Mark(at, kinds[change]) if change in kinds else None
        case events.ObjectSeen(at=at, resource="events", object=found, change=events.Change.ADDED):
            return Mark(at, "interruption") if found.reason in KINDS and found.kind == "NodeClaim" else None
        case events.InterruptionSeen(at=at):
            return Mark(at, "interruption")
        case events.Problem(at=at):
            return Mark(at, "problem")
        case events.StreamChanged(at=at, state=events.StreamState.STALE):
            return Mark(at, "problem")
        case events.Narrated(at=at):
            return Mark(at, "story")
        case _:
            return None
