"""Events out of a file: one of our own recordings, or the raw watch lines that an observer of the API server wrote.

Raw lines: {"at": ISO time, "resource": plural, "event": {"type", "object"}}, and about Karpenter itself "meta"
(versions), "karpenter/settings" (its environment), "karpenter/instance-types" (the file of KWOK's provider) and
"karpenter/metrics".
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from karptui.cloud.kwok.catalogue import of_file
from karptui.failure import Failure
from karptui.kube.decode_recorded import decode_recorded
from karptui.shadow.settings import options_of
from karptui.world import events
from karptui.world.raw_watch import FIRST_LIST_ENDS, RawEvent, ends_first_list, recorded_lines
from karptui.world.recording import FORMAT, Recording

TAKEN = frozenset(event.value.upper() for event in events.Change)


class _Line(msgspec.Struct):
    at: str = ""
    resource: str = ""
    event: RawEvent | None = None
    kubernetes: str = ""
    karpenter: str = ""
    env: dict[str, str] = {}
    types: list[dict[str, Any]] = []
    text: str = ""
    format: str = ""


class Scraped(msgspec.Struct, frozen=True, gc=False):
    """Karpenter's own metrics, as text in Prometheus' format."""

    at: float
    text: str


def recorded_events(path: Path) -> Iterator[events.Event | Scraped]:
    """Every event of a file, in order of receipt. Raises Failure where the file cannot be read, naming the line."""
    if _is_own(path):
        yield from _own(path)
    else:
        yield from _raw(path)


def _is_own(path: Path) -> bool:
    first = next(recorded_lines(path), b"{}")
    try:
        return msgspec.json.decode(first, type=_Line).format == FORMAT
    except msgspec.MsgspecError:
        return False


def _own(path: Path) -> Iterator[events.Event]:
    recording = Recording(path, decode_recorded)
    yield events.SettingsSeen(recording.header.started, options_of({}, recording.header.karpenter))
    yield from recording.read()
    if recording.problem:
        yield events.Problem(0.0, "recording", recording.problem)


def _raw(path: Path) -> Iterator[events.Event | Scraped]:
    decoder = msgspec.json.Decoder(_Line)
    karpenter, syncing = "", _listed(path)
    for number, text in enumerate(_up_to_its_end(path), 1):
        if isinstance(text, events.Problem):
            yield text
            return
        try:
            line = decoder.decode(text)
            at = datetime.fromisoformat(line.at).timestamp()
        except (msgspec.MsgspecError, ValueError) as error:
            raise Failure(f"line {number} of {path} is no watch event: {error}") from error
        karpenter = line.karpenter.lstrip("v") or karpenter
        match line.resource:
            case "meta":
                yield events.Connected(at, path.name.partition(".")[0], line.kubernetes, karpenter, "recording")
            case "karpenter/settings":
                yield events.SettingsSeen(at, options_of(line.env, karpenter))
            case "karpenter/instance-types":
                yield events.CatalogueSeen(at, of_file(line.types))
            case "karpenter/metrics":
                yield Scraped(at, line.text)
            case resource if line.event is not None:
                # All streams at once, or the first to have its list would be taken for the whole cluster.
                while syncing:
                    yield events.StreamChanged(at, syncing.pop(), events.StreamState.SYNCING)
                yield from _watched(at, resource, line.event, f"line {number} of {path}")


def _up_to_its_end(path: Path) -> Iterator[bytes | events.Problem]:
    """The lines of a file; of one whose writer was stopped those that are whole, and then the sentence about that."""
    cut = events.Problem(0.0, "recording", f"{path} is cut off (its writer was stopped): all up to there is judged")
    held = b""
    try:
        for text in recorded_lines(path):
            if held:
                yield held
            held = text
    except Failure:
        if not held:
            raise
        yield held
        yield cut
        return
    if held:
        yield held if held.endswith(b"\n") or _is_whole(held) else cut


def _is_whole(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return False
    return True


def _listed(path: Path) -> list[str]:
    """The resources whose first list has an end."""
    ends = FIRST_LIST_ENDS.encode()
    found: set[str] = set()
    for text in _up_to_its_end(path):
        if isinstance(text, bytes) and ends in text:
            try:
                found.add(msgspec.json.decode(text, type=_Line).resource)
            except msgspec.MsgspecError:
                continue  # the second reading names the line
    return sorted(found)


def _watched(at: float, resource: str, event: RawEvent, where: str) -> Iterator[events.Event]:
    if ends_first_list(event):
        yield events.StreamChanged(at, resource, events.StreamState.LIVE)
    elif event.type in TAKEN:
        try:
            found = decode_recorded(resource, bytes(event.object))
        except ValueError as error:
            yield events.Problem(at, "recording", f"{where} cannot be read and is left out: {error}")
            return
        if found is not None:
            yield events.ObjectSeen(at, resource, events.Change(event.type.lower()), found)
