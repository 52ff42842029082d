"""What a person points at: the kind of a thing and its key."""

from typing import NamedTuple


class Subject(NamedTuple):
    """`kind` is pod, waiting, node, claim, pool, class or decision; "" for a row about nothing in the cluster."""

    kind: str
    key: str
