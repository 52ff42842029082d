"""k9s' prompt: `:nodeclasses` and the rest lead to a list of these objects, and from a row to all about it."""

import pytest

from karptui.model.metadata import Condition, Metadata
from karptui.model.nodepool import NodeClass
from karptui.model.selectors import label_selector
from karptui.model.workload import Namespace, PodDisruptionBudget
from karptui.tui.live import Live
from karptui.tui.screens.frame import Frame
from karptui.tui.subject import Subject
from karptui.world import events
from tests.tui.moment import shown_at, text_of, until, until_shown
from tests.world.recorded import STARTED


def furnished(mode: str = "REPLAY") -> Live:
    """The recorded cluster with a NodeClass that is not Ready, a PodDisruptionBudget and two namespaces."""
    app = shown_at(11.0, surveyed=True, mode=mode)
    wrong = (Condition("SubnetsReady", "False", "", "no subnet was found", STARTED),
             Condition("Ready", "False", "", "SubnetsReady=False", STARTED))  # fmt: skip
    for resource, found in (
        ("ec2nodeclasses", NodeClass(Metadata(name="gpu", uid="g"), "EC2NodeClass", conditions=wrong)),
        ("kwoknodeclasses", NodeClass(Metadata(name="default", uid="k"), "KWOKNodeClass")),
        ("poddisruptionbudgets", PodDisruptionBudget(Metadata(name="web", namespace="shop"), label_selector({}), "2")),
        ("namespaces", Namespace(Metadata(name="default", uid="n1"))),
        ("namespaces", Namespace(Metadata(name="shop", uid="n2"))),
    ):
        app.run_shown.world.apply(events.ObjectSeen(STARTED + 11.0, resource, events.Change.ADDED, found))
    return app


def typed(words: str) -> list[str]:
    """The keys of words behind `:`."""
    return ["colon", *("space" if letter == " " else letter for letter in words), "enter"]


@pytest.mark.parametrize(
    ("words", "title", "row"),
    [
        ("nodeclasses", "NodeClasses 2", "NOT READY SubnetsReady"),
        ("ec2nc", "NodeClasses 2", "no subnet was found"),
        ("nodepools", "NodePools 1", "MAY GO NOW"),
        ("np", "NodePools 1", "default"),
        ("nodeclaims", "NodeClaims ", "default-cjbhf"),
        ("nodes", "Nodes ", "c-8x-amd64-linux"),
        ("pdb", "PodDisruptionBudgets 1", "min 2 available"),
        ("pods", "Pods ", "STATE"),
        ("pods shop", "/ ns=shop", "Nothing matches"),
        ("ns default", "/ ns=default", "STATE"),
        ("events", "/ from=kubernetes", "karpenter"),
        ("nc cjb", "/ cjb", "default-cjbhf"),
    ],
)
async def test_a_word_of_k9s_leads_to_the_list_it_names(words: str, title: str, row: str) -> None:
    app = furnished()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        await pilot.press(*typed(words))
        await until_shown(pilot, title)
        await until_shown(pilot, row)


async def test_only_events_of_kubernetes_are_left_and_esc_brings_the_rest_back() -> None:
    app = furnished()
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        await pilot.press(*typed("events"))
        await until_shown(pilot, "/ from=kubernetes")
        listing = app.screen.listing  # type: ignore[attr-defined]
        assert listing.counts[0] == sum(line.kube for line in app.run_shown.world.log) > 0
        await pilot.press("escape")
        await until(pilot, lambda: listing.counts[0] == listing.counts[1])


async def test_enter_on_a_node_class_opens_its_detail_and_esc_leads_back_to_the_list() -> None:
    app = furnished()
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        await pilot.press(*typed("nodeclasses"))
        await until_shown(pilot, "NodeClasses 2")
        await pilot.press("enter")
        screen = app.screen
        await until(pilot, lambda: getattr(app.screen, "place", "") == "detail")
        screen = app.screen
        assert isinstance(screen, Frame)
        assert screen.subject == Subject("class", "EC2NodeClass/gpu")
        await until_shown(pilot, "SubnetsReady False no subnet was found")
        await pilot.press("escape")
        await until_shown(pilot, "NodeClasses 2")
        await pilot.press(*typed("nodes"))
        await until_shown(pilot, "Nodes ")
        assert "NodeClasses 2" not in text_of(app)


async def test_a_list_is_asked_for_on_the_list_of_another_kind() -> None:
    app = furnished()
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        for words, title in (("pdb", "PodDisruptionBudgets 1"), ("np", "NodePools 1"), ("nc", "NodeClaims ")):
            await pilot.press(*typed(words))
            await until_shown(pilot, title)


async def test_another_context_is_answered_where_there_is_none() -> None:
    app = furnished()
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        await pilot.press(*typed("ctx"))
        await until_shown(pilot, "Contexts are for watching clusters")
