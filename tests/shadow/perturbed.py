"""A recorded day as other observers of it would have written it down: late, out of order, in part, by other names.

python -m tests.shadow.perturbed [RECORDING] [VARIANT ...]     agreement of each variant
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from msgspec import Struct
from msgspec.structs import replace

from karptui.modes.shadow import judged_recording
from karptui.shadow.judged import judgements
from karptui.shadow.observer import Observer
from karptui.shadow.score import Score, score_of
from karptui.world.raw_watch import FIRST_LIST_ENDS, recorded_lines
from tests.shadow.day import DAY

CLUSTER_EVENTS = "events"


class Seen(Struct, frozen=True):
    """One line of a raw recording: when it was received, about what, and the rest of it."""

    at: float
    resource: str
    rest: dict[str, Any]


Day = list[Seen]


def read(path: Path = DAY) -> Day:
    """A raw recording, line by line."""
    found: Day = []
    for text in recorded_lines(path):
        line = json.loads(text)
        at = datetime.fromisoformat(line.pop("at")).timestamp()
        found.append(Seen(at, line.pop("resource"), line))
    return found


def write(day: Day, path: Path) -> Path:
    """The same as a file."""
    lines = [
        json.dumps({"at": datetime.fromtimestamp(seen.at, UTC).isoformat(), "resource": seen.resource, **seen.rest})
        for seen in day
    ]
    path.write_bytes(zstandard.ZstdCompressor().compress(("\n".join(lines) + "\n").encode()))
    return path


def late(day: Day, delays: dict[str, float]) -> Day:
    """Some kinds come later than they did, by seconds."""
    return _sorted(replace(seen, at=seen.at + delays.get(seen.resource, 0.0)) for seen in day)


def shaken(day: Day, seconds: float, seed: int = 1) -> Day:
    """Every line comes later by chance; each kind keeps its order, as a watch does."""
    draw, last = random.Random(seed), dict[str, float]()
    found: Day = []
    for seen in day:
        at = max(seen.at + draw.uniform(0.0, seconds), last.get(seen.resource, 0.0))
        last[seen.resource] = at
        found.append(replace(seen, at=at))
    return _sorted(found)


def by_kind(day: Day, most: float, seed: int = 1) -> Day:
    """Each kind comes later by a time of its own, as each is a watch of its own."""
    draw = random.Random(seed)
    return late(day, {kind: draw.uniform(0.0, most) for kind in sorted({seen.resource for seen in day})})


def by_clock(day: Day, ahead: float = 0.0, pace: float = 1.0) -> Day:
    """Written down by a clock that is ahead of Kubernetes' by seconds, or goes faster."""
    start = day[0].at
    return [replace(seen, at=start + ahead + (seen.at - start) * pace) for seen in day]


def without(day: Day, resource: str, share: float = 1.0, seed: int = 1) -> Day:
    """A share of the lines of one kind was never received; with all of them its list is none either."""
    draw = random.Random(seed)
    return [seen for seen in day if seen.resource != resource or draw.random() >= share]


def cut(day: Day, share: float) -> Day:
    """It ends in the middle."""
    end = day[0].at + share * (day[-1].at - day[0].at)
    return [seen for seen in day if seen.at <= end]


def begun(day: Day, share: float) -> Day:
    """Somebody began to watch in the middle: first lists of what was there then."""
    start = day[0].at + share * (day[-1].at - day[0].at)
    told = [replace(seen, at=start) for seen in day if seen.at <= start and "event" not in seen.rest]
    there: dict[tuple[str, str], dict[str, Any]] = {}
    for seen in day:
        event = seen.rest.get("event")
        if seen.at > start or event is None or event["type"] == "BOOKMARK":
            continue
        key = (seen.resource, event["object"]["metadata"]["uid"])
        if event["type"] == "DELETED":
            there.pop(key, None)
        else:
            there[key] = event["object"]
    lists: Day = [Seen(start, kind, {"event": {"type": "ADDED", "object": item}}) for (kind, _), item in there.items()]
    ends = {"metadata": {"annotations": {FIRST_LIST_ENDS: "true"}}}
    kinds = dict.fromkeys(seen.resource for seen in day if "event" in seen.rest)
    lists += [Seen(start, kind, {"event": {"type": "BOOKMARK", "object": ends}}) for kind in kinds]
    return told + lists + [seen for seen in day if seen.at > start]


