"""Leaving, help, the palette, money, and what can be taken away."""

from textual.widgets import Input

from karptui.tui.actions import PLACES, actions_of
from karptui.tui.dialogs.help import Help
from karptui.tui.dialogs.palette import Palette
from karptui.tui.lists.filter import parse_filter
from karptui.tui.lists.money import HOUR
from karptui.tui.segments.line import plain
from karptui.tui.widgets.text_pane import TextPane
from tests.tui.trying import ALL, DETAILS, LISTS, Tried, expects


@expects("leave", *DETAILS)
async def back_where_one_came_from(t: Tried) -> None:
    came_from = t.app._trail[-1][0]  # pyright: ignore[reportPrivateUsage]
    await t.opens(came_from)


@expects("leave", *LISTS)
async def the_filter_goes_first_then_back(t: Tried) -> None:
    listing = t.screen.listing
    if listing is not None:
        listing.set_filter(parse_filter("!zzz"))
        await t.press()
        assert not listing.chosen_filter
        assert t.place == t.name
    await t.opens("overview")


@expects("leave_program", *LISTS)
async def the_program_ends(t: Tried) -> None:
    ends: list[object] = []
    t.app.exit = lambda *said, **more: ends.append(said)  # type: ignore[method-assign]
    try:
        await t.press()
    finally:
        del t.app.exit
    assert len(ends) == 1


@expects("open_help", *ALL)
async def the_keys_of_this_screen(t: Tried) -> None:
    await t.press()
    await t.until(lambda: isinstance(t.app.screen, Help) and bool(t.app.screen.query_one(TextPane).lines))
    told = "\n".join(plain(line) for line in t.app.screen.query_one(TextPane).lines)
    for action in actions_of(t.name, mode=t.app.run_shown.mode):
        assert action.text[:28] in told, action


@expects("open_palette", *ALL)
async def asks_goes_and_does(t: Tried) -> None:
    await t.press()
    await t.until(lambda: isinstance(t.app.screen, Palette) and t.app.screen.query_one(Input).has_focus)
    place = next(place for place in PLACES if place.screen not in (t.name, "shadow"))
    await t.press(*place.title.lower(), "⏎")
    await t.until(lambda: t.place == place.screen)


@expects("open_contexts", *ALL, scene="OBSERVE")
async def contexts_are_offered(t: Tried) -> None:
    await t.press()
    await t.until(lambda: isinstance(t.app.screen, Palette))
    await t.shown("Context staging")


@expects("change_unit", *ALL)
async def money_is_counted_by_the_hour_the_day_and_the_month(t: Tried) -> None:
    seen = []
    for _ in range(3):
        await t.press()
        seen.append(t.app.unit.sign)
    assert seen == ["$/d", "$/mo", "$/h"]
    assert t.app.unit is HOUR


@expects("export_view", *ALL)
async def the_view_is_offered_in_every_form(t: Tried) -> None:
    await t.press()
    await t.shown(f"export {t.name}")
    for form in ("SVG", "Markdown", "JSON", "CSV"):
        assert form in t.text


@expects("copy_row", *ALL)
async def the_row_is_copied(t: Tried) -> None:
    wanted = t.screen.row_text()
    await t.press()
    assert t.app.clipboard
    assert t.app.clipboard == wanted or not wanted


@expects("copy_screen", *ALL)
async def the_screen_is_copied(t: Tried) -> None:
    shown = [line.rstrip() for line in t.text.splitlines()]
    await t.press()
    copied = t.app.clipboard.splitlines()
    assert len(copied) == len(shown)
    assert sum(one != other for one, other in zip(copied, shown, strict=True)) < 5  # what tells the time


@expects("copy_kubeconfig", *ALL, scene="DEMO")
async def the_path_of_the_kubeconfig_is_copied(t: Tried) -> None:
    await t.press()
    assert t.app.clipboard == t.app.run_shown.kubeconfig  # type: ignore[attr-defined]
