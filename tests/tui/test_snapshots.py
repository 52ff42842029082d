"""Pictures of the gallery. After a wanted change: `pytest tests/tui/test_snapshots.py --snapshot-update`."""

import pytest

from tests.tui.gallery import GalleryApp

SIZE = (120, 40)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_gallery(snap_compare, theme: str) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(GalleryApp(theme=theme), terminal_size=SIZE)


def test_the_gallery_at_the_least_size(snap_compare) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(GalleryApp(), terminal_size=(80, 24))


def test_the_gallery_in_ascii_without_colour(snap_compare, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(GalleryApp(ascii_only=True), terminal_size=SIZE)


def test_the_palette_over_the_gallery(snap_compare) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(GalleryApp(), terminal_size=SIZE, press=[":", *"why"])


def test_help_over_the_gallery(snap_compare) -> None:  # type: ignore[no-untyped-def]
    assert snap_compare(GalleryApp(), terminal_size=SIZE, press=["?"])
