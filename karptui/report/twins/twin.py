"""One view, ready to be written in any form."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from karptui.report.status import columns
from karptui.views.forms import Export, as_csv, as_markdown
from karptui.views.head import figures, head
from karptui.world.events import StreamState
from karptui.world.world import World

Form: TypeAlias = Literal["text", "json", "md", "csv"]
Record: TypeAlias = Mapping[str, Any]
"""One row by the names that JSON and CSV give its values; the names say the units (usdPerHour, ageSeconds)."""


class Twin(Struct, frozen=True):
    """`boxes` are what a person reads, `data` what a program reads: the same, with units in the names.

    `table` is the part of `data` that makes the CSV. `text` takes the place of the boxes where it is written otherwise.
    """

    view: str
    sentence: str
    boxes: list[Export]
    data: dict[str, Any]
    table: Sequence[Record]
    names: tuple[str, ...] = ()
    """The columns of the CSV where there is no row to tell them."""
    text: str = ""
    whole: bool = False
    """Whether `data` is all of the JSON; otherwise the view's name, the cluster, the time and the sentence come first.
    """


def written(twin: Twin, form: Form, world: World, now: float, line: bool = False) -> str:
    """The view in a form, without a newline at its end; `line`: JSON on one line."""
    match form:
        case "json":
            found = twin.data if twin.whole else {**_preamble(twin, world, now), **twin.data}
            encoded = msgspec.json.encode(found, enc_hook=str)
            return (encoded if line else msgspec.json.format(encoded)).decode()
        case "md":
            return as_markdown(twin.view, moment(now), twin.sentence, twin.boxes).rstrip("\n")
        case "csv":
            return csv_of(twin.table, twin.names)
        case _:
            return twin.text or _text(twin, world, now)


def _preamble(twin: Twin, world: World, now: float) -> dict[str, Any]:
    cluster = world.connected.cluster if world.connected is not None else ""
    return {
        "view": twin.view,
        "cluster": cluster,
        "at": moment(now),
        "notRead": dict(unread(world)),
        "sentence": twin.sentence,
    }


def moment(at: float) -> str:
    """`2026-11-21T12:04:31Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unread(world: World) -> list[tuple[str, str]]:
    """What is not read of the cluster, and why: figures lack it."""
    return [
        (name, stream.message)
        for name, stream in world.streams.items()
        if stream.state in (StreamState.FORBIDDEN, StreamState.STALE)
    ]


def csv_of(table: Sequence[Record], names: Sequence[str] = ()) -> str:
    """Rows with the same names as CSV; several values in one cell have spaces between them."""
    names = list(table[0]) if table else list(names)
    return as_csv(names, [[_cell(row[name]) for name in names] for row in table]).rstrip("\r\n")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _text(twin: Twin, world: World, now: float) -> str:
    top = head(world, "OBSERVE", now)
    parts = [f"{top.cluster}  {moment(now)}\n{figures(top)}", twin.sentence]
    for box in twin.boxes:
        if box.columns and box.rows:
            parts.append("\n".join([box.title.upper(), *columns([list(box.columns), *map(list, box.rows)])]))
        elif box.lines:
            parts.append("\n".join([box.title.upper(), *(f"  {line}".rstrip() for line in box.lines)]))
    if lost := unread(world):
        parts.append("\n".join(["NOT READ", *(f"  {name}: {message}" for name, message in lost)]))
    return "\n\n".join(parts)
