"""What the lab's API server does beyond what can be compared with the real one: faults, expiry, access, its clock."""

import asyncio
import ssl
from contextlib import aclosing

import aiohttp
import pytest

from karptui.lab.kubeconfig import ACCESS_PREFIX
from tests.control_plane.client import RequestRefused
from tests.lab.apiserver.api import LIMIT_SECONDS, TABLE, ApiClient, config_map, events_until, kinds, pod, pods_path
from tests.lab.apiserver.conftest import TOKEN, Lab

PODS = pods_path("default")
MAPS = "/api/v1/namespaces/default/configmaps"


async def test_without_the_token_nothing_is_told(lab: Lab) -> None:
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            async with session.get(f"{lab.url}/api/v1/pods", headers=headers) as answer:
                assert answer.status == 401
                assert (await answer.json())["reason"] == "Unauthorized"
        async with session.get(f"{lab.url}{ACCESS_PREFIX}wrong/api/v1/pods") as answer:
            assert answer.status == 401
        for path in ("/readyz", "/livez", "/healthz"):
            async with session.get(lab.url + path) as answer:
                assert (answer.status, await answer.text()) == (200, "ok")


async def test_the_token_may_stand_in_the_path(lab: Lab) -> None:
    async with ApiClient(f"{lab.url}{ACCESS_PREFIX}{TOKEN}", ssl.create_default_context()) as client:
        assert (await client.get("/api/v1/nodes"))["kind"] == "NodeList"


async def test_a_cluster_begins_with_its_namespaces_and_priority_classes(lab: Lab) -> None:
    namespaces = await lab.client.get("/api/v1/namespaces")
    names = {item["metadata"]["name"] for item in namespaces["items"]}
    assert names == {"default", "kube-system", "kube-public", "kube-node-lease"}
    classes = await lab.client.get("/apis/scheduling.k8s.io/v1/priorityclasses")
    values = {item["metadata"]["name"]: item["value"] for item in classes["items"]}
    assert values == {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
    groups = await lab.client.get("/apis")
    assert {"karpenter.sh", "karpenter.k8s.aws", "policy", "apps"} <= {group["name"] for group in groups["groups"]}
    assert (await lab.client.get("/version"))["minor"] == "35"


async def test_a_node_gets_no_taints_and_keeps_the_status_it_came_with(lab: Lab) -> None:
    node = {"metadata": {"name": "n1"}, "status": {"capacity": {"cpu": "2"}}}
    made = await lab.client.create("/api/v1/nodes", node)
    assert "taints" not in made["spec"]
    assert made["status"]["capacity"] == {"cpu": "2"}


async def test_a_body_of_an_unknown_type_is_refused(lab: Lab) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cbor"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(lab.url + PODS, data=b"\xa0") as answer,
    ):
        assert answer.status == 415
        assert (await answer.json())["reason"] == "UnsupportedMediaType"


@pytest.mark.parametrize("spelling", ["true", "True", "1"])
async def test_every_spelling_of_a_watch_is_one(lab: Lab, spelling: str) -> None:
    await lab.client.create(PODS, pod("a"))
    seen = await events_until(lab.client.watch(PODS, watch=spelling), lambda events: len(kinds(events)) == 1)
    assert kinds(seen) == [("ADDED", "a")]


async def test_a_watch_ends_with_a_bookmark_of_the_version_reached(lab: Lab) -> None:
    await lab.client.create(MAPS, config_map("m"))  # a change of another resource moves the version on
    version = (await lab.client.get(PODS))["metadata"]["resourceVersion"]
    async with asyncio.timeout(LIMIT_SECONDS):
        async with aclosing(lab.client.watch(PODS, resourceVersion="1", timeoutSeconds="1")) as events:
            seen = [event async for event in events]
    assert [event["type"] for event in seen] == ["BOOKMARK"]
    assert seen[0]["object"] == {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": version, "creationTimestamp": None},
    }


