"""One line of a watch: what happened, and the object's JSON untouched."""

import msgspec
from msgspec import Raw, Struct
from msgspec.json import Decoder

from karptui.kube.clean import clean
from karptui.kube.errors import AnswerError, ApiError, api_error

# How an API server in Go writes them: the object can be cut out without reading it twice.
_HEADS = tuple(
    (kind, b'{"type":"%s","object":' % kind.encode()) for kind in ("MODIFIED", "ADDED", "DELETED", "BOOKMARK")
)


class _Wire(Struct, gc=False):
    type: str
    object: Raw = Raw()


class _Metadata(Struct, gc=False):
    resourceVersion: str | None = None


class _Bookmark(Struct, gc=False):
    metadata: _Metadata | None = None


_wire = Decoder(_Wire)
_bookmark = Decoder(_Bookmark)


def read_event(line: bytes) -> tuple[str, memoryview]:
    """(type, object's JSON) of a line. Raises AnswerError if it is no watch event: a proxy's page, half a line."""
    line = line.strip()
    if line.endswith(b"}}"):
        for kind, head in _HEADS:
            if line.startswith(head):
                return kind, memoryview(line)[len(head) : -1]
    try:
        wire = _wire.decode(line)
    except msgspec.DecodeError as error:
        said = clean(line[:60].decode("utf-8", "replace"))
        raise AnswerError(f"Something that is no watch event came ({said}): a proxy may stand between.") from error
    return wire.type, memoryview(wire.object)


def bookmark_version(raw: memoryview) -> str:
    """resourceVersion of a bookmark's object, or "" where it has none."""
    try:
        metadata = _bookmark.decode(raw).metadata
    except msgspec.DecodeError:
        return ""
    return (metadata.resourceVersion or "") if metadata is not None else ""


def watch_error(raw: memoryview, path: str) -> ApiError:
    """The ApiError of an ERROR event's Status."""
    text = bytes(raw)
    try:
        status = msgspec.json.decode(text)
        code = int(status.get("code") or 500)
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError):
        code = 500
    return api_error(code, text, path=path, verb="watch")
