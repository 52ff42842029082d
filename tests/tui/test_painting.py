"""Lines that are painted straight to the terminal are those that Textual would have painted."""

import re
from typing import Any

import pytest
from msgspec.structs import replace
from textual.strip import Strip

from karptui.tui.live import Live
from karptui.world import events
from tests.tui.moment import shown_at, text_of, until, until_shown

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")


def screen_lines(app: Live) -> list[Strip]:
    """The whole screen, as the compositor makes it."""
    return app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]


def painted(app: Live, renders: list[Any]) -> dict[tuple[int, int], str]:
    """What was written where, by (x, y), later writes over earlier ones."""
    written: dict[tuple[int, int], str] = {}
    for render in renders:
        text = render.render_segments(app.console)
        parts = _MOVE.split(text)[1:]
        for y, x, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            written[int(x) - 1, int(y) - 1] = content
    return written


@pytest.mark.parametrize("key", ["1", "2", "8"])
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_changed_lines_are_written_as_the_compositor_would_write_them(
    key: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = shown_at(theme=theme)
    world = app.run_shown.world
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(key)
        await until_shown(pilot, "PENDING 5")
        written: list[Any] = []
        monkeypatch.setattr(app, "_display", lambda screen, render: written.append(render))
        for pod in list(world.pending.values()):
            bound = replace(pod, node_name="n1", phase="Running")
            world.apply(events.ObjectSeen(app.run_shown.now(), "pods", events.Change.MODIFIED, bound))
        app.run_shown.world.apply(events.Problem(app.run_shown.now(), "ec2", "CreateFleet is throttled"))
        await until(pilot, lambda: "PENDING 0" in text_of(app) and bool(written))
        await pilot.pause()
        direct = [render for render in written if type(render).__name__ == "_Lines"]
        lines = screen_lines(app)
        found = painted(app, direct)
        assert any(y < 2 for _, y in found)
        for (x, y), content in found.items():
            width = len(re.sub(r"\x1b\[[0-9;]*m", "", content))
            assert content == lines[y].crop(x, x + width).render(app.console)


async def test_under_a_modal_screen_changes_are_painted_too() -> None:
    app = shown_at()
    world = app.run_shown.world
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "PENDING 5")
        await pilot.press("?")
        await until(pilot, lambda: len(app.screen_stack) > 2 or app.screen is app.help)
        for pod in list(world.pending.values()):
            bound = replace(pod, node_name="n1", phase="Running")
            world.apply(events.ObjectSeen(app.run_shown.now(), "pods", events.Change.MODIFIED, bound))
        await pilot.press("escape")
        await until_shown(pilot, "PENDING 0")
