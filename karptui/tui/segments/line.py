"""Lines of text with roles, and how they are made to fit.

All widths are terminal cells. What leaves this module has no character that a terminal would act on and none whose
width depends on its neighbours, so widths add up.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from rich.cells import cell_len, get_character_cell_size

Span: TypeAlias = tuple[str, str]
"""(text, role); a role is a name in karptui.tui.appearance.roles."""
Line: TypeAlias = tuple[Span, ...]
Align: TypeAlias = Literal["left", "right"]
Cut: TypeAlias = Literal["end", "middle", "name"]

ELLIPSIS = "…"
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

# One cell for one cell, so a picture keeps its shape on a terminal without Unicode.
_NEAREST = {
    "#": "█▉▊▇", "%": "▓▋", "=": "▒▆≈", ".": "░·▁▂", "|": "│▏▎", "-": "─−–—▃", "+": "┌┐└┘├┤✓▅", ":": "▍▌▄",
    ">": "▸→", "<": "←⏎≤", "^": "▲↑", "v": "▾▼↓", "x": "✗×", "~": "…", "*": "•●◆", "o": "○", "?": UNPRINTABLE,
}  # fmt: skip
_ASCII = {ord(shape): letter for letter, shapes in _NEAREST.items() for shape in shapes}


def _is_stable(character: str) -> bool:
    """Whether a character is visible and has the same width whatever stands beside it."""
    if not character.isprintable() or get_character_cell_size(character) == 0:
        return False
    # Two regional indicators merge into one flag on some terminals and stay two letters on others.
    return not 0x1F1E6 <= ord(character) <= 0x1F1FF


@lru_cache(maxsize=8192)
def _made_safe(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    kept: list[str] = []
    for character in composed:
        if _is_stable(character):
            kept.append(character)
        elif unicodedata.category(character) not in ("Mn", "Me"):  # a stray accent is dropped, the rest is shown as �
            kept.append(UNPRINTABLE)
    safe_text = "".join(kept)
    if cell_len(safe_text) == sum(map(get_character_cell_size, safe_text)):
        return safe_text
    return "".join(c if c.isascii() or get_character_cell_size(c) == 2 else UNPRINTABLE for c in safe_text)


def safe(text: str) -> str:
    """The text with each control, bidi, zero-width or joining character shown as one �, and accents composed."""
    if text.isascii() and text.isprintable():
        return text
    return _made_safe(text)


@lru_cache(maxsize=8192)
def _ascii_of(text: str) -> str:
    translated = text.translate(_ASCII)
    return "".join(c if c.isascii() else "?" * get_character_cell_size(c) for c in translated)


def as_ascii(text: str) -> str:
    """The same number of cells in ASCII: shapes become their nearest letter, anything else `?`. Takes safe text."""
    return text if text.isascii() else _ascii_of(text)


def width_of(text: str) -> int:
    """Cells the safe form of a text takes."""
    text = safe(text)
    return len(text) if text.isascii() else _summed_width(text)


@lru_cache(maxsize=8192)
def _summed_width(text: str) -> int:
    return sum(map(get_character_cell_size, text))


def head(text: str, cells: int) -> str:
    """The longest beginning of safe text that takes no more than `cells`."""
    if text.isascii():
        return text[: max(cells, 0)]
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > cells:
            return text[:index]
    return text


def _tail(text: str, cells: int) -> str:
    used, start = 0, len(text)
    while start > 0:
        used += get_character_cell_size(text[start - 1])
        if used > cells:
            break
        start -= 1
    return text[start:]


def cut(text: str, cells: int, where: Cut = "end") -> str:
    """The text in at most `cells`, with … where something was left out. `middle` keeps the end, as pod names need;
    `name` shortens what stands before the first comma alone, where there is room for that."""
    text = safe(text)
    if cells <= 0:
        return ""
    if width_of(text) <= cells:
        return text
    if cells == 1:
        return ELLIPSIS
    if where == "name":
        rest = text[text.find(",") :] if "," in text else ""
        if rest and width_of(rest) + 2 <= cells:
            return head(text, cells - 1 - width_of(rest)) + ELLIPSIS + rest
        where = "middle"
    if where == "middle" and cells >= 5:
        behind = (cells - 1) // 2
        return head(text, cells - 1 - behind) + ELLIPSIS + _tail(text, behind)
    return head(text, cells - 1) + ELLIPSIS


def fit(text: str, cells: int, align: Align = "left", where: Cut = "end") -> str:
    """The text in exactly `cells`: cut when longer, filled with spaces when shorter."""
    shown = cut(text, cells, where)
    room = " " * max(0, cells - width_of(shown))
    return room + shown if align == "right" else shown + room


def line_width(line: Iterable[Span]) -> int:
    """Cells a line takes."""
    return sum(width_of(text) for text, _ in line)


def plain(line: Iterable[Span]) -> str:
    """The text of a line, safe, without roles."""
    return "".join(safe(text) for text, _ in line)


def fit_line(line: Sequence[Span], cells: int, align: Align = "left") -> Line:
    """The line in exactly `cells`; where it is cut the last cell is …."""
    total = line_width(line)
    if total <= cells:
        room = (" " * (cells - total), "text")
        if total == cells:
            return tuple(line)
        return (room, *line) if align == "right" else (*line, room)
    kept: list[Span] = []
    left = cells
    for index, (text, role) in enumerate(line):
        text = safe(text)
        size = width_of(text)
        # A span that fits exactly is cut all the same when something follows, so that the … is seen.
        if size < left or (size == left and index == len(line) - 1):
            kept.append((text, role))
            left -= size
            continue
        shown = head(text, left - 1) + ELLIPSIS if left > 0 else ""
        kept.append((shown, role))
        left -= width_of(shown)
        break
    return (*kept, (" " * left, "text")) if left > 0 else tuple(kept)


def wrap(line: Sequence[Span], cells: int, indent: int = 0) -> list[Line]:
    """Break a line at spaces so that no part is wider than `cells`; parts after the first are indented.

    A word longer than the room is cut into pieces: nothing is lost.
    """
    cells = max(cells, 1)
    indent = min(indent, cells - 1)
    if line_width(line) <= cells:
        return [tuple(line)]
    lines: list[Line] = []
    current: list[Span] = []
    used = 0

    def flush() -> None:
        nonlocal current, used
        lines.append(tuple(current))
        current, used = ([(" " * indent, "text")] if indent else []), indent

    for text, role in line:
        for word in _words(safe(text)):
            size = width_of(word)
            blank = word.isspace()
            if used + size > cells and not blank and used > (indent if lines else 0):
                flush()
            while size > cells - used and not blank:
                piece = head(word, cells - used)
                if not piece:  # a wide character in the last cell
                    if used <= indent:
                        piece, word = UNPRINTABLE, UNPRINTABLE + word[1:]
                    else:
                        flush()
                        continue
                current.append((piece, role))
                word = word[len(piece) :]
                size = width_of(word)
                flush()
            if size and not (blank and (used + size > cells or (lines and used == indent))):
                current.append((word, role))
                used += size
    if current and plain(current).strip():
        lines.append(tuple(current))
    return lines


def _words(text: str) -> list[str]:
    """Runs of spaces and of anything else, in order."""
    words: list[str] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or (text[index] == " ") != (text[start] == " "):
            words.append(text[start:index])
            start = index
    return words
