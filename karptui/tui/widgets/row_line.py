"""What a line of a list shows: equal identities look the same, so an unchanged line is never painted twice."""

from collections.abc import Hashable
from typing import NamedTuple, TypeAlias


class RowLine(NamedTuple):
    """What a line that shows a row looks like; equal ones look the same."""

    key: str
    version: Hashable
    cursor: int
    marked: bool
    stale: bool
    part: int = 0


class WordsLine(NamedTuple):
    """A line of words in place of a row."""

    words: str


class HeaderLine(NamedTuple):
    """The titles."""

    column: int | None
    reverse: bool


ShownLine: TypeAlias = RowLine | WordsLine | HeaderLine
