"""What screens say of what they do not show: below the map, in an empty list, for a decision without instance types."""

import re

from msgspec.structs import replace

from karptui.model.decision import Decision, DecisionKind, PodFailure, Reason, Refusal
from karptui.tui.segments.line import plain
from karptui.tui.widgets.packing_map import PackingMap
from karptui.views.answers.why import why
from karptui.world import events
from tests.tui.moment import shown_at, text_of, until, until_shown
from tests.tui.shadowed import shadow_at
from tests.world.recorded import STARTED

BELOW = re.compile(r"… ([\d,]+) more nodes")


async def test_the_map_tells_how_many_nodes_lie_below_it_and_its_end_is_reached() -> None:
    app = shown_at(60.0, surveyed=True)
    world = app.run_shown.world
    node = next(iter(world.of("nodes").values()))
    for number in range(900):
        name = f"more-{number}"
        more = replace(node, metadata=replace(node.metadata, name=name, uid=name), provider_id=f"kwok://{name}")
        world.apply(events.ObjectSeen(STARTED + 60.0, "nodes", events.Change.ADDED, more))
    count = len(world.of("nodes"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "Packing map by zone, block")
        await pilot.press("g")
        await until(pilot, lambda: BELOW.search(text_of(app)) is not None)
        (told,) = BELOW.findall(text_of(app))
        widget = app.screen.query_one("#map", PackingMap)
        seen = sum(place.line < widget.container_size.height - 1 for place in widget._places)  # pyright: ignore[reportPrivateUsage]
        assert told == f"{count - seen:,}"
        await pilot.press(*["j"] * 30)
        await until(pilot, lambda: BELOW.search(text_of(app)) is None)


async def test_the_legend_of_a_full_map_names_every_letter_on_it() -> None:
    app = shown_at(60.0, surveyed=True)
    world = app.run_shown.world
    node = next(iter(world.of("nodes").values()))
    for number in range(200):
        name = f"more-{number}"
        kept = {"karpenter.sh/do-not-disrupt": "true"} if number % 2 else {}
        more = replace(
            node, metadata=replace(node.metadata, name=name, uid=name, annotations=kept), provider_id=f"kwok://{name}"
        )
        world.apply(events.ObjectSeen(STARTED + 60.0, "nodes", events.Change.ADDED, more))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "D do-not-disrupt")


async def test_a_pool_at_its_limit_says_so_first_and_how_many_pods_it_refused() -> None:
    app = shown_at(11.0)
    world = app.run_shown.world
    assert world.preview is not None
    full = PodFailure((Reason(Refusal.LIMIT, "default", "cpu", found="0"),))
    plan = replace(world.preview.plan, errors={"default/a": full, "default/b": full})
    world.apply(replace(world.preview, plan=plan))
    lines = why(world, "pool", "default", STARTED + 11.0).lines
    assert plain(lines[0]) == "its limit of cpu is used up: refused 2 pending pods for that"


async def test_the_overview_says_of_how_many_decisions_it_shows_the_newest() -> None:
    app = shown_at(11.0)
    world = app.run_shown.world
    first = next(iter(world.decisions.values()))
    for number in range(1000, 1250):
        world.apply(events.DecisionMade(STARTED + 11.0, replace(first, id=f"D-{number:05d}")))
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, f"Decisions, newest 200 of {len(world.decisions)}")


async def test_where_nothing_disagrees_the_list_of_what_does_says_so() -> None:
    app = shadow_at(60.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "✓ same")
        await pilot.press("f")
        await until_shown(pilot, " verdicts disagrees. f shows them again.")


async def test_a_decision_that_chose_no_type_gives_its_facts_the_room_and_steps_to_one_that_did() -> None:
    app = shown_at(2.4)
    world, now = app.run_shown.world, STARTED + 2.4
    gone = Decision("D-00090", now, DecisionKind.DELETE, nodes=("kwok-a",), cause="Empty", price_change=-0.04)
    world.apply(events.DecisionMade(now, gone))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("4", "enter")
        await until_shown(pilot, "why empty: nothing runs on it that would have to move")
        assert "Candidates" not in text_of(app)
        await pilot.press("escape", "j", "enter")
        await until_shown(pilot, "Candidates, cheapest first")
        await until_shown(pilot, "asks for")
        assert "why empty" not in text_of(app)
        await pilot.press("escape", "k", "enter")
        await until_shown(pilot, "why empty")


async def test_what_was_decided_stands_in_the_log_and_refusals_among_the_problems() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("8", "!")
        await until_shown(pilot, "1 pod fits nowhere: pool default: no instance type has")


async def test_in_another_mode_nothing_is_foretold() -> None:
    app = shown_at(11.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "What that Karpenter will do next is told here.")
        assert "no pod waits" not in text_of(app)
