"""What was seen of a NodeClaim, in one line: for a journal that another run reads."""

from enum import StrEnum

from msgspec import Struct


class What(StrEnum):
    """What became of it."""

    MADE = "made"
    TAKEN = "taken"
    GONE = "gone"


class Seen(Struct, frozen=True, gc=False, omit_defaults=True):
    """A NodeClaim was made, its node is about to go (with what is on it), or it is gone."""

    at: float
    what: What
    name: str
    pool: str = ""
    node: str = ""
    reason: str = ""
    pods: tuple[str, ...] = ()