async def test_a_version_that_left_the_history_has_expired(lab: Lab) -> None:
    version = (await lab.client.get(MAPS))["metadata"]["resourceVersion"]
    for index in range(201):  # the fixture's server remembers 100 to 200 changes
        await lab.client.create(MAPS, config_map(f"m{index}"))
    seen = await events_until(
        lab.client.watch(MAPS, resourceVersion=version), lambda events: events[-1]["type"] == "ERROR"
    )
    status = seen[-1]["object"]
    assert (status["code"], status["reason"], len(seen)) == (410, "Expired", 1)
    assert status["message"].startswith(f"too old resource version: {version} (")


async def test_expired_history_ends_watches_and_pages_alike(lab: Lab) -> None:
    for index in range(4):
        await lab.client.create(MAPS, config_map(f"m{index}"))
    page = await lab.client.get(MAPS, limit="2")
    await lab.client.create(MAPS, config_map("more"))
    lab.server.faults.expire_history()
    with pytest.raises(RequestRefused) as refusal:
        await lab.client.get(MAPS, limit="2", **{"continue": page["metadata"]["continue"]})
    assert (refusal.value.status, refusal.value.reason) == (410, "Expired")
    lab.server.faults.expired_as_status = True
    with pytest.raises(RequestRefused) as refusal:
        await anext(lab.client.watch(MAPS, resourceVersion=page["metadata"]["resourceVersion"]))
    assert (refusal.value.status, refusal.value.reason) == (410, "Expired")
    current = (await lab.client.get(MAPS))["metadata"]["resourceVersion"]
    await lab.client.create(MAPS, config_map("after"))
    seen = await events_until(lab.client.watch(MAPS, resourceVersion=current), lambda events: bool(kinds(events)))
    assert kinds(seen) == [("ADDED", "after")]


async def test_dropped_watches_end_cleanly_and_can_be_resumed(lab: Lab) -> None:
    await lab.client.create(PODS, pod("a"))
    version = ""
    async with asyncio.timeout(LIMIT_SECONDS), aclosing(lab.client.watch(PODS)) as events:
        async for event in events:
            version = event["object"]["metadata"]["resourceVersion"]
            lab.server.faults.drop_watches()
    await lab.client.create(PODS, pod("b"))
    seen = await events_until(lab.client.watch(PODS, resourceVersion=version), lambda events: bool(kinds(events)))
    assert kinds(seen) == [("ADDED", "b")]


async def test_throttled_requests_say_when_to_come_back(lab: Lab) -> None:
    lab.server.faults.throttle(2, retry_after=3)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for expected in (429, 429, 200):
            async with session.get(lab.url + PODS) as answer:
                assert answer.status == expected
                if expected == 429:
                    assert answer.headers["Retry-After"] == "3"
                    assert (await answer.json())["details"]["retryAfterSeconds"] == 3


async def test_what_is_forbidden_is_refused_and_can_be_asked_about(lab: Lab) -> None:
    lab.server.faults.forbidden = {("list", "nodes")}
    with pytest.raises(RequestRefused) as refusal:
        await lab.client.get("/api/v1/nodes")
    assert (refusal.value.status, refusal.value.reason) == (403, "Forbidden")
    assert 'cannot list resource "nodes" in API group "" at the cluster scope' in refusal.value.message
    for resource, allowed in (("nodes", False), ("pods", True)):
        review = await lab.client.create(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            {"spec": {"resourceAttributes": {"verb": "list", "resource": resource}}},
        )
        assert review["status"]["allowed"] is allowed


async def test_faults_can_be_ordered_over_http(lab: Lab) -> None:
    await lab.client.create("/_lab/faults", {"forbidden": [["get", "*"]]})
    with pytest.raises(RequestRefused, match="Forbidden"):
        await lab.client.get(f"{PODS}/a")
    with pytest.raises(RequestRefused, match="unknown fault"):
        await lab.client.create("/_lab/faults", {"nonsense": 1})


