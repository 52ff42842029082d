"""Lines of text with roles, as every front end draws them.

A span is (text, role); roles are the names a theme gives styles to ("text", "dim", "ok", "warn", "bad", "strong",
"money", "spot", "on_demand" ...). A report drops them, a terminal colours them.
"""

from typing import TypeAlias

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]


def plain(line: Line) -> str:
    """The text of a line without its roles."""
    return "".join(text for text, _ in line)


def text(words: str, role: str = "text") -> Line:
    """A line of one span."""
    return ((words, role),)
