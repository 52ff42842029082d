"""What is taken away from a screen by key."""

import csv
import json
import os
from pathlib import Path

import pytest

from tests.tui.moment import shown_at, until_shown


async def test_a_view_is_saved_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "Pods ")
        for words in ("picture", "Markdown", "JSON", "CSV"):
            await pilot.press("x")
            await until_shown(pilot, "export pods")
            await pilot.press(*f"save {words}", "enter")
            await until_shown(pilot, "saved ")
    saved = {os.path.splitext(name)[1]: tmp_path / name for name in os.listdir(tmp_path)}
    assert saved[".svg"].read_text().startswith("<svg")
    assert "| POD | AGE | STATE |" in saved[".md"].read_text()
    boxes = json.loads(saved[".json"].read_text())["boxes"]
    rows = list(csv.DictReader(saved[".csv"].open()))
    assert len(rows) == len(boxes[0]["rows"]) > 0
    assert rows[0]["POD"] == boxes[0]["rows"][0]["POD"]
