"""What a cluster costs, kept between runs: a small file for each context in the user's state folder."""

import asyncio
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from karptui.world import events
from karptui.world.bill_series import KEPT_MINUTES, MINUTE, POINT, BillSeries, pack, sound

if TYPE_CHECKING:
    from karptui.modes.run import Run

HEADING = b"karptui bill 1\n\n"
"""What such a file begins with: as long as two points."""
SPARE = 24 * 60
"""Points beyond those that count before a file is written anew."""
POLL_SECONDS = 0.2
LONGEST_NAME = 80


class BillFile:
    """Points are appended one by one; what is too old goes when the file is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, now: float) -> tuple[bytes, str]:
        """(the points of the last thirty days, what is wrong with the file or "").

        A file that is damaged is set aside, and the next point begins a new one. Raises OSError.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return b"", ""
        whole = raw[len(HEADING) : len(raw) - (len(raw) - len(HEADING)) % POINT.size]  # the last may be half written
        if not raw.startswith(HEADING) or not sound(whole, now):
            aside = self.path.with_suffix(".damaged")
            self.path.replace(aside)
            return (
                b"",
                f"the costs kept in {self.path} cannot be read: the file is {aside.name} now, and a new one begins",
            )
        series = BillSeries()
        series.add(whole)
        kept = series.packed(now - KEPT_MINUTES * MINUTE)
        if len(raw) - len(HEADING) > len(kept) + SPARE * POINT.size or len(whole) != len(raw) - len(HEADING):
            self._write(kept)
        return kept, ""

    def append(self, points: bytes) -> None:
        """Add points at the end. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(points if file.tell() else HEADING + points)

    def _write(self, points: bytes) -> None:
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(HEADING + points)
        fresh.replace(self.path)


def bill_file(folder: Path, context: str, server: str) -> BillFile:
    """The file of a context; another cluster under the same name, as `kind` makes them, has another one."""
    name = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in context or "current")
    return BillFile(folder / f"{name[-LONGEST_NAME:]}-{zlib.crc32(server.encode()):08x}.bill")


class KeptBill:
    """Reads what earlier runs of a context kept, tells the World of it, and adds a point a minute."""

    def __init__(self, run: "Run", folder: Path) -> None:
        self._run, self._folder = run, folder
        self._file: BillFile | None = None
        self._last = 0.0

    async def run(self) -> None:
        """Until it is cancelled, or the file cannot be written any more."""
        while not self.ready:
            await asyncio.sleep(POLL_SECONDS)
        if not self.remember():
            return
        while self.note():
            await asyncio.sleep(MINUTE - self._run.now() % MINUTE)

    @property
    def ready(self) -> bool:
        """Whether the cluster is known, and what it costs."""
        world = self._run.world
        return self._run.connection is not None and world.synced() and bool(world.catalogue.types)

    def remember(self) -> bool:
        """Tell the World what was; False where nothing can be kept."""
        connection = self._run.connection
        if connection is None:
            return False
        self._file = bill_file(self._folder, connection.context, connection.server)
        try:
            known, fault = self._file.read(self._run.now())
        except OSError as error:
            return self._fault(f"the costs kept in {self._file.path} cannot be read: {error.strerror or error}")
        if fault:
            self._fault(fault)
        self._run.sink(events.BillKnown(self._run.now(), known))
        return True

    def note(self) -> bool:
        """Add the point of this minute, if what is shown is true now; False where it cannot be written."""
        run, now = self._run, self._run.now()
        stream = run.world.streams.get("nodes")
        current = stream is not None and stream.state is events.StreamState.LIVE
        if self._file is None or not current or now - self._last < MINUTE / 2:
            return self._file is not None
        self._last, point = now, pack([(now, run.world.ledger.hourly)])
        try:
            self._file.append(point)
        except OSError as error:
            return self._fault(f"costs are not kept any more: {self._file.path}: {error.strerror or error}")
        run.sink(events.BillKnown(now, point))
        return True

    def _fault(self, words: str) -> bool:
        self._run.sink(events.Problem(self._run.now(), "karptui", words))
        return False
