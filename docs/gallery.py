"""Makes docs/themes.svg: the Overview in every shipped theme, at a moment of the shipped recording."""

import asyncio
import re
from pathlib import Path

from karptui.modes.replay import Replay
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live

HERE = Path(__file__).parent
RECORDING = HERE.parent / "recordings" / "karpenter-kwok.jsonl.zst"
MOMENT = 11.0
"""Seconds of the recording: pods wait, one for ever, nodes are there, others come, and much has been decided."""
SIZE = (100, 30)
COLUMNS, WIDTH, GAP = 2, 900, 24
SETTLED = 2.5
"""Seconds that a screen gets to be drawn in full."""
FIRST = ("dark", "light", "high-contrast", "colour-blind")


class Held(Replay):
    """The recording at a moment, where it stands still."""

    async def start(self) -> None:
        """Nothing goes on."""


async def picture(theme: str) -> str:
    """One screen as SVG."""
    themes = load_themes([shipped_folder()])
    run = Held(RECORDING)
    await run.look(run.started + MOMENT)
    app = Live(run, themes, mode="REPLAY", theme=theme)
    try:
        async with app.run_test(size=SIZE):
            await asyncio.sleep(SETTLED)
            return app.export_screenshot(title=f"--theme {theme}")
    finally:
        await run.stop()


def side_by_side(pictures: list[str]) -> str:
    """Several SVGs in one, in two columns."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', pictures[0])
    assert box is not None
    height = round(WIDTH * float(box[2]) / float(box[1]))
    rows = -(-len(pictures) // COLUMNS)
    whole = (COLUMNS * WIDTH + (COLUMNS + 1) * GAP, rows * height + (rows + 1) * GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}">']
    for index, entry in enumerate(pictures):
        x = GAP + index % COLUMNS * (WIDTH + GAP)
        y = GAP + index // COLUMNS * (height + GAP)
        parts.append(entry.replace("<svg ", f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{height}" ', 1))
    return "\n".join([*parts, "</svg>"])


async def make() -> None:
    """Write the picture."""
    names = [*FIRST, *(name for name in load_themes([shipped_folder()]).by_name if name not in FIRST)]
    found = [await picture(name) for name in names]
    (HERE / "themes.svg").write_text(side_by_side(found), encoding="utf-8")
    print("docs/themes.svg")


if __name__ == "__main__":
    asyncio.run(make())
