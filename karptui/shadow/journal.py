"""What was foreseen and judged, on disk: JSON lines that survive a restart.

    {"foreseen": {"at", "kind", "what", "pods"}}     before the fact; "provisional" while no window of ours has closed
    {"judged": {...}}                                 after it, as shadow/judged.py
    {"watched": {"until"}}                            the last moment at which karptui was there

The order of the lines is the proof that a prediction was made before what it is about.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from karptui.failure import Failure
from karptui.shadow.judged import Judged


class Foreseen(Struct, frozen=True, gc=False, omit_defaults=True):
    """A prediction as it was made."""

    at: float
    kind: str
    what: str
    pods: tuple[str, ...] = ()
    provisional: bool = False


class Watched(Struct, frozen=True, gc=False):
    """karptui was there until then."""

    until: float


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line."""

    foreseen: Foreseen | None = None
    judged: Judged | None = None
    watched: Watched | None = None


class Journal:
    """Appends to a file; `read_journal` reads it back."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as error:
            raise Failure(f"cannot write the journal {path}: {error.strerror}; name another by --journal") from error
        self._encoder = msgspec.json.Encoder()
        self.path = path

    def write(self, entry: Entry) -> None:
        """One line, at once on its way to the disk."""
        self._file.write(self._encoder.encode(entry) + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def read_journal(path: Path) -> tuple[list[Judged], float]:
    """What was judged, and until when karptui watched (0.0: never). A last line that was cut off is left out.

    Raises Failure where the file cannot be read.
    """
    judged: list[Judged] = []
    until = 0.0
    decoder = msgspec.json.Decoder(Entry)
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0.0
    except OSError as error:
        raise Failure(f"cannot read the journal {path}: {error.strerror}") from error
    for text in lines:
        try:
            entry = decoder.decode(text)
        except msgspec.MsgspecError:
            continue  # cut off when karptui was killed
        if entry.judged is not None:
            judged.append(entry.judged)
            until = max(until, entry.judged.at)
        elif entry.foreseen is not None:
            until = max(until, entry.foreseen.at)
        elif entry.watched is not None:
            until = max(until, entry.watched.until)
    return judged, until
