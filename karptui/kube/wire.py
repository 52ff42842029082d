"""What every object looks like on the wire, and how its parts become model objects.

Wire structs hold only the fields that are needed. What replicas of one workload have in common (labels, owners,
affinity ...) stays raw JSON and goes through a Memo, so equal bytes are decoded once and the result is shared.
"""

import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.clean import NAME_LIMIT, TEXT_LIMIT, clean, cleaned_map
from karptui.model.metadata import Condition, Conditions, Metadata, OwnerReference
from karptui.model.quantity import QuantityError
from karptui.model.resources import Resources, parse_resources
from karptui.model.written import with_formats

T = TypeVar("T")
Text = str | None
MEMO_SIZE = 16_384
"""Distinct values a Memo keeps: a cluster of 5,000 workloads needs about that many; then it starts anew."""

REMEMBERED_CONDITIONS = 4096
"""Lists of conditions that are kept. They are told apart by the second, and so many are enough for pods that start
together, and for those that change again."""

LONGEST_REMEMBERED = 2048
"""Bytes: what is longer is hardly ever the same in two objects."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_AT = re.compile(r" - at `(?:key in )?\$?([^`]*)`$")


class FieldError(ValueError):
    """A field of an object that cannot be read: `path` within the object, and why."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


def field_error(error: Exception, path: str) -> FieldError:
    """What msgspec or a quantity complains of, as a FieldError below `path`."""
    if isinstance(error, FieldError):
        return FieldError(path + error.path, error.problem)
    text = str(error)
    found = _AT.search(text)
    below = found[1] if found else ""
    problem = text[: found.start()] if found else text
    if isinstance(error, msgspec.ValidationError):
        problem = problem.replace("`", "").replace("Expected", "expected").replace("Object missing", "missing")
    return FieldError((path + below).lstrip("."), problem)


class Memo(Generic[T]):
    """Decodes raw JSON once for equal bytes. Absent and null give `empty`. Raises FieldError at `path`."""

    __slots__ = ("_decode", "_empty", "_known", "_path", "_size")

    def __init__(self, path: str, decode: Callable[[bytes], T], empty: T, size: int = MEMO_SIZE) -> None:
        self._path = path
        self._decode = decode
        self._empty = empty
        self._size = size
        self._known: dict[bytes, T] = {}

    def __call__(self, raw: Raw | bytes) -> T:
        """The decoded value, shared by all who ask with equal bytes."""
        text = bytes(raw)
        known = self._known
        try:
            return known[text]
        except KeyError:
            pass
        if not text or text == b"null":
            return self._empty
        try:
            value = self._decode(text)
        except (msgspec.DecodeError, ValueError) as error:
            raise field_error(error, self._path) from error
        if len(text) <= LONGEST_REMEMBERED:
            if len(known) >= self._size:
                known.clear()
            known[text] = value
        return value


_words: dict[str, str] = {}


def word(text: str | None) -> str:
    """A text of which there are few: cleaned, and one object for all that are equal. None gives ""."""
    if text is None:
        return ""
    found = _words.get(text)
    if found is None:
        if len(_words) >= MEMO_SIZE:
            _words.clear()
        found = sys.intern(clean(text))
        if len(text) <= NAME_LIMIT:
            _words[text] = found
    return found


def words(texts: Iterable[str] | None) -> tuple[str, ...]:
    """Each as a `word`."""
    return tuple(word(text) for text in texts or ())


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError("", f'"{text[:40]}" is not a time') from None
    if moment.tzinfo is None:
        raise FieldError("", f'"{text[:40]}" is a time without a zone')
    return moment.timestamp()


_remembered_seconds = lru_cache(maxsize=MEMO_SIZE)(_seconds)


def seconds(text: str | None) -> float:
    """Epoch seconds of an RFC 3339 time; 0 for none. Raises FieldError."""
    return _remembered_seconds(text) if text else 0.0


def optional_seconds(text: str | None) -> float | None:
    """Epoch seconds of an RFC 3339 time, or None."""
    return _remembered_seconds(text) if text else None


class WireOwner(Struct, gc=False):
    """Owner as the API has it."""

    apiVersion: Text = None
    kind: Text = None
    name: Text = None
    uid: Text = None
    controller: bool | None = None


class WireMetadata(Struct, gc=False):
    """Metadata as the API has it."""

    name: Text = None
    namespace: Text = None
    uid: Text = None
    labels: Raw = Raw()
    annotations: Raw = Raw()
    creationTimestamp: Text = None
    deletionTimestamp: Text = None
    ownerReferences: Raw = Raw()
    finalizers: Raw = Raw()
    resourceVersion: Text = None
    generation: int | None = None


