"""Bodies in Kubernetes' protobuf encoding, which kubectl's own commands send: read into what they are as JSON.

An envelope (`k8s`, a zero byte, a runtime.Unknown) holds apiVersion, kind and the object.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import Any

import orjson

from karptui.kube.timestamps import rfc3339, rfc3339_micro
from karptui.lab.apiserver.errors import bad_request
from karptui.lab.apiserver.fields import INT_OR_STRING, LISTS, QUANTITY, RAW, TIMES, Field, by_number, message_of

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TYPE_META, _RAW = 1, 2


def decode(body: bytes) -> dict[str, Any]:
    """The object of a body. Raises 400 for what is no such body, or of a kind that is not Kubernetes' own."""
    try:
        if not body.startswith(_MAGIC):
            raise ValueError("it lacks the prefix k8s")
        envelope = dict(_wire(body[len(_MAGIC) :]))
        type_meta = {number: value.decode() for number, value in _wire(envelope.get(_TYPE_META, b""))}
        group_version, kind = type_meta.get(1, ""), type_meta.get(2, "")
        message = message_of(group_version, kind)
        if message is None:
            raise ValueError(f'no kind "{kind}" is registered for version "{group_version}"')
        return {"apiVersion": group_version, "kind": kind, **_message(envelope.get(_RAW, b""), message)}
    except (ValueError, IndexError, AttributeError, struct.error) as error:
        raise bad_request(f"the request body is not in Kubernetes' protobuf encoding: {error}") from None


def _message(data: bytes, message: str) -> dict[str, Any]:
    fields = by_number(message)
    found: dict[str, Any] = {}
    for number, value in _wire(data):
        field = fields.get(number)
        if field is None:
            continue
        if not field.name:
            found |= _message(value, field.type)
        elif field.many == "*":
            found.setdefault(field.name, []).append(_value(value, field.type))
        elif field.many == "%":
            entry = dict(_wire(value))
            found.setdefault(field.name, {})[entry.get(1, b"").decode()] = _value(entry.get(2, b""), field.type)
        elif _is_written(read := _value(value, field.type), field):
            found[field.name] = read
    return found


def _is_written(value: Any, field: Field) -> bool:
    """Whether JSON would have it: zero values of plain fields are sent in protobuf and left out in JSON."""
    return value is not None and (field.keep or value not in ("", 0, False, {}, []))


def _value(value: Any, kind: str) -> Any:
    if kind == "string":
        return value.decode()
    if kind == "bool":
        return bool(value)
    if kind in ("int32", "int64"):
        return value - (1 << 64) if value >= 1 << 63 else value
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "double":
        return struct.unpack("<d", value)[0]
    if kind == QUANTITY:
        return _message(value, kind).get("string", "0")
    if kind == INT_OR_STRING:
        parts = _message(value, kind)
        return parts.get("strVal", "") if parts.get("type") else parts.get("intVal", 0)
    if kind in TIMES:
        parts = dict(_wire(value))
        if not parts:
            return None
        at = parts.get(1, 0) + parts.get(2, 0) / 1e9
        return rfc3339(at) if kind == TIMES[0] else rfc3339_micro(at)
    if kind in RAW:
        raw = dict(_wire(value)).get(1, b"")
        return orjson.loads(raw) if raw else None
    if kind in LISTS:
        return [item.decode() for _, item in _wire(value)]
    return _message(value, kind)


def _wire(data: bytes) -> Iterator[tuple[int, Any]]:
    """Field numbers with what stands there: a number, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, how = key >> 3, key & 7
        if how == _VARINT:
            value, at = _varint(data, at)
        elif how in (_BYTES, _FIXED64, _FIXED32):
            length, at = _varint(data, at) if how == _BYTES else (8 if how == _FIXED64 else 4, at)
            value, at = data[at : at + length], at + length
            if at > len(data):
                raise ValueError("it ends in the middle of a field")
        else:
            raise ValueError(f"it holds a field of the unknown wire type {how}")
        yield number, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & (2**64 - 1), at
