"""Why, timelines, events, YAML, relations and the other side of what the cursor is on."""

from typing import Any

from karptui.tui.screens.detail import DetailScreen
from karptui.tui.subject import Subject
from tests.tui.trying import Tried, expects

OBJECTS = ("overview", "pods", "map", "decisions", "cost", "log", "detail", "shadow", "objects")


async def a_row_with_something_beside_it(t: Tried) -> Subject:
    """The cursor on a row whose object has a timeline and another side."""
    if t.name in ("pods", "decisions", "log", "shadow"):
        await t.press("g")
        for _ in range(t.listing.counts[0]):
            found = t.screen.subject
            if found is not None and found.kind not in ("pool", "class"):
                sides = [t.app.picture.other_side(found, wanted) for wanted in ("timeline", "other")]  # type: ignore[misc]
                if all(sides):
                    break
            await t.press("j")
    return t.subject


@expects("show_why", "overview", "log", "cost", "map", "objects")
async def everything_about_the_row(t: Tried) -> None:
    await a_row_with_something_beside_it(t)
    subject = t.subject
    await t.opens("decision" if subject.kind == "decision" else "detail")
    assert t.subject == subject


@expects("show_why", "pods")
async def the_pods_way(t: Tried) -> None:
    subject = t.subject
    await t.opens("timeline")
    assert t.subject == subject


@expects("show_why", "decisions")
async def the_decision_type_by_type(t: Tried) -> None:
    await t.press("G")
    subject = t.subject
    await t.opens("decision")
    assert t.subject == subject
    await t.until(lambda: t.screen.query_one("#types").counts[1] > 0)  # type: ignore[attr-defined]


@expects("show_why", "timeline", "detail")
async def the_decision_behind_it(t: Tried) -> None:
    await t.until(lambda: bool(t.screen.shown_decision))
    behind = t.screen.shown_decision
    await t.opens("decision")
    assert t.subject == Subject("decision", behind)


@expects("show_why", "decision")
async def why_a_type_lost(t: Tried) -> None:
    await t.press("j")
    row: Any = t.listing.item
    await t.press()
    assert t.app.notice is not None
    assert t.app.notice[0].startswith(row.instance_type)
    assert t.app.notice[0].endswith(row.verdict)


@expects("show_why", "shadow")
async def both_answers_in_full(t: Tried) -> None:
    await t.press()
    assert t.screen.has_class("-full")
    await t.shown("OURS")
    await t.press()
    assert not t.screen.has_class("-full")


@expects("show_timeline", *OBJECTS)
async def its_way_stage_by_stage(t: Tried) -> None:
    subject = await a_row_with_something_beside_it(t)
    wanted = t.app.picture.other_side(subject, "timeline")
    assert wanted is not None
    await t.opens("timeline")
    assert t.subject == Subject(*wanted)


async def facet(t: Tried, name: str) -> None:
    """A side of the object, which is shown in place of why; on its own screen the key goes there and back."""
    subject = t.subject
    if t.name == "decision":
        subject = Subject("decision", t.screen.shown_decision)
    await t.opens("detail")
    screen = t.screen
    assert isinstance(screen, DetailScreen)
    assert screen.facet == name
    assert screen._subject == subject  # pyright: ignore[reportPrivateUsage]
    await t.press()
    assert screen.facet == "why"


@expects("show_events", *OBJECTS, "timeline", "decision")
async def its_events(t: Tried) -> None:
    await a_row_with_something_beside_it(t)
    await facet(t, "events")


@expects("show_yaml", *OBJECTS, "timeline", "decision")
async def the_object_as_yaml(t: Tried) -> None:
    await a_row_with_something_beside_it(t)
    await t.press()
    await t.until(lambda: "metadata:" in t.text or "kind:" in t.text)
    await t.press("esc")
    if t.name != "detail":
        await t.press("esc")
        await t.until(lambda: t.place == t.name)
    await facet(t, "yaml")


@expects("show_relations", *OBJECTS, "timeline", "decision")
async def what_hangs_together_with_it(t: Tried) -> None:
    await a_row_with_something_beside_it(t)
    await facet(t, "relations")


@expects("show_other_side", *OBJECTS, "timeline", "decision")
async def its_other_side(t: Tried) -> None:
    if t.name == "decision":
        sides = [Subject("decision", key) for key in t.app.picture.world.decisions]
        t.app.show("decision", next(side for side in sides if t.app.picture.other_side(side, "other")))
        await t.pilot.pause()
    subject = await a_row_with_something_beside_it(t)
    wanted = t.app.picture.other_side(subject, "other")
    assert wanted is not None
    await t.opens("decision" if wanted[0] == "decision" else "detail")
    await t.until(lambda: t.subject == Subject(*wanted))


@expects("mark_row", "overview", "map", "objects")
@expects("mark_row", "overview", "map", "objects", scene="DEMO")
async def the_node_is_marked_and_not_any_more(t: Tried) -> None:
    if t.name == "overview":
        await t.focus("#nodes")
    node = t.subject.key
    await t.press()
    assert list(t.app.marked) == [node]
    await t.press()
    assert not t.app.marked


@expects("try_row", *OBJECTS)
async def what_if_without_the_node(t: Tried) -> None:
    subject = await a_row_with_something_beside_it(t)
    other = t.app.picture.other_side(subject, "other")
    node = subject.key if subject.kind == "node" else other[1] if other is not None else ""
    await t.opens("whatif")
    assert t.screen.changes == (f"remove {node}",)  # type: ignore[attr-defined]