class WireCondition(Struct, gc=False):
    """Condition as the API has it."""

    type: Text = None
    status: Text = None
    reason: Text = None
    message: Text = None
    lastTransitionTime: Text = None
    observedGeneration: int | None = None


class WireTaint(Struct, gc=False):
    """Taint as the API has it."""

    key: Text = None
    value: Text = None
    effect: Text = None


class WireExpression(Struct, gc=False):
    """Expression as the API has it."""

    key: Text = None
    operator: Text = None
    values: list[str] | None = None


class WireSelector(Struct, gc=False):
    """Selector as the API has it."""

    matchLabels: dict[str, str] | None = None
    matchExpressions: list[WireExpression] | None = None


_string_map: Decoder[dict[str, str]] = Decoder(dict[str, str])
_owner_list: Decoder[list[WireOwner]] = Decoder(list[WireOwner])
_string_list: Decoder[list[str]] = Decoder(list[str])
_quantity_map: Decoder[dict[str, Any]] = Decoder(dict[str, Any])


def _labels(text: bytes) -> dict[str, str]:
    return {word(key): word(value) for key, value in _string_map.decode(text).items()}


def _annotations(text: bytes) -> dict[str, str]:
    found = _string_map.decode(text)
    found.pop(LAST_APPLIED, None)
    return {word(key): value for key, value in cleaned_map(found, TEXT_LIMIT).items()}


def _owners(text: bytes) -> tuple[OwnerReference, ...]:
    return tuple(
        OwnerReference(
            word(owner.apiVersion), word(owner.kind), word(owner.name), word(owner.uid), owner.controller is True
        )
        for owner in _owner_list.decode(text)
    )


def written_resources_of(text: bytes) -> Resources:
    """As resources_of, with amounts that remember how they were written (model/written.py) where that is unusual."""
    amounts = resources_of(text)
    return with_formats({word(name): quantity for name, quantity in _quantity_map.decode(text).items()}, amounts)


def resources_of(text: bytes) -> Resources:
    """A resource list from its JSON, in nano-units."""
    quantities = _quantity_map.decode(text)
    for name, quantity in quantities.items():
        if isinstance(quantity, bool) or not isinstance(quantity, str | int | float):
            raise FieldError(f".{name}", "a quantity is a text or a number")
    try:
        return {word(name): amount for name, amount in parse_resources(quantities).items()}
    except QuantityError as error:
        name, _, problem = str(error).partition(": ")
        raise FieldError(f".{name}", problem) from None


labels_of: Memo[dict[str, str]] = Memo("metadata.labels", _labels, {})
_annotations_of: Memo[dict[str, str]] = Memo("metadata.annotations", _annotations, {})
_owners_of: Memo[tuple[OwnerReference, ...]] = Memo("metadata.ownerReferences", _owners, ())
_finalizers_of: Memo[tuple[str, ...]] = Memo("metadata.finalizers", lambda text: words(_string_list.decode(text)), ())


def resource_memo(path: str) -> Memo[Resources]:
    """A Memo for the resource list at a path."""
    return Memo(path, resources_of, {})


def metadata_of(wire: WireMetadata) -> Metadata:
    """The model's metadata. Raises FieldError."""
    return Metadata(
        clean(wire.name or ""),
        word(wire.namespace),
        clean(wire.uid or ""),
        labels_of(wire.labels),
        _annotations_of(wire.annotations),
        seconds(wire.creationTimestamp),
        optional_seconds(wire.deletionTimestamp),
        _owners_of(wire.ownerReferences),
        _finalizers_of(wire.finalizers) if wire.finalizers else (),
        wire.resourceVersion or "",
        wire.generation or 0,
    )


def conditions_of(wire: list[WireCondition] | None) -> Conditions:
    """The model's conditions, in their order. Raises FieldError."""
    if not wire:
        return ()
    found: list[Condition] = []
    text, moment = None, 0.0
    for entry in wire:
        if entry.lastTransitionTime != text:  # many change in one second
            text = entry.lastTransitionTime
            moment = seconds(text)
        found.append(
            Condition(
                word(entry.type),
                word(entry.status),
                word(entry.reason) if entry.reason else "",
                clean(entry.message, TEXT_LIMIT) if entry.message else "",
                moment,
                entry.observedGeneration or 0,
            )
        )
    return tuple(found)


_condition_list: Decoder[list[WireCondition] | None] = Decoder(list[WireCondition] | None)

remembered_conditions_of: Memo[Conditions] = Memo(
    "status.conditions", lambda text: conditions_of(_condition_list.decode(text)), (), REMEMBERED_CONDITIONS
)
"""Conditions from raw JSON: one object for equal bytes, so that most versions of a pod share it with the one before."""
