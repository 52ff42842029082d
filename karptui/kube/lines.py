"""Lines out of a stream of chunks, however long they are."""

from msgspec import Struct

LONGEST_LINE = 32 * 2**20
"""Bytes of the longest line that is read: etcd's default limit is 1.5 MiB, so more is never an honest object."""

KEPT_OF_OVERSIZED = 65_536


class Oversized(Struct, frozen=True):
    """A line that was thrown away as too long: its length so far in bytes, and how it began."""

    size: int
    start: bytes


class LineSplitter:
    """Feed it chunks, get whole lines without their newline. A line over `longest` comes as one Oversized."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._parts: list[bytes] = []
        self._held = 0
        self._dropping = 0
        self._start = b""

    def feed(self, chunk: bytes) -> list[bytes | Oversized]:
        """The lines that this chunk completes."""
        end = chunk.find(b"\n")
        if end < 0:
            self._hold(chunk)
            return []
        self._hold(chunk[:end])
        lines: list[bytes | Oversized] = [self._taken()]
        # find() skips through kilobytes of JSON many times faster than split() does.
        start = end + 1
        while (end := chunk.find(b"\n", start)) >= 0:
            lines.append(chunk[start:end])
            start = end + 1
        self._hold(chunk[start:])
        return [line for line in lines if isinstance(line, Oversized) or (line and not line.isspace())]

    @property
    def rest(self) -> bytes:
        """What came after the last newline: not empty at the end of a stream that was cut in the middle of a line."""
        return b"".join(self._parts) or self._start

    def _hold(self, part: bytes) -> None:
        if not part:
            return
        if self._dropping:
            self._dropping += len(part)
            return
        self._parts.append(part)
        self._held += len(part)
        if self._held > self._longest:
            self._start = b"".join(self._parts)[:KEPT_OF_OVERSIZED]
            self._dropping, self._held = self._held, 0
            self._parts.clear()

    def _taken(self) -> bytes | Oversized:
        if self._dropping:
            line: bytes | Oversized = Oversized(self._dropping, self._start)
            self._dropping, self._start = 0, b""
            return line
        line = b"".join(self._parts)
        self._parts.clear()
        self._held = 0
        return line