def renamed(day: Day, prefixes: dict[str, str]) -> Day:
    """Other names for everything whose name begins with one of these words; their order stays."""

    def change(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in prefixes.items():
                value = _prefixed(value, old, new)
            return value
        if isinstance(value, list):
            return [change(entry) for entry in value]
        if isinstance(value, dict):
            return {key: change(entry) for key, entry in value.items()}
        return value

    return [
        replace(seen, rest=change(seen.rest)) if seen.resource not in ("karpenter/instance-types", "meta") else seen
        for seen in day
    ]


def _prefixed(text: str, old: str, new: str) -> str:
    if text == old or text.startswith(f"{old}-"):
        return new + text[len(old) :]
    return text.replace(f"/{old}-", f"/{new}-")


def gathered(day: Day, resource: str, seconds: float) -> Day:
    """Changes of an object that follow each other within seconds come as the last of them, as to a slow watch."""
    found: list[Seen | None] = list(day)
    last: dict[str, tuple[int, float]] = {}
    for place, seen in enumerate(day):
        event = seen.rest.get("event")
        if seen.resource != resource or event is None or event["type"] == "BOOKMARK":
            continue
        uid = event["object"]["metadata"]["uid"]
        before = last.pop(uid, None)
        if event["type"] != "MODIFIED":
            continue
        if before is not None and seen.at - before[1] <= seconds:
            found[before[0]] = None
        last[uid] = (place, seen.at)
    return [seen for seen in found if seen is not None]


def bookmarked(day: Day, every: float) -> Day:
    """Each watch tells from time to time how far it is."""
    kinds = dict.fromkeys(seen.resource for seen in day if "event" in seen.rest)
    times = range(1, int((day[-1].at - day[0].at) / every))
    marks = [
        Seen(day[0].at + number * every, kind, {"event": {"type": "BOOKMARK", "object": {"metadata": {}}}})
        for number in times
        for kind in kinds
    ]
    return _sorted([*day, *marks])


def listed_again(day: Day, share: float) -> Day:
    """In the middle every watch broke off and began anew: all that is there comes once more, as added."""
    at = day[0].at + share * (day[-1].at - day[0].at)
    lists = [seen for seen in begun(day, share) if seen.at == at and "event" in seen.rest]
    return [seen for seen in day if seen.at <= at] + lists + [seen for seen in day if seen.at > at]


def passing(day: Day, every: int, seconds: float) -> Day:
    """Beside some of the pods that wait another one waits, and is deleted so many seconds later."""
    more: Day = []
    waiting: set[str] = set()
    for seen in day:
        event = seen.rest.get("event")
        if seen.resource != "pods" or event is None or event["type"] == "BOOKMARK":
            continue
        pod = event["object"]
        reasons = {entry.get("reason") for entry in pod.get("status", {}).get("conditions", ())}
        name = pod["metadata"]["name"]
        if "Unschedulable" not in reasons or name in waiting:
            continue
        waiting.add(name)
        if len(waiting) % every == 0:
            meta = {**pod["metadata"], "name": f"{name}-more", "uid": f"{pod['metadata']['uid']}-more"}
            for after, change in ((0.01, "ADDED"), (seconds, "DELETED")):
                told = {"type": change, "object": {**pod, "metadata": meta}}
                more.append(Seen(seen.at + after, "pods", {"event": told}))
    return _sorted([*day, *more])


def _sorted(day: Iterable[Seen]) -> Day:
    return sorted(day, key=lambda seen: seen.at)


def judged(day: Day) -> Observer:
    """A variant judged to its end."""
    with tempfile.TemporaryDirectory() as folder:
        return judged_recording(write(day, Path(folder) / "day.jsonl.zst"))


def pools_of(day: Day) -> dict[str, str]:
    """Other names for the NodePools, in the same order."""
    names = {
        seen.rest["event"]["object"]["metadata"]["name"]
        for seen in day
        if seen.resource == "nodepools" and seen.rest.get("event", {}).get("type") in ("ADDED", "MODIFIED")
    }
    return {name: f"np-{name}" for name in sorted(names, key=len, reverse=True)}


VARIANTS: dict[str, Callable[[Day], Day]] = {
    "as it was": lambda day: day,
    "pods 0.3 s late": lambda day: late(day, {"pods": 0.3}),
    "nodes 0.3 s late": lambda day: late(day, {"nodes": 0.3}),
    "nodeclaims 0.3 s late": lambda day: late(day, {"nodeclaims": 0.3}),
    "events 1 s late": lambda day: late(day, {"events": 1.0}),
    "nodepools 0.2 s late": lambda day: late(day, {"nodepools": 0.2}),
    "everything shaken by 0.1 s": lambda day: shaken(day, 0.1),
    "everything shaken by 0.3 s": lambda day: shaken(day, 0.3, 2),
    "each kind by up to 0.3 s": lambda day: by_kind(day, 0.3, 3),
    "a clock 2 s ahead": lambda day: by_clock(day, 2.0),
    "a clock 30 s ahead": lambda day: by_clock(day, 30.0),
    "a clock 30 s behind": lambda day: by_clock(day, -30.0),
    "a clock faster by 0.3 %": lambda day: by_clock(day, pace=1.003),
    "a clock slower by 0.3 %": lambda day: by_clock(day, pace=0.997),
    "a third of the events lost": lambda day: without(day, CLUSTER_EVENTS, 0.33),
    "no events": lambda day: without(day, CLUSTER_EVENTS),
    "no metrics": lambda day: without(day, "karpenter/metrics"),
    "no settings": lambda day: without(day, "karpenter/settings"),
    "cut at a third": lambda day: cut(day, 0.33),
    "cut at two thirds": lambda day: cut(day, 0.66),
    "begun at a quarter": lambda day: begun(day, 0.25),
    "begun at a half": lambda day: begun(day, 0.5),
    "begun at three quarters": lambda day: begun(day, 0.75),
    "another order within 0.05 s": lambda day: shaken(day, 0.05, 5),
    "changes of NodeClaims gathered for 0.2 s": lambda day: gathered(day, "nodeclaims", 0.2),
    "a bookmark every 5 s": lambda day: bookmarked(day, 5.0),
    "listed again at a half": lambda day: listed_again(day, 0.5),
    "pods that go while they wait": lambda day: passing(day, 3, 0.5),
    "other names of NodePools": lambda day: renamed(day, pools_of(day)),
}


def told(score: Score) -> str:
    """One line of figures."""
    parts = [
        f"{name} {tally.agreed}/{tally.judged}" + (f" ({tally.not_watched} not watched)" if tally.not_watched else "")
        for name, tally in (("NodeClaims", score.provisioning), ("commands", score.disruption))
    ]
    parts += [f"{score.provisional} provisional, of at most {score.alternatives}"] if score.provisional else []
    parts += [f"{score.overtaken} overtaken"] if score.overtaken else []
    return f"{', '.join(parts)}, unexplained {score.unexplained}"


def main(arguments: list[str]) -> int:
    """Judge the variants that are named, or all."""
    path = Path(arguments.pop(0)) if arguments and Path(arguments[0]).exists() else DAY
    day = read(path)
    for name in arguments or VARIANTS:
        began = time.process_time()
        observer = judged(VARIANTS[name](day))
        found = judgements(observer.pairs, observer.moves)
        print(f"{name}: {told(score_of(found))}  [{time.process_time() - began:.0f} s]", flush=True)
        for entry in found:
            if not entry.verdict.agrees:
                at = datetime.fromtimestamp(entry.at, UTC)
                print(f"    {at:%H:%M:%S.%f} {entry.kind} {entry.what}: {entry.verdict} {entry.differs} {entry.cause}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
