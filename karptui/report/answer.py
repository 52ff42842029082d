"""The answer to `karptui why NAME`, as text and as data."""

import difflib
from typing import Any

from karptui.failure import Failure
from karptui.views.answers.why import find, why
from karptui.views.line import plain
from karptui.views.lists.decisions import decision_view
from karptui.views.timelines.pod_timeline import pod_timeline
from karptui.views.wording import duration, plural
from karptui.world.world import World


def answer_text(world: World, name: str, now: float) -> str:
    """A title and its lines; for a pod also its way so far, for a decision also its funnel. Raises Failure."""
    kind, key = found_by(world, name)
    answer = why(world, kind, key, now)
    lines = [answer.title, *(f"  {plain(line)}".rstrip() for line in answer.lines)]
    if kind == "pod" and (view := pod_timeline(world, key, now)) is not None:
        lines += ["", view.summary]
        for bar in view.bars:
            length = duration((bar.end if bar.end is not None else now) - bar.start) if bar.end is not None else "now"
            lines.append(f"  {bar.name.ljust(24)} {length.rjust(7)}  {bar.text}".rstrip())
    if kind == "decision":
        view = decision_view(world, world.decisions[key], now)
        said = any(view.sentence in line for line in lines)
        lines += [""] if said else ["", view.sentence]
        lines += [f"  {row.remaining:>6,} types left  {row.text}" for row in view.funnel]
    elif answer.decision:
        lines += ["", f"karptui why {answer.decision} says more about the decision"]
    return "\n".join(lines)


def answer_data(world: World, name: str, now: float) -> dict[str, Any]:
    """The same by the names that JSON gives it. Raises Failure."""
    kind, key = found_by(world, name)
    answer = why(world, kind, key, now)
    found: dict[str, Any] = {
        "kind": kind,
        "name": key,
        "title": answer.title,
        "lines": [plain(line) for line in answer.lines],
        "decision": answer.decision,
    }
    if kind == "pod":
        found["timeline"] = pod_timeline(world, key, now)
    if kind == "decision":
        found["explained"] = decision_view(world, world.decisions[key], now)
    return found


def found_by(world: World, name: str) -> tuple[str, str]:
    """(kind, key) of what a person means by a name. Raises Failure, with what comes close."""
    found = find(world, name)
    if found is not None:
        return found
    same = sorted(key for key in world.of("pods") if key.partition("/")[2] == name)
    if same:
        raise Failure(f"{len(same)} pods are called {name}; say which: {', '.join(same[:5])}")
    known = [*world.decisions, *world.of("nodes"), *world.of("nodeclaims"), *world.of("nodepools"), *world.of("pods")]
    close = difflib.get_close_matches(name, [*known, *(key.partition("/")[2] for key in world.of("pods"))], n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    counts = f"{plural(len(world.of('pods')), 'pod')} and {plural(len(world.of('nodes')), 'node')} were read"
    raise Failure(f"no pod, node, NodeClaim, NodePool or decision is called {name} ({counts}){meant}")
