"""How far something recorded reaches."""

from msgspec import Struct

from karptui.world.marks import Mark


class Outline(Struct, frozen=True):
    """From the first event to the last, epoch seconds, and what is marked between them."""

    begins: float
    ends: float
    marks: tuple[Mark, ...] = ()
