"""What the interface must never use, because cluster text would become markup or the screen would leak."""

import re
from pathlib import Path

import pytest

import karptui.tui

SOURCES = sorted(Path(karptui.tui.__file__).parent.rglob("*.py"))
FORBIDDEN = {
    r"\bfrom_markup\b": "markup from text",
    r"\brender_markup\b|rich\.markup|textual\.markup": "markup from text",
    r"\bDataTable\b(?! repaints)": "repaints every cell",
    r"\bimport .*\b(Footer|Header|HelpPanel|CommandPalette)\b": "leaks at each focus move",
    r"\bRichLog\b|\bPlotext": "too slow for a live screen",
    r"\bStatic\((?!.*markup=False)": "reads its text as markup",
    r"\bLabel\((?!.*markup=False)": "reads its text as markup",
    r"border_(sub)?title\s*=(?!\s*(?:None|Content\())": "reads its text as markup",
    r"\.notify\(": "reads its text as markup",
    r"\btooltip\s*=": "reads its text as markup",
    r"#[0-9a-fA-F]{6}\b(?!')": "a colour outside the themes",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_uses_what_is_forbidden(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [f"{path.name}: {pattern}: {why}" for pattern, why in FORBIDDEN.items() if re.search(pattern, text)]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_module_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
