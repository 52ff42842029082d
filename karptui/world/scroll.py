"""Objects written one after the other into an unnamed, compressed temporary file, and read again from its beginning."""

import io
import pickle
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any

import zstandard

LEVEL = 3
SHARED = 16
"""So many writes know of each other: what is the same in them is pickled once, and held until they are done."""


class Scroll:
    """Where there is no room for a file it lies in memory. It goes when it is dropped."""

    def __init__(self) -> None:
        self.bytes = 0
        """In the file."""
        self._compressor: Any = zstandard.ZstdCompressor(level=LEVEL).compressobj()
        self._file: IO[bytes] | None = None
        self._pickled = io.BytesIO()
        self._pickler: pickle.Pickler | None = pickle.Pickler(self._pickled, 5)
        self._written = 0

    def write(self, thing: object) -> None:
        """Append anything that can be pickled."""
        assert self._pickler is not None
        self._pickler.dump(thing)
        if out := self._compressor.compress(self._pickled.getvalue()):
            self._append(out)
        self._pickled.seek(0)
        self._pickled.truncate()
        self._written += 1
        if self._written % SHARED == 0:
            self._pickler.clear_memo()
            self.flush()

    def flush(self) -> None:
        """Everything so far can be read."""
        self._append(self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))

    def close(self) -> None:
        """Nothing more is written."""
        self._append(self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
        self._compressor = self._pickler = None  # a pickler's memo keeps its size, some 4 MB, even when it is cleared
        self._pickled = io.BytesIO()

    @property
    def open(self) -> bool:
        """Whether more can be written."""
        return self._compressor is not None

    def reader(self) -> Callable[[], Iterator[Any]]:
        """What gives everything that is flushed, in order; may be called in a thread while more is written here."""
        packed = b""
        if self._file is not None:
            self._file.seek(0)
            packed = self._file.read(self.bytes)

        def read() -> Iterator[Any]:
            pickled = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
            source, end = io.BytesIO(pickled), len(pickled)
            while source.tell() < end:
                unpickler = pickle.Unpickler(source)  # nobody else writes an unnamed file of this process
                for _ in range(SHARED):
                    if source.tell() >= end:
                        return
                    yield unpickler.load()

        return read

    def _append(self, out: bytes) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="karptui-")  # noqa: SIM115
            self._put(out)
        except OSError:  # no folder to write to, or the disk is full
            kept = b""
            if self._file is not None:
                self._file.seek(0)
                kept = self._file.read(self.bytes)
            self._file = io.BytesIO(kept)
            self._put(out)
        self.bytes += len(out)

    def _put(self, out: bytes) -> None:
        assert self._file is not None
        self._file.seek(self.bytes)
        self._file.write(out)
        self._file.flush()
