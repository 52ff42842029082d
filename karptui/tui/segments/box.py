"""Boxes with a title in their upper line, for pictures that leave the screen and for prompts drawn by hand."""

from collections.abc import Sequence

from karptui.tui.segments.line import Line, cut, fit_line, width_of


def title_line(title: str, width: int, note: str = "") -> Line:
    """The upper line of a box: "┌─ Pools ─────── note ─┐", exactly `width` cells; the note goes first when narrow."""
    if width < 2:
        return (("─" * max(width, 0), "border"),)
    inner = width - 2
    note = f" {note} " if note and width_of(note) + width_of(title) + 8 <= inner else ""
    name = f" {cut(title, inner - 4 - width_of(note))} " if title and inner > 5 else ""
    rule = inner - 1 - width_of(name) - width_of(note) - (1 if note else 0)
    return (
        ("┌" + "─" * min(1, inner), "border"),
        (name, "title"),
        ("─" * max(rule, 0), "border"),
        (note, "dim"),
        (("─" if note else "") + "┐", "border"),
    )


def boxed(lines: Sequence[Line], title: str, width: int, height: int, note: str = "") -> list[Line]:
    """Lines in a box of exactly `width` x `height` cells; lines that do not fit are counted in the last one."""
    room = max(height - 2, 0)
    inner = max(width - 4, 0)
    shown = list(lines[:room])
    if len(lines) > room > 0:
        shown[-1] = ((f"… {len(lines) - room + 1} more", "dim"),)
    shown += [()] * (room - len(shown))
    body = [(("│ ", "border"), *fit_line(line, inner), (" │", "border")) for line in shown]
    bottom: Line = (("└" + "─" * max(width - 2, 0) + "┘", "border"),)
    return [title_line(title, width, note), *body, bottom][:height]
