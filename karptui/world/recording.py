"""Recordings: the journal on disk, zstd-compressed JSON lines that the World reads back as events.

First line a header: {"format": "karptui-recording", "version": 1, "cluster", "kubernetes", "karpenter", "karptui",
"started", "decisions"}. Then one line per event, times in epoch seconds:

    {"at", "resource", "type": ADDED | MODIFIED | DELETED, "object": {...}}       as the API server sent it
    {"at", "event": "StreamChanged" | "DecisionMade" | ..., "body": {...}}        karptui's own

A file that was cut off (the process died, the disk filled) reads up to the cut.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from karptui import __version__
from karptui.failure import Failure
from karptui.world import events
from karptui.world.interruption import KINDS
from karptui.world.marks import Mark, mark_of
from karptui.world.outline import Outline

FORMAT = "karptui-recording"
VERSION = 1
# The catalogue is shipped or fetched, not recorded; previews are made again by whoever replays.
_OWN: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        events.StreamChanged,
        events.DecisionMade,
        events.DecisionCarriedOut,
        events.PredictionJudged,
        events.CloudCalled,
        events.InterruptionSeen,
        events.Narrated,
        events.LeaseChanged,
        events.BrakesSet,
        events.Intended,
        events.Problem,
    )
}
Decode = Callable[[str, bytes], Any]


class RecordingError(Failure):
    """A recording cannot be read; the text is one sentence for a person."""


class Header(msgspec.Struct, frozen=True):
    """The first line of a recording. `decisions`: karptui's own are in it, and are not to be made again."""

    format: str = FORMAT
    version: int = VERSION
    cluster: str = ""
    kubernetes: str = ""
    karpenter: str = ""
    karptui: str = __version__
    started: float = 0.0
    decisions: bool = False


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """Any later line."""

    at: float
    resource: str = ""
    type: str = ""
    object: msgspec.Raw = msgspec.Raw(b"")
    event: str = ""
    body: msgspec.Raw = msgspec.Raw(b"")


def check_writable(path: Path) -> None:
    """Raise RecordingError before anything is connected, if no recording can be written here; nothing is truncated."""
    try:
        there = path.exists()
        path.open("ab").close()
        if not there:
            path.unlink()
    except OSError as error:
        raise RecordingError(f"cannot write the recording {path}: {error.strerror}; choose another place") from error


class RecordingWriter:
    """Writes events to a file while karptui runs; `flush` makes everything so far readable after a crash.

    `level` is zstd's: 6 keeps up with 15,000 events a second, 19 makes the smallest files.
    """

    def __init__(self, path: Path, header: Header, level: int = 6) -> None:
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise RecordingError(
                f"cannot write the recording {path}: {error.strerror}; choose another place"
            ) from error
        self.path = path
        self.lines = 0
        self._encoder = msgspec.json.Encoder()
        self._out = zstandard.ZstdCompressor(level=level).stream_writer(self._file)
        self._out.write(self._encoder.encode(header) + b"\n")

    def write(self, event: events.Event) -> None:
        """Append one event; kinds that a replay makes anew are passed over."""
        if isinstance(event, events.ObjectSeen):
            if event.raw is None:
                return
            line = Line(event.at, event.resource, event.change.value.upper(), msgspec.Raw(event.raw))
        elif type(event).__name__ in _OWN:
            body = msgspec.Raw(self._encoder.encode(event))
            line = Line(at=event.at, event=type(event).__name__, body=body)
        else:
            return
        self._out.write(self._encoder.encode(line) + b"\n")
        self.lines += 1

    def flush(self) -> None:
        """Close the current block, so that a reader of the unfinished file gets all of it."""
        self._out.flush(zstandard.FLUSH_BLOCK)
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._out.close()


