"""What was foreseen, seen and judged, on disk: JSON lines that survive a restart.

    {"types": {"key", "names"}}                       a list of instance types, once; later lines name it by its key
    {"foreseen": {"at", "kind", "what", "pods", ...}} before the fact; "provisional" while no window of ours has closed
    {"nothing": {"at"}}                               no command stands to be carried out any more
    {"nominated": {"until"}}                          nodes that a round has chosen for pods, and until when that holds
    {"there": {"at", "claims"}}                       the NodeClaims that were there when watching began, by NodePool
    {"seen": {"at", "what", "name", ...}}             a NodeClaim is made, a node is about to go, a NodeClaim is gone
    {"judged": {...}}                                 after the fact, as shadow/judged.py
    {"watched": {"until", "skew"}}                    the last moment at which karptui was there

The order of the lines is the proof that a prediction was made before what it is about.
"""

from hashlib import blake2s
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from karptui.failure import Failure
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.shadow.judged import Judged
from karptui.shadow.seen import Seen


class Foreseen(Struct, frozen=True, gc=False, omit_defaults=True):
    """A prediction as it was made: for pods with one claim, for a command with all of its replacements.

    `since`: when the same answer was first given, where that was before `at`. In the file the claims bear no instance
    types: `types` are the keys of their lists, in the same order.
    """

    at: float
    kind: str
    what: str
    pods: tuple[str, ...] = ()
    provisional: bool = False
    since: float | None = None
    claim: PlannedClaim | None = None
    command: Command | None = None
    types: tuple[str, ...] = ()


class Types(Struct, frozen=True, gc=False):
    """A list of instance types, in launch order."""

    key: str
    names: tuple[str, ...]


class Nothing(Struct, frozen=True, gc=False):
    """No command stands to be carried out."""

    at: float


class Nominated(Struct, frozen=True, gc=False):
    """Names of nodes and NodeClaims that pods are on their way to, and until when that holds."""

    until: dict[str, float]


class There(Struct, frozen=True, gc=False):
    """The NodeClaims that were there when watching began, with their NodePools."""

    at: float
    claims: dict[str, str]


class Watched(Struct, frozen=True, gc=False, omit_defaults=True):
    """karptui was there until then, by a clock that was `skew` seconds ahead of the cluster's."""

    until: float
    skew: float = 0.0


class Entry(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line."""

    foreseen: Foreseen | None = None
    judged: Judged | None = None
    watched: Watched | None = None
    types: Types | None = None
    nothing: Nothing | None = None
    nominated: Nominated | None = None
    there: There | None = None
    seen: Seen | None = None


class Journal:
    """Appends to a file; memory.py reads it back."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab+")
            self._end_line()
        except OSError as error:
            raise Failure(f"cannot write the journal {path}: {error.strerror}; name another by --journal") from error
        self._encoder = msgspec.json.Encoder()
        self._lists: set[str] = set()
        self.path = path

    def _end_line(self) -> None:
        """A line that was cut off when karptui was killed must not swallow the next one."""
        if self._file.tell() == 0:
            return
        self._file.seek(-1, 2)
        if self._file.read(1) != b"\n":
            self._file.write(b"\n")

    def write(self, entry: Entry) -> None:
        """One line, at once on its way to the disk; before it lists of instance types that are new."""
        if entry.foreseen is not None:
            entry = Entry(foreseen=self._short(entry.foreseen))
        self._line(entry)

    def _line(self, entry: Entry) -> None:
        self._file.write(self._encoder.encode(entry) + b"\n")
        self._file.flush()

    def _short(self, foreseen: Foreseen) -> Foreseen:
        """A prediction with keys in place of its lists of instance types."""
        claims = claims_of(foreseen)
        keys = tuple(self._key(claim.instance_types) for claim in claims)
        return with_claims(replace(foreseen, types=keys), tuple(replace(claim, instance_types=()) for claim in claims))

    def _key(self, names: tuple[str, ...]) -> str:
        key = blake2s(" ".join(names).encode(), digest_size=8).hexdigest()
        if key not in self._lists:
            self._lists.add(key)
            self._line(Entry(types=Types(key, names)))
        return key

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def claims_of(foreseen: Foreseen) -> tuple[PlannedClaim, ...]:
    """The NodeClaims that are foreseen."""
    if foreseen.claim is not None:
        return (foreseen.claim,)
    return foreseen.command.replacements if foreseen.command is not None else ()


def with_claims(foreseen: Foreseen, claims: tuple[PlannedClaim, ...]) -> Foreseen:
    """The same with other NodeClaims in their places."""
    if foreseen.claim is not None:
        return replace(foreseen, claim=claims[0])
    if foreseen.command is not None:
        return replace(foreseen, command=replace(foreseen.command, replacements=claims))
    return foreseen
