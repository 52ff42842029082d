"""The log: what every source said, newest last."""

from msgspec import Struct

from karptui.views.wording import clock
from karptui.world.world import World


class LogRow(Struct, frozen=True):
    """One line; `role` tells problems from the rest."""

    key: str
    at: str
    source: str
    about: str
    text: str
    role: str


def log_rows(world: World) -> list[LogRow]:
    """All kept lines, oldest first."""
    return [
        LogRow(
            f"{index}",
            f"{clock(line.at)}.{int(line.at * 10) % 10}",
            line.source,
            line.about,
            line.text,
            "bad" if line.source in ("problem", "stream") else "text",
        )
        for index, line in enumerate(world.log)
    ]