class Recording:
    """A recording open for reading: its header at once, its events as they are asked for.

    `decode(resource, json) -> model object` is handed in, as decoding lives with the Kubernetes API; None passes an
    object over. After the end, `problem` holds a sentence if the file was cut off or held lines that could not be read.
    """

    def __init__(self, path: Path, decode: Decode) -> None:
        self.path = path
        self.problem = ""
        self._decode = decode
        self._lines = compressed_lines(path)
        try:
            first = next(self._lines, b"")
        except zstandard.ZstdError as error:
            raise RecordingError(f"{path} is not a recording: it is not zstd-compressed") from error
        except EOFError:
            raise RecordingError(f"{path} is not a recording: it is empty or cut off before its first line") from None
        try:
            self.header = msgspec.json.decode(first, type=Header)
        except msgspec.MsgspecError:
            raise RecordingError(f"{path} is not a recording: its first line is no header") from None
        if self.header.format != FORMAT:
            raise RecordingError(f"{path} is not a recording: its format is {self.header.format!r}")
        if self.header.version > VERSION:
            raise RecordingError(
                f"{path} was written by karptui {self.header.karptui} in format {self.header.version}, "
                f"and this karptui {__version__} reads up to format {VERSION}: upgrade karptui"
            )

    def read(self, keep_raw: bool = False) -> Iterator[events.Event]:
        """Every event in order, once; what cannot be read is counted in `problem`, not raised."""
        decoder = msgspec.json.Decoder(Line)
        yield events.Connected(
            self.header.started,
            self.header.cluster or self.path.name.partition(".")[0],
            self.header.kubernetes,
            self.header.karpenter,
            source="recording",
        )
        bad, problems = 0, list[str]()
        try:
            for text in self._lines:
                try:
                    event = self._event(decoder.decode(text), keep_raw)
                except Exception:  # whatever one line holds, the lines after it are still worth playing
                    bad += 1
                    continue
                if event is not None:
                    yield event
        except (zstandard.ZstdError, EOFError, OSError):
            problems.append("is cut off (its writer was stopped, or is still writing): all up to there was played")
        if bad:
            problems.append(f"has {_counted(bad)} that could not be read and {'was' if bad == 1 else 'were'} left out")
        if problems:
            self.problem = f"{self.path} {', and '.join(problems)}"

    def outline(self) -> Outline:
        """Where it begins and ends and what is marked in it. Reads the whole file, decodes hardly any object; for a
        thread."""
        decoder = msgspec.json.Decoder(Line)
        first, last, marks = 0.0, self.header.started, list[Mark]()
        with suppress(zstandard.ZstdError, EOFError, OSError, RecordingError):
            for text in islice(compressed_lines(self.path), 1, None):
                try:
                    line = decoder.decode(text)
                    mark = self._mark(line)
                except Exception:  # as when it is played
                    continue
                first, last = first or line.at, max(last, line.at)
                if mark is not None:
                    marks.append(mark)
        return Outline(first or self.header.started, last, tuple(marks))

    def _mark(self, line: Line) -> Mark | None:
        if line.resource == "nodeclaims":
            return mark_of(events.ObjectSeen(line.at, line.resource, _CHANGES[line.type], None))
        if line.resource == "events":
            told = _INTERRUPTED.search(raw := bytes(line.object))  # few are: the others are not worth decoding
            found = self._decode(line.resource, raw) if told else None
            return mark_of(events.ObjectSeen(line.at, line.resource, _CHANGES[line.type], found)) if found else None
        kind = _OWN.get(line.event)
        return mark_of(msgspec.json.decode(line.body, type=kind)) if kind is not None else None

    def _event(self, line: Line, keep_raw: bool) -> events.Event | None:
        if line.resource:
            raw = bytes(line.object)
            found = self._decode(line.resource, raw)
            if found is None:
                return None
            return events.ObjectSeen(line.at, line.resource, _CHANGES[line.type], found, raw if keep_raw else None)
        kind = _OWN.get(line.event)
        return None if kind is None else msgspec.json.decode(line.body, type=kind)


_INTERRUPTED = re.compile(b"|".join(re.escape(reason.encode()) for reason in KINDS))
_CHANGES = {change.value.upper(): change for change in events.Change}


def _counted(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines:,} lines"


def compressed_lines(path: Path) -> Iterator[bytes]:
    """Lines of a zstd file, each with its newline. Raises EOFError after the last whole line if the file is cut off."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot read the recording {path}: {error.strerror}") from error
    with file:
        stream, rest, ended = zstandard.ZstdDecompressor().decompressobj(), b"", False
        try:
            chunk = file.read(_CHUNK)
        except OSError as error:
            raise RecordingError(f"cannot read the recording {path}: {error.strerror}") from error
        while chunk:
            lines = (rest + stream.decompress(chunk)).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield line + b"\n"
            ended = stream.eof
            if ended and stream.unused_data:  # frames may follow each other in one file
                chunk, stream = stream.unused_data, zstandard.ZstdDecompressor().decompressobj()
            else:
                chunk = file.read(_CHUNK)
        if rest or not ended:
            raise EOFError


_CHUNK = 1 << 16
