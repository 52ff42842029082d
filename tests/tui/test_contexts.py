"""Switching clusters and namespaces without a restart, and several side by side."""

import json
from pathlib import Path

import pytest

from karptui.modes.contexts import Contexts
from karptui.modes.run import Run
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world import events
from karptui.world.world import World
from tests.tui.moment import Moment, decided, text_of, until, until_shown
from tests.world.recorded import STARTED, decode

SIZE = (120, 36)
CREATED = "2026-11-21T12:29:03Z"


class Named(Moment):
    """A moment under the name of a context."""

    def __init__(self, context: str, namespace: str = "", world: World | None = None) -> None:
        super().__init__(world or decided(2.4), STARTED + 2.4, "OBSERVE")
        self._names = context, namespace

    @property
    def context(self) -> str:
        return self._names[0]

    @property
    def namespace(self) -> str:
        return self._names[1]


class Known(Contexts):
    """Contexts whose clusters stand still."""

    def __init__(self, beside: tuple[str, ...] = (), **worlds: World) -> None:
        super().__init__(beside=beside)
        self.made: list[Named] = []
        self._worlds = worlds

    async def known(self) -> tuple[str, list[str]]:
        return "prod", ["prod", "staging", "lab"]

    def observe(self, context: str | None, namespace: str = "") -> Run:  # type: ignore[override]
        run = Named(context or "prod", namespace, self._worlds.get(context or ""))
        self.made.append(run)
        return run


def shown(contexts: Contexts, first: Run | None = None) -> Live:
    run = first or Named("prod")
    return Live(run, load_themes([shipped_folder()]), mode="OBSERVE", contexts=lambda: contexts)


async def test_a_context_is_chosen_from_the_list_and_the_one_before_is_left() -> None:
    contexts, first = Known(staging=World()), Named("prod")
    app = shown(contexts, first)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        await pilot.press("2", "at")
        await until_shown(pilot, "Context staging")
        await pilot.press(*"stag", "enter")
        await until(pilot, lambda: app.run_shown is not first)
        await until_shown(pilot, "Nothing yet: karptui is still listing")
        assert app.run_shown.context == "staging"
        assert contexts.made[0].started
        await until(pilot, lambda: first.stopped)
        assert "5 pods wait" not in text_of(app)


@pytest.mark.parametrize(
    ("typed", "context", "namespace"),
    [("ctx lab", "lab", ""), ("ns default", "prod", "default"), ("ctx staging", "staging", "")],
)
async def test_the_words_of_k9s_switch(typed: str, context: str, namespace: str) -> None:
    app = shown(Known())
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: bool(app.clusters.entries()[:1]) and len(app.clusters.entries()) > 3)
        await pilot.press("colon")
        await pilot.press(*("space" if letter == " " else letter for letter in typed), "enter")
        await until(pilot, lambda: (app.run_shown.context, app.run_shown.namespace) == (context, namespace))
        if namespace:
            await until_shown(pilot, f"/{namespace}")


@pytest.mark.parametrize(("typed", "words"), [("pods", "Pods 5"), ("po", "Pods 5"), ("events", "Log"), ("map", "Map")])
async def test_a_word_of_k9s_leads_to_a_screen_before_any_name_that_has_its_letters(typed: str, words: str) -> None:
    app = shown(Known())
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        await pilot.press("colon", *typed, "enter")
        await until_shown(pilot, words)


async def test_several_clusters_stand_on_the_overview_and_enter_shows_one() -> None:
    contexts = Known(("prod", "staging"), staging=World())
    app = shown(contexts)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "▸ prod")
        await until_shown(pilot, "5 pending")
        await until_shown(pilot, "connecting…")
        app.screen.query_one("#clusters").focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.run_shown.context == "staging")
        await until_shown(pilot, "▸ staging")
        assert "5 pending" in text_of(app)
        assert not any(run.stopped for run in contexts.made)
        await app.stop_runs()
        assert all(run.stopped for run in contexts.made)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_strip_leaves_room_for_the_rest(size: tuple[int, int]) -> None:
    app = shown(Known(("prod", "staging"), staging=World()))
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "▸ prod")
        await until_shown(pilot, "5 pods → c-8x-amd64-linux")


async def test_a_cluster_that_does_not_answer_holds_up_nobody(tmp_path: Path) -> None:
    """A server that takes connections and says nothing: the screen lives, and one can go on to the next."""
    import asyncio

    held: list[asyncio.StreamWriter] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = {
        "current-context": "silent",
        "contexts": [{"name": name, "context": {"cluster": name}} for name in ("silent", "shut")],
        "clusters": [
            {"name": "silent", "cluster": {"server": f"http://127.0.0.1:{port}"}},
            {"name": "shut", "cluster": {"server": "http://127.0.0.1:9"}},
        ],
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    contexts = Contexts(str(path))
    app = shown(contexts, contexts.observe("silent"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("2", "1", "at")
        await until_shown(pilot, "Context shut")
        await pilot.press(*"shut", "enter")
        await until(pilot, lambda: app.run_shown.context == "shut")
        await until_shown(pilot, "No connection to http://127.0.0.1:9")
        await pilot.press("2")
        await until_shown(pilot, "Pods")
        await app.stop_runs()
    for writer in held:
        writer.close()
    server.close()


async def test_a_namespace_that_is_not_there_is_said() -> None:
    world = decided(2.4)
    there = decode("namespaces", {"metadata": {"name": "default", "uid": "u", "creationTimestamp": CREATED}})
    world.apply(events.ObjectSeen(STARTED, "namespaces", events.Change.ADDED, there))
    app = shown(Known(), Named("prod", world=world))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        app.action_switch_namespace("nope")
        await until_shown(pilot, "There is no namespace nope here.")


async def test_where_there_are_no_contexts_that_is_said() -> None:
    app = Live(Named("prod"), load_themes([shipped_folder()]))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "5 pods wait for a new")
        await pilot.press("at")
        await until_shown(pilot, "Contexts are for watching clusters")
