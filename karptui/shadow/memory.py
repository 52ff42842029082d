"""What a journal tells the next run: verdicts, predictions that wait for their fact, what was seen until the end."""

from collections import deque
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from karptui.failure import Failure
from karptui.shadow.journal import Entry, Foreseen, claims_of, with_claims
from karptui.shadow.judged import Judged
from karptui.shadow.seen import Seen, What

PREDICTIONS_KEPT = 1_000
"""Latest predictions about pods that are read back: only those of the last seconds can still come true."""

PASSES_KEPT = 200
"""The same of passes."""


class Pass(Struct, gc=False):
    """Commands that stood to be carried out from `at` on, until the next pass said something else."""

    at: float
    commands: list[Foreseen] = []


class Memory(Struct, gc=False):
    """One journal. `until` is when karptui was last there, 0.0 where it never was.

    `foreseen` are predictions about pods, in order; `passes` what stood to be carried out, and since when. `known` are
    the NodeClaims that were there at the end, with their NodePools; None where the journal does not say.
    """

    judged: list[Judged] = []
    until: float = 0.0
    skew: float = 0.0
    foreseen: deque[Foreseen] = msgspec.field(default_factory=lambda: deque(maxlen=PREDICTIONS_KEPT))
    passes: deque[Pass] = msgspec.field(default_factory=lambda: deque(maxlen=PASSES_KEPT))
    nominated: dict[str, float] = {}
    known: dict[str, str] | None = None
    made: dict[str, Seen] = {}
    taken: dict[str, Seen] = {}

    def judged_made(self) -> dict[str, float]:
        """The NodeClaims whose making was judged, and when they were made."""
        return {name: entry.at for entry in self.judged for name in entry.made}

    def judged_taken(self) -> dict[str, float]:
        """Nodes and NodeClaims of the commands that were judged, and when those began."""
        return {name: entry.at for entry in self.judged if not entry.never for name in entry.taken}

    def overdue(self) -> set[tuple[str, str]]:
        """Nodes that were said to stand for too long, with the reason for which."""
        return {(name, entry.reason) for entry in self.judged if entry.never for name in entry.taken}


def read_memory(path: Path) -> Memory:
    """A journal read back. Lines that were cut off are left out. Raises Failure where the file cannot be read."""
    memory = Memory()
    decoder = msgspec.json.Decoder(Entry)
    lists: dict[str, tuple[str, ...]] = {}
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return memory
    except OSError as error:
        raise Failure(f"cannot read the journal {path}: {error.strerror}") from error
    for text in lines:
        try:
            entry = decoder.decode(text)
        except msgspec.MsgspecError:
            continue  # cut off when karptui was killed
        if entry.types is not None:
            lists[entry.types.key] = entry.types.names
        elif entry.foreseen is not None:
            _foreseen(memory, entry.foreseen, lists)
        else:
            _take(memory, entry)
    return memory


def read_journal(path: Path) -> tuple[list[Judged], float]:
    """What was judged, and until when karptui watched (0.0: never). Raises Failure where the file cannot be read."""
    memory = read_memory(path)
    return memory.judged, memory.until


def _foreseen(memory: Memory, short: Foreseen, lists: dict[str, tuple[str, ...]]) -> None:
    memory.until = max(memory.until, short.at)
    claims = claims_of(short)
    if len(short.types) != len(claims) or not all(key in lists for key in short.types):
        return  # the line with its instance types was cut off
    filled = [replace(claim, instance_types=lists[key]) for claim, key in zip(claims, short.types, strict=True)]
    told = with_claims(short, tuple(filled))
    if told.claim is not None:
        memory.foreseen.append(told)
    elif told.command is not None:
        if not memory.passes or memory.passes[-1].at != told.at:  # all of one pass bear the same time
            memory.passes.append(Pass(told.at))
        memory.passes[-1].commands.append(told)


def _take(memory: Memory, entry: Entry) -> None:
    if (judged := entry.judged) is not None:
        memory.judged.append(judged)
        memory.until = max(memory.until, judged.at)
    elif (watched := entry.watched) is not None:
        memory.until, memory.skew = max(memory.until, watched.until), watched.skew
    elif (nothing := entry.nothing) is not None:
        memory.passes.append(Pass(nothing.at))
        memory.until = max(memory.until, nothing.at)
    elif entry.nominated is not None:
        memory.nominated |= entry.nominated.until
    elif (there := entry.there) is not None:
        memory.known, memory.until = dict(there.claims), max(memory.until, there.at)
    elif (seen := entry.seen) is not None:
        _see(memory, seen)


def _see(memory: Memory, seen: Seen) -> None:
    memory.until = max(memory.until, seen.at)
    if seen.what is What.GONE:
        (memory.known or {}).pop(seen.name, None)
    elif seen.what is What.TAKEN:
        memory.taken[seen.name] = seen
    else:
        memory.made[seen.name] = seen
        if memory.known is not None:
            memory.known[seen.name] = seen.pool
