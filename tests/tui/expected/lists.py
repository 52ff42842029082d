"""Lists: filter, sort, hits; what single screens show otherwise."""

import json
import re
from pathlib import Path
from typing import Any

from karptui.report.bundle import BundleFolder
from karptui.tui.lists.table import matches
from karptui.views.lists.packing import GROUPINGS, heats
from tests.tui.trying import SEARCHED, Tried, expects


async def on_a_list(t: Tried) -> Any:
    """With the focus on a list that has rows and an order; its table."""
    if t.name == "whatif":
        await two_changes(t)
        await t.focus("#moves")
    return t.listing._table  # pyright: ignore[reportPrivateUsage]


@expects("sort_rows", *SEARCHED)
async def sorted_by_the_next_column(t: Tried) -> None:
    table = await on_a_list(t)
    for order in table.orders:
        await t.press()
        await t.until(lambda order=order: _is_sorted(t.items, order.value, order.falling))
        assert t.listing._sorted[0] == order.column  # pyright: ignore[reportPrivateUsage]
    assert table.orders
    await t.press()
    assert t.listing._sorted == (None, False)  # pyright: ignore[reportPrivateUsage]


@expects("reverse_rows", *SEARCHED)
async def the_other_way_round(t: Tried) -> None:
    order = (await on_a_list(t)).orders[0]
    await t.press()
    await t.until(lambda: _is_sorted(t.items, order.value, not order.falling))
    await t.press()
    await t.until(lambda: _is_sorted(t.items, order.value, order.falling))


def _is_sorted(items: list[Any], value: Any, falling: bool) -> bool:
    values = [value(item) for item in items]
    return values == sorted(values, reverse=falling)


@expects("next_list", "overview", "cost", "shadow")
async def the_next_box(t: Tried) -> None:
    lists = t.screen.lists()
    here = t.screen.focused
    await t.press()
    await t.until(lambda: t.screen.focused is not here)
    assert t.screen.focused is lists[(lists.index(here) + 1) % len(lists)]  # type: ignore[arg-type]


_PLAIN = re.compile(r"(?<!\S)[\w./-]{2,}(?!\S)")
"""Words that mean nothing special behind `/`."""


async def searched(t: Tried) -> None:
    """A word of the last row is looked for, one that few others have: each letter and each hit is a key."""
    table = await on_a_list(t)
    rows = [table.words(item).lower() for item in t.items]
    hits = {word: sum(word in row for row in rows) for word in _PLAIN.findall(rows[-1])}
    word = min(hits, key=lambda word: (hits[word] < 2, hits[word] + len(word), word))
    await t.press("/")
    await t.press(*word, "⏎")
    await t.until(lambda: bool(t.listing.chosen_filter) and t.listing.counts[0] > 0)


@expects("open_filter", *SEARCHED)
async def only_what_matches_is_left(t: Tried) -> None:
    await searched(t)
    table = t.listing._table  # pyright: ignore[reportPrivateUsage]
    assert all(matches(table, item, t.listing.chosen_filter) for item in t.items)


@expects("next_hit", *SEARCHED)
@expects("previous_hit", *SEARCHED)
async def from_hit_to_hit_without_the_filter(t: Tried) -> None:
    await searched(t)
    hits = [t.listing._table.key(item) for item in t.items]  # pyright: ignore[reportPrivateUsage]
    await t.press("esc")
    assert not t.listing.chosen_filter
    await t.press("g")
    seen = []
    for _ in hits:
        await t.press()
        seen.append(t.listing.cursor_key)
    assert sorted(map(str, seen)) == sorted(hits)


@expects("follow_log", "log")
async def the_newest_line_is_followed(t: Tried) -> None:
    await t.press("g")
    assert not t.listing.at_end
    await t.press()
    assert t.listing.at_end


@expects("show_problems", "log")
async def only_problems(t: Tried) -> None:
    every = len(t.items)
    await t.press()
    assert all(item.role == "bad" for item in t.items)
    assert len(t.items) < every
    await t.press()
    assert len(t.items) == every


