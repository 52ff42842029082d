"""`karptui serve` as somebody with a browser sees it: a real Chromium opens the page and draws the screens."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.cli.chromium import PATIENCE, Page, chromium, installed
from tests.cli.commands import RECORDING, started
from tests.cli.test_serve import first_answer, free_port

# The terminal of the page is held by nobody that a test could ask: whoever gives an object its `fitAddon` is it.
CATCH = """
Object.defineProperty(Object.prototype, "fitAddon", {configurable: true, set(addon) {
  Object.defineProperty(this, "fitAddon", {value: addon, writable: true});
  window.caught = this.terminal;
}});
"""
LINES = """
(() => {
  const shown = window.caught?.buffer.active;
  return shown ? Array.from({length: caught.rows}, (_, row) => shown.getLine(row).translateToString(true)) : [];
})()
"""
# How many colours there are in the picture, in each row of cells.
COLOURS = """
(async () => {
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const box = document.querySelector(".xterm-screen").getBoundingClientRect(), high = box.height / caught.rows;
  return Array.from({length: caught.rows}, (_, row) => {
    const seen = pen.getImageData(box.left, box.top + row * high, box.width, high).data, colours = new Set();
    for (let at = 0; at < seen.length; at += 4) colours.add(seen[at] << 16 | seen[at + 1] << 8 | seen[at + 2]);
    return colours.size;
  });
})()
"""


@pytest.fixture
def browser() -> str:
    pytest.importorskip("textual_serve", reason="the extra karptui[serve] is not installed")
    found = installed()
    if found is None:
        pytest.skip("no Chromium is installed: what a browser makes of karptui serve is not tested")
    return found


async def lines_with(page: Page, condition: Callable[[str], bool]) -> list[str]:
    """The lines of the page's terminal once they are as wanted."""
    lines: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition("\n".join(lines := await page.value(LINES))):
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail("\n".join(["this is all that came:", *lines, *page.faults]))
    return lines


async def test_a_browser_without_a_network_draws_the_screens_and_takes_keys(tmp_path: Path, browser: str) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    replayed = ("replay", str(RECORDING), "--from", "5s", "--speed", "0.01")
    with started(tmp_path, "serve", "--port", str(port), "--", *replayed) as program:
        async with aiohttp.ClientSession() as session:
            await first_answer(session, base)
        async with chromium(browser, tmp_path / "profile") as page:
            await page.open(base, CATCH)
            lines = await lines_with(page, lambda text: "PENDING" in text and "$" in text and "1Overview" in text)
            assert "? keys" in lines[-1]
            assert await page.value("document.body.className.includes('-first-byte')")
            await every_line_is_painted(page, lines, tmp_path / "overview.png")

            await page.value("document.querySelector('.xterm-helper-textarea').focus()")
            await page.press("2")
            await lines_with(page, lambda text: "POD " in text and "Pools" not in text)

            elsewhere = [url for url in page.asked_for if urlsplit(url).netloc not in ("", f"127.0.0.1:{port}")]
            assert not elsewhere
            assert any(url.startswith("ws:") for url in page.asked_for)
            assert not page.faults

            program.terminate()
            async with asyncio.timeout(PATIENCE):
                while not await page.value("getComputedStyle(document.querySelector('.ended')).display === 'flex'"):
                    await asyncio.sleep(0.1)
        program.wait(60)


async def every_line_is_painted(page: Page, lines: list[str], kept: Path) -> None:
    """Where there are words there is ink, row by row, in more than one colour all in all."""
    bare: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while True:  # the terminal paints a moment after it has read
            shot = await page.screenshot()
            colours = await page.value(COLOURS % shot)
            bare = [row for row, line in enumerate(lines) if line.strip() and colours[row] < 2]
            if not bare:
                break
            await asyncio.sleep(0.2)
    await asyncio.to_thread(kept.write_bytes, base64.b64decode(shot))  # to look at
    assert sum(bool(line.strip()) for line in lines) > 20
    assert max(colours) > 20
