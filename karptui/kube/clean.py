"""Text from a cluster is data: what is left after `clean` can be printed on any terminal (design invariant 6).

Control characters, escape sequences, C1 codes, bidirectional overrides and everything of no width become U+FFFD, so
that two names that differ only in those still look different.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

NAME_LIMIT = 256
"""Characters kept of a name, a label or a reason; Kubernetes allows 253, so only a broken server sends more."""

TEXT_LIMIT = 4096
"""Characters kept of a message or an annotation: Karpenter's longest FailedScheduling message is about half."""

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
REMEMBERED_TEXTS = 8192
REMEMBERED_LENGTH = 1024
MARKS_IN_A_ROW = 3

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor, erasing
    # OSC, DCS, SOS, PM and APC, with their text
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"  # the two and three character ones
)
_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
# Letters by category, but drawn as nothing: Hangul fillers, Khmer inherent vowels, variation selectors, Braille blank.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean(text: str, limit: int = NAME_LIMIT) -> str:
    """The text with nothing in it that a terminal would obey or hide, at most `limit` characters (cut with `…`)."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    # Only the beginning of a megabyte is ever shown, and long texts are not worth remembering.
    if len(text) > REMEMBERED_LENGTH:
        return _cleaned(text[: limit * 4], limit, len(text) > limit * 4)
    return _remembered(text, limit)


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _remembered(text: str, limit: int) -> str:
    return _cleaned(text, limit, False)


def _cleaned(text: str, limit: int, cut: bool) -> str:
    text = _ESCAPES.sub(REPLACEMENT, text)
    text = _LINE_BREAKS.sub(" ", text)
    text = _UNSEEN.sub(REPLACEMENT, text)
    if not (text.isprintable() and text.isascii()):
        text = _replaced(text)
    if cut or len(text) > limit:
        return text[: limit - 1] + ELLIPSIS
    return text


def _replaced(text: str) -> str:
    """Unprintable characters as U+FFFD, odd spaces as a space, and no tower of combining marks on one letter."""
    out: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        if category == "Zs":
            out.append(" ")
        elif not character.isprintable():
            out.append(REPLACEMENT)
        elif marks <= MARKS_IN_A_ROW:
            out.append(character)
    return "".join(out)


def cleaned_map(mapping: dict[str, str], limit: int = NAME_LIMIT) -> dict[str, str]:
    """Keys and values cleaned; the same object if there is nothing to do."""
    for key, value in mapping.items():
        if not (key.isascii() and value.isascii() and key.isprintable() and value.isprintable()):
            break
        if len(value) > limit or len(key) > NAME_LIMIT:
            break
    else:
        return mapping
    return {clean(key): clean(value, limit) for key, value in mapping.items()}


def cleaned_tree(value: Any, limit: int = TEXT_LIMIT) -> Any:
    """A JSON value with every string in it cleaned."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, dict):
        return {clean(str(key)): cleaned_tree(entry, limit) for key, entry in value.items()}
    if isinstance(value, list):
        return [cleaned_tree(entry, limit) for entry in value]
    return value
