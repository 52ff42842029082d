"""What stands on the screen while that which draws one is imported: the head's own words, where they will stay."""

import os
import signal
import sys
from types import FrameType

_ENTER, _LEAVE = "\x1b[?1049h\x1b[2J\x1b[H", "\x1b[?1049l"
_ASCII = str.maketrans({"│": "|", "…": "..."})


class FirstWords:
    """Written at once, half a second before the first frame; that is painted over them.

    Until `taken_over` whatever ends the program gives the terminal back as it was.
    """

    def __init__(self, mode: str, ascii_only: bool = False) -> None:
        words = f" karptui │  {mode}  │ connecting…"
        self._words = words.translate(_ASCII) if ascii_only else words
        self._shown = False

    def show(self) -> None:
        """Begin. Only for a terminal, and only in the main thread."""
        self._shown = True
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ended)
        self._write(_ENTER + self._words)

    def taken_over(self) -> None:
        """The application draws now, and gives the terminal back itself."""
        self._shown = False

    def take_back(self) -> None:
        """Leave the terminal as it was, if nobody has taken it over."""
        if self._shown:
            self._shown = False
            self._write(_LEAVE)

    def _ended(self, number: int, frame: FrameType | None) -> None:
        self.take_back()
        os._exit(128 + number)

    @staticmethod
    def _write(text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except (OSError, UnicodeError):  # a terminal that is gone, or cannot show this: the first frame follows anyhow
            return
