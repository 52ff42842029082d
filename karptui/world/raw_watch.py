"""Watch events as an observer of the API server wrote them down, line by line."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from karptui.failure import Failure
from karptui.world.recording import compressed_lines

FIRST_LIST_ENDS = "k8s.io/initial-events-end"


class RawEvent(msgspec.Struct):
    """A watch event with its object as it came."""

    type: str
    object: msgspec.Raw


class _Metadata(msgspec.Struct):
    annotations: dict[str, str] | None = None


class _Bookmark(msgspec.Struct):
    metadata: _Metadata


def ends_first_list(event: RawEvent) -> bool:
    """Whether all that there was when the watch began has been told."""
    if event.type != "BOOKMARK":
        return False
    annotations = msgspec.json.decode(event.object, type=_Bookmark).metadata.annotations or {}
    return annotations.get(FIRST_LIST_ENDS) == "true"


def recorded_lines(source: Path) -> Iterator[bytes]:
    """The lines of a file, plain, gzipped or zstd-compressed. Raises Failure where it cannot be read."""
    try:
        with source.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:2] == b"\x1f\x8b":
                yield from gzip.GzipFile(fileobj=file)
            elif magic == b"\x28\xb5\x2f\xfd":
                yield from compressed_lines(source)
            else:
                yield from file
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise Failure(f"cannot read {source}: {error}") from error