@expects("show_pending", "pods")
async def only_pods_that_wait(t: Tried) -> None:
    every = len(t.items)
    await t.press()
    assert {item.key for item in t.items} == set(t.app.picture.world.pending)
    assert len(t.items) < every
    await t.press()
    assert len(t.items) == every


@expects("show_disagreements", "shadow")
async def only_what_disagrees(t: Tried) -> None:
    every = len(t.items)
    await t.press()
    await t.until(lambda: not any(item.agrees for item in t.items))
    await t.press()
    await t.until(lambda: len(t.items) == every)


@expects("keep_evidence", "shadow")
async def a_file_that_asks_the_engine_again(t: Tried) -> None:
    folder = Path.cwd() / "evidence"
    t.app.run_shown.bundles = BundleFolder(folder, none=True)
    await t.press()
    (file,) = folder.glob("*.json")
    assert "shadow" in json.loads(file.read_text())
    await t.shown("kept ")


@expects("change_heat", "map")
async def the_bars_show_something_else(t: Tried) -> None:
    await _titles_go_round(t, heats(t.app.picture.nodes()))


@expects("group_rows", "map")
async def nodes_are_grouped_otherwise(t: Tried) -> None:
    await _titles_go_round(t, GROUPINGS)


async def _titles_go_round(t: Tried, words: tuple[str, ...]) -> None:
    def title() -> str:
        return str(t.screen.query_one("#map-box").title)  # type: ignore[attr-defined]

    first = title()
    assert words[0] in first
    for word in words[1:]:
        await t.press()
        assert word in title()
    await t.press()
    assert title() == first


@expects("group_rows", "cost")
async def by_pool_or_by_namespace(t: Tried) -> None:
    seen: set[str | None] = set()
    for _ in range(2):
        before = t.listing
        await t.press()
        await t.until(lambda before=before: t.listing is not before)
        seen.add(t.listing.id)
    assert seen == {"pools", "spaces"}


@expects("group_rows", "shadow")
async def the_box_is_turned_over(t: Tried) -> None:
    box = t.screen.query_one("#group-box")
    seen = []
    for _ in range(4):
        await t.press()
        seen.append(box.title)  # type: ignore[attr-defined]
    assert len(set(seen)) == 4


@expects("group_rows", "decision")
async def types_by_the_reason_they_lost(t: Tried) -> None:
    types = len(t.items)
    await t.press()
    assert t.listing.id == "groups"
    assert sum(row[1] for row in t.items) == types
    await t.press()
    assert t.listing.id == "types"


async def two_changes(t: Tried) -> None:
    nodes = list(t.app.picture.world.of("nodes"))
    t.screen.begin([f"remove {name}" for name in nodes[:2]])  # type: ignore[attr-defined]
    await t.until(lambda: len(_changes(t)) == 2)
    await t.focus("#changes")


def _changes(t: Tried) -> tuple[str, ...]:
    return t.screen.changes  # type: ignore[attr-defined]


@expects("show_why", "whatif")
async def the_change_is_edited(t: Tried) -> None:
    await two_changes(t)
    first, second = _changes(t)
    await t.press()
    await t.press(*" x", "⏎")
    assert _changes(t) == (f"{first} x", second)


@expects("add_change", "whatif")
async def a_change_is_added(t: Tried) -> None:
    await two_changes(t)
    before = _changes(t)
    await t.press()
    await t.press(*"lose spot", "⏎")
    assert _changes(t) == (*before, "lose spot")


@expects("remove_change", "whatif")
async def the_change_is_taken_back(t: Tried) -> None:
    await two_changes(t)
    before = _changes(t)
    await t.press()
    assert _changes(t) == before[1:]


@expects("reset_changes", "whatif")
async def all_changes_are_taken_back(t: Tried) -> None:
    await two_changes(t)
    await t.press()
    assert _changes(t) == ()


@expects("run_again", "whatif")
async def it_is_asked_again(t: Tried) -> None:
    await two_changes(t)
    screen: Any = t.screen
    await t.until(lambda: screen._found is not None)
    before = screen._found
    await t.press()
    await t.until(lambda: screen._found is not before and screen._found is not None)
