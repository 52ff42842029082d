"""The screen on a real terminal: the first words, the application over them, and the terminal as it was."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.commands import RECORDING, environment

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
PATIENCE = 90.0


class Terminal:
    """The program's end of it is open; what it writes is kept."""

    def __init__(self, program: "subprocess.Popen[bytes]", end: int) -> None:
        self.program, self._end, self.written = program, end, b""

    def until(self, seen: Callable[[bytes], bool]) -> None:
        """Read until what was written is as wanted, or nothing more can come."""
        limit = time.monotonic() + PATIENCE
        while not seen(self.written):
            assert time.monotonic() < limit, self.written[-300:]
            if select.select([self._end], [], [], 0.1)[0]:
                try:
                    data = os.read(self._end, 1 << 16)
                except OSError:  # the other end is closed
                    return
                self.written += data

    def type(self, keys: bytes) -> None:
        os.write(self._end, keys)

    def ended(self) -> int:
        """The exit code, with everything read that was written."""
        self.until(lambda _: False)
        return self.program.wait(PATIENCE)


@contextmanager
def on_terminal(home: Path, *arguments: str, errors: int | None = None) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (36, 120))
    with subprocess.Popen(
        [sys.executable, "-m", "karptui", *arguments],
        env={**environment(home), "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs if errors is None else errors,
        start_new_session=True,
    ) as program:
        os.close(theirs)
        try:
            yield Terminal(program, ours)
        finally:
            if program.poll() is None:
                program.kill()
            os.close(ours)


@pytest.mark.parametrize("words", ["connecting…".encode(), b"Overview"], ids=["at once", "with the first frame"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whenever_it_is_ended_the_terminal_is_given_back(tmp_path: Path, words: bytes, number: signal.Signals) -> None:
    with on_terminal(tmp_path, "replay", str(RECORDING)) as terminal:
        terminal.until(lambda written: words in written)
        terminal.program.send_signal(number)
        terminal.ended()
        assert terminal.written.rindex(LEAVE) > terminal.written.rindex(ENTER)
        assert b"Traceback" not in terminal.written


def test_the_first_words_stand_where_the_head_will_say_them(tmp_path: Path) -> None:
    with on_terminal(tmp_path, "replay", str(RECORDING)) as terminal:
        terminal.until(lambda written: "connecting…".encode() in written)
        assert terminal.written.startswith(ENTER)
        assert " karptui │  REPLAY  │ connecting…".encode() in terminal.written
        terminal.until(lambda written: b"Overview" in written)
        terminal.type(b"q")
        assert terminal.ended() == 0
        assert terminal.written.rindex(LEAVE) > terminal.written.rindex(ENTER)


def test_what_cannot_be_shown_is_said_on_the_terminal_as_it_was(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl.zst"
    broken.write_bytes(b"this is no recording")
    with on_terminal(tmp_path, "replay", str(broken)) as terminal:
        assert terminal.ended() == 1
        _, _, after = terminal.written.rpartition(LEAVE)
        assert b"karptui: " in (after or terminal.written)
        assert terminal.written.count(ENTER) == 0 or ENTER not in after


def test_the_screen_is_on_the_terminal_also_when_errors_go_to_a_file(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("wb") as file, on_terminal(tmp_path, "replay", str(RECORDING), errors=file.fileno()) as terminal:
        terminal.until(lambda written: b"Overview" in written)
        terminal.type(b"q")
        assert terminal.ended() == 0
    assert errors.read_bytes() == b""
