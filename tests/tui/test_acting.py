"""Active mode on the screen: what is done next, what a person holds, and what needs a typed yes."""

import pytest

from karptui.control.by_hand import ByHand
from karptui.control.safety.brakes import Brakes
from karptui.model.decision import Decision, DecisionKind
from karptui.tui.live import Live
from karptui.tui.widgets.listing import Listing
from karptui.world import events
from tests.tui.moment import shown_at, text_of, until

SIZE = (140, 44)


def active() -> tuple[Live, Brakes]:
    """The recorded cluster as active mode shows it; nobody has the Lease, so nothing can be written."""
    app = shown_at(40.0, mode="ACTIVE")
    run, brakes = app.run_shown, Brakes()
    run.by_hand = ByHand(brakes, run.sink, run.now)
    run.sink(events.LeaseChanged(run.now(), "karptui-active", "host_1_ab", ours=True))
    node = next(iter(run.world.of("nodes")))
    gone = Decision("D-00090", run.now(), DecisionKind.DELETE, nodes=(node,), cause="Empty", price_change=-0.04)
    run.sink(events.DecisionMade(run.now(), gone))
    return app, brakes


async def test_the_next_act_counts_down_and_is_held_and_let_go_with_a_key() -> None:
    app, brakes = active()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Next acts" in text_of(app) and "in 15s" in text_of(app))
        assert "lease: this karptui" in text_of(app)
        acts = app.screen.query_one("#acts", Listing)
        acts.focus()
        await pilot.pause()
        while acts.item is not None and not acts.item.nodes:
            await pilot.press("down")
        await pilot.press("H")
        await until(pilot, lambda: "HELD" in text_of(app) and "held: delete" in text_of(app))
        assert len(brakes.held) == 1
        await pilot.press("H")
        await until(pilot, lambda: "goes on: delete" in text_of(app))
        assert not brakes.held


async def test_disruption_is_switched_off_with_a_key_and_the_head_says_so() -> None:
    app, brakes = active()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Next acts" in text_of(app))
        await pilot.press("D")
        await until(pilot, lambda: "DISRUPTION OFF" in text_of(app))
        assert not brakes.disruption
        await pilot.press("D")
        await until(pilot, lambda: "disruption is on" in text_of(app))
        assert brakes.disruption


async def test_deleting_a_node_asks_and_takes_only_its_typed_name_for_a_yes() -> None:
    app, _ = active()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Next acts" in text_of(app))
        nodes = app.screen.query_one("#nodes", Listing)
        nodes.focus()
        await pilot.pause()
        name = nodes.cursor_key
        assert name is not None
        for keys in (["enter"], ["escape"], ["y", "enter"]):
            await pilot.press("X")
            await until(pilot, lambda: f"Delete node {name}?" in text_of(app))
            await pilot.press(*keys)
            await until(pilot, lambda: "Not confirmed; nothing was changed." in text_of(app))
            app.tell("")
        await pilot.press("X")
        await until(pilot, lambda: f"Delete node {name}?" in text_of(app))
        await pilot.press(*name, "enter")
        await until(pilot, lambda: "does not hold the Lease: it writes nothing now" in text_of(app))


async def test_where_karptui_does_not_act_there_are_no_acts_and_no_such_keys() -> None:
    app = shown_at(40.0, mode="OBSERVE")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "Nodes" in text_of(app))
        assert "Next acts" not in text_of(app)
        await pilot.press("X")
        await until(pilot, lambda: "does not act here" in text_of(app))
        assert "Delete node" not in text_of(app)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_question_shows_what_must_be_typed_and_the_line_to_type_it_into(size: tuple[int, int]) -> None:
    app, _ = active()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Next acts" in text_of(app))  # also in one column
        nodes = app.screen.query_one("#nodes", Listing)
        app.screen.reach(nodes)  # type: ignore[attr-defined]  # pyright: ignore
        await pilot.pause()
        await pilot.press("X", "y")
        await until(pilot, lambda: "to do it" in text_of(app))
        assert "Pods that must find another place" in text_of(app) and "anything else is No" in text_of(app)
        assert "more lines" not in text_of(app).partition("Delete node")[2].partition("esc no")[0]
        assert " > y" in text_of(app)