async def test_times_are_lab_times(lab: Lab) -> None:
    lab.server.clock.adopt({"lab": 1_000_000_000.0, "wall": 0.0, "speed": 1.0, "paused": True})
    made = await lab.client.create(PODS, pod("a", nodeName="n1"))
    assert made["metadata"]["creationTimestamp"] == "2001-09-09T01:46:40Z"
    lab.server.clock.adopt({"lab": 1_000_000_300.0, "wall": 0.0, "speed": 1.0, "paused": True})
    table = await lab.client.get_as(TABLE, PODS)
    assert table["rows"][0]["cells"][4] == "5m"
    marked = await lab.client.delete(f"{PODS}/a")
    assert marked["metadata"]["deletionTimestamp"] == "2001-09-09T01:52:10Z"


async def test_the_clock_can_be_set_over_http(lab: Lab) -> None:
    await lab.client.replace("/_lab/clock", {"lab": 5.0, "wall": 0.0, "speed": 7.0, "paused": True})
    assert (lab.server.clock.now(), lab.server.clock.speed) == (5.0, 7.0)
    with pytest.raises(RequestRefused, match="not the state of a clock"):
        await lab.client.replace("/_lab/clock", {"lab": 5.0})


async def test_an_eviction_takes_from_the_budget(lab: Lab) -> None:
    budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    for name in ("a", "b"):
        await lab.client.create(PODS, pod(name, nodeName="n1"))
        ready = [{"type": "Ready", "status": "True"}]
        await lab.client.patch(f"{PODS}/{name}/status", {"status": {"phase": "Running", "conditions": ready}})
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    await lab.client.create(budgets, {"metadata": {"name": "pdb"}, "spec": spec})
    eviction = {"metadata": {"name": "a"}}
    with pytest.raises(RequestRefused) as refusal:  # nobody has counted the pods yet
        await lab.client.create(f"{PODS}/a/eviction", eviction)
    assert refusal.value.status == 429
    counts = {"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}
    await lab.client.patch(f"{budgets}/pdb/status", {"status": counts})
    await lab.client.create(f"{PODS}/a/eviction", eviction, dryRun="All")
    await lab.client.create(f"{PODS}/a/eviction", eviction)
    status = (await lab.client.get(f"{budgets}/pdb"))["status"]
    assert status["disruptionsAllowed"] == 0 and list(status["disruptedPods"]) == ["a"]
    with pytest.raises(RequestRefused) as refusal:
        await lab.client.create(f"{PODS}/b/eviction", {"metadata": {"name": "b"}})
    assert refusal.value.status == 429


async def test_a_namespace_takes_its_content_with_it(lab: Lab) -> None:
    name = await lab.client.make_namespace()
    await lab.client.create(pods_path(name), pod("a", nodeName="n1"))
    await lab.client.delete(f"/api/v1/namespaces/{name}")
    assert (await lab.client.get(f"/api/v1/namespaces/{name}"))["status"]["phase"] == "Terminating"
    with pytest.raises(RequestRefused, match="being terminated"):
        await lab.client.create(pods_path(name), pod("b"))
    await lab.client.delete(pods_path(name, "a"), gracePeriodSeconds="0")
    with pytest.raises(RequestRefused, match="not found"):
        await lab.client.get(f"/api/v1/namespaces/{name}")


async def test_a_custom_resource_can_be_defined(lab: Lab) -> None:
    definition = {
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {}}],
        },
    }
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    await lab.client.create(crds, definition)
    things = "/apis/example.com/v1/namespaces/default/things"
    made = await lab.client.create(things, {"metadata": {"name": "t"}, "spec": {"size": 1}})
    assert (made["kind"], made["metadata"]["generation"]) == ("Thing", 1)
    await lab.client.delete(f"{crds}/things.example.com")
    with pytest.raises(RequestRefused, match="could not find the requested resource"):
        await lab.client.get(things)


async def test_a_body_that_makes_no_sense_is_answered_with_a_status(lab: Lab) -> None:
    for body in ([], "text", {"metadata": []}, {"metadata": {"name": "a"}, "spec": 7}):
        with pytest.raises(RequestRefused) as refusal:
            await lab.client.create(PODS, body)  # type: ignore[arg-type]
        assert refusal.value.message
        assert refusal.value.status in (400, 422)
