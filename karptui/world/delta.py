"""A change of an object, as what differs from how it was last seen: most of a busy cluster's are a version and a time.

What differs is a handful of strings and numbers, which are packed some ten times as fast as a whole pod.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from karptui.model.metadata import Metadata
from karptui.world.events import Change, ObjectSeen

Differing: TypeAlias = tuple[tuple[int, Any], ...]
"""Indices of fields with their values now."""

Delta: TypeAlias = tuple[float, str, str, Differing, Differing]
"""When, resource, key, what differs in the object, what differs in its metadata. No class of its own: a plain tuple is
packed fastest."""


def delta_of(before: Any, event: ObjectSeen) -> Delta | None:
    """What an object's change comes to; None where it must be kept whole."""
    after = event.object
    kind = type(after)
    if event.change is not Change.MODIFIED or type(before) is not kind or not issubclass(kind, Struct):
        return None
    own, parts = _differing(kind, before, after), _differing(Metadata, before.metadata, after.metadata)
    return event.at, event.resource, after.key, own, parts


def changed(before: Any, delta: Delta) -> ObjectSeen:
    """The change that a delta was made of; `before` is the object as it was last seen."""
    at, resource, _, own, parts = delta
    fields = _named(type(before), own)
    if parts:
        fields["metadata"] = replace(before.metadata, **_named(Metadata, parts))
    return ObjectSeen(at, resource, Change.MODIFIED, replace(before, **fields))


def _differing(kind: type[Struct], before: Any, after: Any) -> Differing:
    places, read = _reader(kind)
    mine, theirs = read(before), read(after)
    if mine == theirs:
        return ()
    return tuple([entry for entry, old in zip(zip(places, theirs), mine) if entry[1] is not old and entry[1] != old])  # noqa: B905  all of one length


@cache
def _reader(kind: type[Struct]) -> tuple[range, Callable[[Any], tuple[Any, ...]]]:
    """What reads all fields but the metadata, of which there is a delta of its own; and where they stand."""
    names = [name for name in kind.__struct_fields__ if name != "metadata"]
    first = len(kind.__struct_fields__) - len(names)
    if len(names) < 2:  # an attrgetter of one reads no tuple
        return range(first, first + len(names)), lambda thing: tuple(getattr(thing, name) for name in names)
    return range(first, first + len(names)), cast("Callable[[Any], tuple[Any, ...]]", attrgetter(*names))


def _named(kind: type[Struct], differing: Differing) -> dict[str, Any]:
    names = kind.__struct_fields__
    return {names[i]: value for i, value in differing}
