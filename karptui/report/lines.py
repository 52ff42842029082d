"""A run as plain lines: one a notable thing, bursts of equal things as one, as text or as JSON."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO, TypeAlias

from karptui.modes.run import Run
from karptui.report.notable import Notables, Note
from karptui.views.timelines.progress import pods_text
from karptui.views.wording import clock, duration, hourly, plural, signed_hourly
from karptui.world import events
from karptui.world.world import World

TOGETHER = 0.5  # seconds of the source's clock within which equal things are told as one
TICK = 0.1
Tell: TypeAlias = Callable[[Note], str]
"""The line for one notable thing, "" for none."""


class Reporter:
    """Takes every event of a run (`run.on_event = reporter`) and prints what is notable when `flush` is called."""

    def __init__(self, world: World, out: TextIO, json: bool = False, tell: Tell | None = None) -> None:
        self._notables = Notables(world)
        self._out = out
        self._tell = tell or (_as_json if json else _as_text)
        self._waiting: list[Note] = []
        self._open: dict[tuple[str, ...], Note] = {}

    def __call__(self, event: events.Event) -> None:
        """Take one event; nothing is printed yet."""
        for note in self._notables.of(event):
            known = self._open.get(note.group)
            if known is not None and note.at - known.at < TOGETHER:
                _join(known, note)
            else:
                self._open[note.group] = note
                self._waiting.append(note)

    def pass_over(self, event: events.Event) -> None:
        """Take an event that is no news, such as what lies before the place where a replay begins."""
        for _ in self._notables.of(event):
            pass

    def stand(self, at: float) -> None:
        """Tell how everything stands."""
        self._waiting.append(self._notables.standing(at))

    def flush(self, now: float | None = None) -> None:
        """Print what is older than TOGETHER at `now` (epoch seconds by the source's clock), or everything."""
        due = [note for note in self._waiting if now is None or now - note.at >= TOGETHER]
        if not due:
            return
        self._waiting = [note for note in self._waiting if now is not None and now - note.at < TOGETHER]
        # Of what happened at one moment, the decision comes before what it brought.
        for note in sorted(due, key=lambda note: (note.at, note.kind != "decision")):
            if self._open.get(note.group) is note:
                del self._open[note.group]
            if line := self._tell(note):
                print(line, file=self._out)
        self._out.flush()


async def report(run: Run, out: TextIO, json: bool = False, tell: "Tell | None" = None) -> None:
    """Start a run, tell it as lines until it ends, stop it; `tell` words them otherwise. The caller looks at
    `run.failure`."""
    reporter = Reporter(run.world, out, json, tell)
    behind = False

    def heard(event: events.Event) -> None:
        nonlocal behind
        if not json and isinstance(event, events.Problem) and event.message == run.failure:
            return  # whoever started the run says it, once
        if run.catching_up:
            behind = True
            reporter.pass_over(event)
            return
        if behind:
            behind = False
            reporter.stand(event.at)
        reporter(event)

    run.on_event = heard
    try:
        await run.start()
        while not run.ended.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await run.ended.wait()
            reporter.flush(run.now())
            run.world.dirty.clear()  # nobody else looks
        if behind:
            reporter.stand(run.now())  # nothing came after what was taken in at once
        reporter.flush()
    finally:
        await run.stop()


def _join(known: Note, note: Note) -> None:
    known.names += note.names
    if "to" in note.data:
        known.data["to"] = note.data["to"]
    if (seconds := note.data.get("seconds")) is not None:
        known.data["seconds"] = max(seconds, known.data.get("seconds") or 0.0)


def words(note: Note) -> str:
    """What happened, without its time and kind."""
    names = tuple(note.names)
    match note.kind:
        case "pending":
            first = note.text.split(". ")[0]  # what follows is about preemption
            return f"{_pods(names)}: {first}" if first else _pods(names)
        case "bound":
            return f"{_pods(names)} → {note.data['node']} after {duration(note.data['seconds'] or 0.0)}"
        case "pods gone":
            return _pods(names)
        case "stream":
            return f"{', '.join(names)}: {note.text}"
        case "cost":
            change = signed_hourly(note.data["to"] - note.data["from"])
            return f"{hourly(note.data['from'])} → {hourly(note.data['to'])} ({change})"
        case _:
            return note.text


def _pods(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{plural(len(names), 'pod')} {pods_text(names)}"


def _as_text(note: Note) -> str:
    return f"{clock(note.at)}.{int(note.at * 10) % 10}  {note.kind:<12} {' '.join(words(note).split())}"


def _as_json(note: Note) -> str:
    at = datetime.fromtimestamp(note.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {"at": at, "kind": note.kind, "text": words(note)}
    if note.names:
        line["names"] = note.names
    return json.dumps({**line, **note.data}, ensure_ascii=False)
