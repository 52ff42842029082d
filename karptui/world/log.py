"""The log: what each event says, in one line."""

from datetime import UTC, datetime

from msgspec import Struct

from karptui.model.workload import KubeEvent
from karptui.world import events

DECIDED = "engine"
"""The source of what was decided; such a line has no text: its decision says it to whoever looks."""


class LogLine(Struct, frozen=True, gc=False):
    """One line of the log: who said what about which object; `kube` if it is an Event of Kubernetes."""

    at: float
    source: str
    about: str
    text: str
    kube: bool = False


def line_of(event: events.Event, narration: events.Narrated | None = None) -> LogLine | None:
    """What an event says, if anything; `narration` is what the story said last, which is not said again."""
    match event:
        case events.DecisionMade():
            return LogLine(event.at, DECIDED, event.decision.id, "")  # its sentence is made when somebody looks
        case events.DecisionCarriedOut() if event.message:
            return LogLine(event.at, "karptui", event.decision, event.message)
        case events.StreamChanged() if event.message:
            return LogLine(event.at, "stream", event.resource, event.message)
        case events.CloudCalled():
            return LogLine(event.at, "ec2", event.claim, f"{event.call} {event.error or event.detail}".strip())
        case events.PredictionJudged():
            told = f"{event.verdict}: {event.cause}" if event.cause else event.verdict
            return LogLine(event.at, "shadow", " ".join(event.about[:2]) or event.decision, told)
        case events.InterruptionSeen():
            return LogLine(event.at, "ec2", event.instance, _interruption_text(event))
        case events.Narrated() if narration is None or narration.text != event.text:
            return LogLine(event.at, "story", f"act {event.act}", event.text)
        case events.LeaseChanged():
            who = f"held by {event.holder}" if event.holder else "held by nobody"
            return LogLine(event.at, "lease", event.name, f"{who} (this karptui)" if event.ours else who)
        case events.BrakesSet():
            return LogLine(event.at, "by hand", "brakes", brakes_text(event))
        case events.Intended() if not event.carried_out:
            what = f"would {event.verb} {event.resource} {event.name}"
            return LogLine(event.at, "dry run", event.name, f"{what} ({event.detail})" if event.detail else what)
        case events.Problem():
            return LogLine(event.at, "problem", event.where, event.message)
        case _:
            return None


def _interruption_text(event: events.InterruptionSeen) -> str:
    kind = event.kind.replace("_", " ")
    if event.deadline is None:
        return kind
    return f"{kind}: EC2 takes it at {datetime.fromtimestamp(event.deadline, UTC):%H:%M:%S}"


def brakes_text(event: events.BrakesSet) -> str:
    """What a person holds back now."""
    held = f"; held: {', '.join(event.held)}" if event.held else ""
    return f"disruption is {'on' if event.disruption else 'off'}{held}"


def line_of_kube_event(found: KubeEvent, at: float) -> LogLine:
    """What an Event of Kubernetes says; `at` is when it was received, for those that state no time."""
    return LogLine(found.at or at, found.source, f"{found.kind.lower()} {found.about}", found.message, kube=True)
