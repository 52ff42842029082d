"""What is shown, as Markdown, JSON and CSV: for the files a screen writes as for the command line."""

import csv
import io
import json
from collections.abc import Sequence
from typing import NamedTuple


class Export(NamedTuple):
    """One box of a screen: a table, or lines of text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...] = ()


def as_markdown(place: str, at: str, sentence: str, exports: Sequence[Export]) -> str:
    """Every box with a heading, tables as tables."""
    parts = [f"# karptui {place}, {at}", "", sentence, ""]
    for entry in exports:
        parts += [f"## {entry.title}", ""]
        if entry.columns:
            parts.append("| " + " | ".join(map(_cell, entry.columns)) + " |")
            parts.append("|" + " --- |" * len(entry.columns))
            parts += ["| " + " | ".join(map(_cell, row)) + " |" for row in entry.rows]
        else:
            parts += ["```text", *entry.lines, "```"]
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def as_json(place: str, at: str, sentence: str, exports: Sequence[Export]) -> str:
    """One object: every box with its rows as objects, or its lines."""
    boxes = [
        {"title": entry.title, "rows": [dict(zip(entry.columns, row, strict=True)) for row in entry.rows]}
        if entry.columns
        else {"title": entry.title, "lines": list(entry.lines)}
        for entry in exports
    ]
    found = {"view": place, "at": at, "sentence": sentence, "boxes": boxes}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table. A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
