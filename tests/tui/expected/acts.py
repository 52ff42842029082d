"""What writes, and what holds it back, in active mode."""

from karptui.tui.dialogs.confirm import Confirm
from karptui.views.lists.acts import ActRow
from tests.tui.trying import Tried, expects


@expects("hold_act", "overview", scene="ACTIVE")
async def the_act_is_held_and_goes_on(t: Tried) -> None:
    acts = await t.focus("#acts")
    while not (isinstance(acts.item, ActRow) and acts.item.holds):
        await t.press("j")
    await t.press()
    await t.shown("held: ")
    await t.press()
    await t.shown("goes on: ")


@expects("switch_disruption", "overview", "map", "objects", scene="ACTIVE")
async def disruption_is_off_and_on_again(t: Tried) -> None:
    for disruption in (False, True):
        await t.press()
        await t.until(lambda wanted=disruption: _allows(t, wanted))


def _allows(t: Tried, disruption: bool) -> bool:
    brakes = t.app.run_shown.world.brakes
    return brakes is not None and brakes.disruption is disruption


@expects("cordon_node", "overview", "map", "objects", scene="ACTIVE")
async def cordoning_asks_first(t: Tried) -> None:
    await asks(t, f"Cordon {t.subject.key}?")


@expects("delete_node", "overview", "map", "objects", scene="ACTIVE")
async def deleting_asks_first(t: Tried) -> None:
    await asks(t, f"Delete node {t.subject.key}?")


async def asks(t: Tried, question: str) -> None:
    """Nobody holds the Lease here, so a yes comes to nothing, and says so."""
    name = t.subject.key
    await t.press()
    await t.until(lambda: isinstance(t.app.screen, Confirm))
    await t.shown(question[:60])
    await t.press("⏎")
    await t.shown("Not confirmed")
    await t.press()
    await t.until(lambda: isinstance(t.app.screen, Confirm))
    await t.press(*name, "⏎")
    await t.shown("does not hold the Lease")
