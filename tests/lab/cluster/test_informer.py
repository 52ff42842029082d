"""The local copies that controllers read."""

import asyncio

import pytest

from karptui.lab.apiserver.process import start_api_server
from karptui.lab.cluster.api import Api
from karptui.lab.cluster.informer import Informer
from karptui.lab.cluster.kinds import NODES, Object
from tests.control_plane.polling import until


def node(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {}}


@pytest.mark.parametrize("as_status", [False, True])
async def test_what_was_missed_while_a_watch_was_impossible_is_listed_again(as_status: bool) -> None:
    """The server drops the watch and forgets its history (410): deletions and additions meanwhile are still told."""
    server = await start_api_server()
    api = Api(server.url, server.token)
    informer = Informer(api, NODES)
    told: list[tuple[str, str]] = []

    def hear(before: Object | None, after: Object | None) -> None:
        item = after or before
        assert item is not None
        told.append((item["metadata"]["name"], "gone" if after is None else "new" if before is None else "changed"))

    informer.on_change(hear)
    first = await api.create(NODES, node("first"))
    running = asyncio.create_task(informer.run())
    await informer.synced.wait()
    assert told == [("first", "new")]
    refused = {"forbidden": [["list", "nodes"], ["watch", "nodes"]], "dropWatches": True}
    await server.inject({**refused, "expiredAsStatus": as_status})
    await api.delete(NODES, first)
    await api.create(NODES, node("second"))
    await server.inject({"expireHistory": True})
    assert set(informer.items) == {"first"}
    await server.inject({"forbidden": []})
    await until(lambda: set(informer.items) == {"second"}, "the new list")
    assert sorted(told[1:]) == [("first", "gone"), ("second", "new")]
    await api.create(NODES, node("third"))
    await until(lambda: set(informer.items) == {"second", "third"}, "the watch after it")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await api.close()
    await server.stop()


async def test_history_that_runs_out_under_a_watch_costs_a_list_and_nothing_else() -> None:
    server = await start_api_server()
    api = Api(server.url, server.token)
    informer = Informer(api, NODES)
    running = asyncio.create_task(informer.run())
    await informer.synced.wait()
    for number in range(3):
        await server.inject({"expireHistory": True, "dropWatches": True})
        await api.create(NODES, node(f"n{number}"))
        await until(lambda number=number: len(informer.items) == number + 1, "the node")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await api.close()
    await server.stop()


async def test_an_own_write_is_known_at_once_and_never_undone_by_an_older_event() -> None:
    informer = Informer(Api("http://127.0.0.1:1", ""), NODES)
    old = node("n") | {"metadata": {"name": "n", "uid": "u", "resourceVersion": "5"}}
    new = node("n") | {"metadata": {"name": "n", "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}}}
    informer.observe(new)
    informer.observe(old)
    assert informer.items["n"] is new
    informer.forget(new)
    informer.observe(old)
    assert not informer.items


async def test_an_answer_that_comes_after_the_end_of_its_object_does_not_bring_it_back() -> None:
    """A status is patched while the object is deleted: the watch may tell of the end before the answer is read."""
    server = await start_api_server()
    api = Api(server.url, server.token)
    informer = Informer(api, NODES)
    running = asyncio.create_task(informer.run())
    await informer.synced.wait()
    made = await api.create(NODES, node("n"))
    await until(lambda: "n" in informer.items, "the node")
    answer = await api.patch(NODES, made, {"metadata": {"labels": {"a": "b"}}})
    await api.delete(NODES, made)
    await until(lambda: not informer.items, "its end")
    informer.observe(answer)
    assert not informer.items
    await api.create(NODES, node("n"))
    await until(lambda: "n" in informer.items, "another of its name")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await api.close()
    await server.stop()
