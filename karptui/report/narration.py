"""What happens, as sentences to be read aloud: one a line, without signs that a voice would stumble over."""

from karptui.model.decision import DecisionKind
from karptui.report.notable import Note
from karptui.views.timelines.progress import pods_text
from karptui.views.wording import clock, duration, hourly, plural

_STAGES = {
    "created": "{name} is asked for",
    "initialized": "{name} is ready, {after} after it was asked for",
    "draining": "{name} is being drained",
    "terminating": "the machine of {name} is being ended",
    "gone": "{name} is gone",
}


def narrated(note: Note) -> str:
    """The line for a notable thing: its time and a sentence; "" for what a listener can do without."""
    said = _sentence(note)
    if not said:
        return ""
    said = " ".join(said.split()).replace(" od ", " on-demand ")
    return f"{clock(note.at)}  {said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?', '!')) else '.'}"


def _sentence(note: Note) -> str:
    data = note.data
    match note.kind:
        case "connected":
            return f"this is {note.text}"
        case "synced":
            unit = note.text.replace("/h", " an hour")
            return f"there are {unit}"
        case "pending":
            why = note.text.split(". ")[0]
            return f"{_who(note)} {_verb(note, 'waits', 'wait')} for a place" + (f": {why}" if why else "")
        case "bound":
            after = duration(data["seconds"] or 0.0)
            return f"{_who(note)} {_verb(note, 'runs', 'run')} on {data['node']} now, after {after}"
        case "pods gone":
            return f"{_who(note)} {_verb(note, 'is', 'are')} gone"
        case "decision":
            return _decision(note)
        case "nodeclaim":
            return _stage(note)
        case "interruption":
            left = data["secondsLeft"]
            more = f" in {duration(left)}" if left else ""
            return f"EC2 takes the spot instance {note.text.split(':')[0]} away{more}"
        case "ec2":
            return f"EC2 refused {data['call']} for {data['nodeClaim']}: {data['error']}" if data["error"] else ""
        case "cost":
            rises = data["to"] > data["from"]
            change = abs(data["to"] - data["from"])
            return (
                f"the bill {'rises' if rises else 'falls'} by {_an_hour(change)} to {_an_hour(data['to'])}"
                if change >= 0.00005
                else ""
            )
        case "stream":
            return f"of {' and '.join(note.names)}: {note.text}"
        case "node":
            return note.text if "no longer ready" in note.text else ""
        case _:
            return note.text


def _an_hour(price: float) -> str:
    return f"{hourly(price).removesuffix('/h')} an hour"


def _who(note: Note) -> str:
    names = tuple(note.names)
    return f"pod {names[0]}" if len(names) == 1 else f"{plural(len(names), 'pod')} ({pods_text(names)})"


def _verb(note: Note, one: str, many: str) -> str:
    return one if len(note.names) == 1 else many


def _decision(note: Note) -> str:
    """`Decision D-00001: 5 pods get a new node, c-8x spot 2a at $0.152 an hour`."""
    words = note.text.partition(" ")[2].replace("/h", " an hour").replace("−", "saves ").replace("+", "costs ")
    match note.data["does"]:
        case DecisionKind.LAUNCH.value:
            who, _, offer = words.partition(" → ")
            what, _, price = offer.partition(" $")
            words = f"{who} {'gets' if who == '1 pod' else 'get'} a new node, {what}" + (
                f" at ${price}" if price else ""
            )
        case DecisionKind.NOMINATE.value:
            words = words.replace(" → ", " goes to " if words.startswith("1 ") else " go to ")
        case DecisionKind.REPLACE.value:
            words = words.replace(" → ", " makes way for ")
    return f"decision {note.data['decision']}: {words}"


def _stage(note: Note) -> str:
    stage, name = note.data["stage"], f"NodeClaim {note.data['nodeClaim']}"
    if stage == "launched":
        what = note.text.partition("launched: ")[2].replace("/h", " an hour")
        return f"{name} has got its machine: {what}"
    return _STAGES[stage].format(name=name, after=duration(note.data["seconds"])) if stage in _STAGES else ""
