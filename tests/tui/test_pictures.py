"""Pictures of the application over a moment of the recording. After a wanted change: `pytest … --snapshot-update`."""

import pytest

from tests.tui.moment import shown_at

SIZES = [(120, 36), (80, 24)]
NAMES = ["120x36", "80x24"]
TO_NODES = ["tab", "tab"]
PLACES = {
    "pods": ["2"],
    "map": ["3"],
    "decisions": ["4"],
    "cost": ["6"],
    "what-if": ["7"],
    "log": ["8"],
    "relations of a pod": ["2", "j", "r"],
    "node": [*TO_NODES, "G", "enter"],
    "events of a claim": ["tab", "e"],
    "nodepool": ["shift+tab", "enter"],
}
"""Screens and the keys that lead to them."""
WITHOUT_COLOUR = ("map", "cost")


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_the_overview(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_timeline(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0), terminal_size=size, press=["2", "enter"])


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
def test_a_decision(snap_compare, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(2.4), terminal_size=size, press=["4", "enter"])


@pytest.mark.parametrize("size", SIZES, ids=NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_a_place(snap_compare, place: str, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(shown_at(11.0, surveyed=True), terminal_size=size, press=PLACES[place])


@pytest.mark.parametrize("place", WITHOUT_COLOUR)
def test_a_place_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch, place: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shown_at(11.0, surveyed=True), terminal_size=(120, 36), press=PLACES[place])


def test_the_overview_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(shown_at(11.0), terminal_size=(120, 36))
