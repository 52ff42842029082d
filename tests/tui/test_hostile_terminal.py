"""Hostile text of a cluster, through the World and the screens, into a real terminal: nothing of it acts there.

KARPTUI_HOSTILE_EXAMPLES=200 tries more; every example is a batch of texts, shown one after the other in one program.
"""

import codecs
import json
import os
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.tui.test_line import HOSTILE

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("KARPTUI_HOSTILE_EXAMPLES", "4"))
PATIENCE = 90.0
SETTLED = 0.25
"""Seconds without a byte after which a screen counts as drawn."""

WALK = (("2", "─ Pods"), ("\r", "Pending to Bound"), ("3", "─ Packing map"), ("\r", "r relations"), ("y", "─ YAML of"),
        ("8", "─ Log"), ("4", "─ Decisions"), (":", "ask, go, do"), ("overview\r", "─ Pools"))  # fmt: skip
"""Keys, and what the screen they lead to says."""

PAYLOADS = (
    *(text for text in HOSTILE if "\ud800" not in text),
    "[/]", "[bold red]x", "[@click=app.exit]x[/]", "\x1b[2J\x1b[H", "\x1b]52;c;cHduZWQ=\x07", "\x1bP1$r\x1b\\",
    "\x1b[6n", "\x90q\x9c", "\x9d0;pwned\x9c", "\u2066\u2069\u200f", "e" + "\u0301" * 500, "${jndi:x}`id`",
)  # fmt: skip
SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_].*?\x1b\\|[ -/]*[0-~])", re.DOTALL
)
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\d+;\d+H|\x1b\[\?2026[hl]|\x1b\]22;[a-z]+\x07")
"""Colour, where to write, the brackets around a frame, and the mouse's shape: all that a screen needs."""

FORBIDDEN = re.compile(
    "[\x00-\x06\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


class Terminal:
    """The program on a pty of 120x36, and what it writes."""

    def __init__(self, home: Path) -> None:
        heard, self._told = os.pipe()
        self.pid, self._fd = os.forkpty()
        if not self.pid:
            os.set_inheritable(heard, True)
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", HOME=str(home), PYTHONPATH=str(ROOT))
            os.environ.update(COLUMNS="120", LINES="36")
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", "tests.tui.hostile_program", str(heard)])
        os.close(heard)
        ioctl(self._fd, TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        self.text, self.ended = "", False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def _read(self, seconds: float) -> bool:
        """Whether anything came in that time."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 20)
        except OSError:  # nobody is at the other end any more
            data = b""
        self.ended = not data
        self.text += self._decoder.decode(data)
        return True

    def until(self, words: str) -> None:
        """Until these words are shown, from now on, and the screen is drawn."""
        since, end = len(self.text), time.monotonic() + PATIENCE
        while words not in SEQUENCE.sub("", self.text[since:]):
            self._read(SETTLED)
            assert not self.ended, f"it ended: {SEQUENCE.sub('', self.text)[-3000:]}"
            assert time.monotonic() < end, f"{words!r} is not in {SEQUENCE.sub('', self.text[since:])[-3000:]}"
        while not self.ended and self._read(SETTLED) and time.monotonic() < end:
            pass

    def press(self, key: str, words: str) -> None:
        """Type, and wait for what that leads to."""
        os.write(self._fd, key.encode())
        self.until(words)

    def tell(self, batch: list[str]) -> None:
        """A cluster that says this."""
        os.write(self._told, json.dumps(batch).encode() + b"\n")

    def leave(self) -> int:
        """By `q`; how it ended."""
        os.write(self._fd, b"q")
        end = time.monotonic() + PATIENCE
        while not self.ended:
            self._read(SETTLED)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self._fd)
        os.close(self._told)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """One program for all examples."""
    shown = Terminal(tmp_path_factory.mktemp("home"))
    shown.until("─ Pools")
    yield shown
    assert shown.leave() == 0
    assert "\x1b[?1049l" in shown.text  # the terminal is as it was


texts = st.lists(st.one_of(st.text(max_size=30), st.sampled_from(PAYLOADS)), min_size=1, max_size=20)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.generate),  # a program that has ended shows nothing smaller
)
@given(texts)
@example(list(PAYLOADS))
def test_nothing_of_a_hostile_cluster_acts_on_the_terminal(terminal: Terminal, batch: list[str]) -> None:
    since = len(terminal.text)
    terminal.tell(batch)
    for key, words in WALK:
        terminal.press(key, words)
    written = terminal.text[since:]
    assert {sequence for sequence in SEQUENCE.findall(written) if not OURS.fullmatch(sequence)} == set()
    plain = SEQUENCE.sub("", written)
    assert "\x1b" not in plain
    assert FORBIDDEN.findall(plain) == []


def test_what_is_hostile_is_shown_as_the_text_that_it_is(terminal: Terminal) -> None:
    terminal.tell(["[@click=app.exit]x[/]"])
    terminal.press("8", "[@click=app.exit]x[/]")
    terminal.press("1", "─ Pools")
