"""What both the lab's API server and kube-apiserver must answer: one body, two servers."""

import asyncio
from contextlib import aclosing

import pytest

from tests.control_plane.client import RequestRefused
from tests.lab.apiserver.api import (
    LIMIT_SECONDS,
    METADATA,
    TABLE,
    ApiClient,
    config_map,
    deployment,
    events_until,
    kinds,
    node_pool,
    pod,
    pods_path,
)

NODE_POOLS = "/apis/karpenter.sh/v1/nodepools"


def maps(namespace: str, name: str = "") -> str:
    return "/".join(filter(None, (f"/api/v1/namespaces/{namespace}/configmaps", name)))


def deployments(namespace: str, name: str = "", subresource: str = "") -> str:
    return "/".join(filter(None, (f"/apis/apps/v1/namespaces/{namespace}/deployments", name, subresource)))


async def test_a_created_object_gets_its_identity_from_the_server(api_under_test: ApiClient, namespace: str) -> None:
    made = await api_under_test.create(pods_path(namespace), pod("a"))
    metadata = made["metadata"]
    assert metadata["uid"] and metadata["creationTimestamp"].endswith("Z") and int(metadata["resourceVersion"]) > 0
    assert (made["kind"], made["apiVersion"], made["status"]["phase"]) == ("Pod", "v1", "Pending")
    assert made["status"]["qosClass"] == "BestEffort"
    assert await api_under_test.get(pods_path(namespace, "a")) == made


async def test_a_pod_gets_the_defaults_that_clients_rely_on(api_under_test: ApiClient, namespace: str) -> None:
    body = pod("a", priorityClassName="system-cluster-critical")
    del body["spec"]["schedulerName"]
    body["spec"]["nodeSelector"] = {"no": "such-node"}
    body["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    made = await api_under_test.create(pods_path(namespace), body, dryRun="All")
    spec = made["spec"]
    assert (spec["restartPolicy"], spec["terminationGracePeriodSeconds"]) == ("Always", 30)
    assert (spec["schedulerName"], spec["priority"]) == ("default-scheduler", 2_000_000_000)
    assert (spec["dnsPolicy"], spec["preemptionPolicy"]) == ("ClusterFirst", "PreemptLowerPriority")
    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "1"}
    assert spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert {item["key"] for item in spec["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("case", "status", "reason"),
    [
        ("missing", 404, "NotFound"),
        ("missing namespace", 404, "NotFound"),
        ("missing resource", 404, "NotFound"),
        ("twice", 409, "AlreadyExists"),
        ("bad name", 422, "Invalid"),
        ("no name", 422, "Invalid"),
        ("no containers", 422, "Invalid"),
        ("no image", 422, "Invalid"),
        ("bad label", 422, "Invalid"),
        ("unknown priority class", 403, "Forbidden"),
        ("version at creation", 500, ""),
        ("other namespace", 400, "BadRequest"),
        ("other kind", 400, "BadRequest"),
        ("unknown field selector", 400, "BadRequest"),
        ("too large version", 504, "Timeout"),
    ],
)
async def test_a_refusal_has_its_code_and_reason(
    api_under_test: ApiClient, namespace: str, case: str, status: int, reason: str
) -> None:
    api, pods = api_under_test, pods_path(namespace)
    wrong_label = pod("a")
    wrong_label["metadata"]["labels"] = {"app": "not a value"}
    versioned, elsewhere, unnamed = pod("a"), pod("a"), pod("a")
    versioned["metadata"]["resourceVersion"] = "1"
    elsewhere["metadata"]["namespace"] = "elsewhere"
    del unnamed["metadata"]["name"]
    if case == "twice":
        await api.create(pods, pod("a"))
    calls = {
        "missing": lambda: api.get(f"{pods}/a"),
        "missing namespace": lambda: api.create(pods_path("no-such-namespace"), pod("a")),
        "missing resource": lambda: api.get("/apis/apps/v1/nosuchthings"),
        "twice": lambda: api.create(pods, pod("a")),
        "bad name": lambda: api.create(pods, pod("Not_A_Name")),
        "no name": lambda: api.create(pods, unnamed),
        "no containers": lambda: api.create(pods, pod("a", containers=[])),
        "no image": lambda: api.create(pods, pod("a", containers=[{"name": "main"}])),
        "bad label": lambda: api.create(pods, wrong_label),
        "unknown priority class": lambda: api.create(pods, pod("a", priorityClassName="none-such")),
        "version at creation": lambda: api.create(pods, versioned),
        "other namespace": lambda: api.create(pods, elsewhere),
        "other kind": lambda: api.create(pods, {**pod("a"), "apiVersion": "v1", "kind": "Node"}),
        "unknown field selector": lambda: api.get(pods, fieldSelector="spec.nonsense=1"),
        "too large version": lambda: api.get(pods, resourceVersion="99999999999"),
    }
    with pytest.raises(RequestRefused) as refusal:
        await calls[case]()
    assert (refusal.value.status, refusal.value.reason) == (status, reason)


async def test_refusals_are_worded_alike(api_under_test: ApiClient, namespace: str) -> None:
    async def refusal(path: str) -> str:
        with pytest.raises(RequestRefused) as refused:
            await api_under_test.get(path)
        return refused.value.message

    assert await refusal(pods_path(namespace, "a")) == 'pods "a" not found'
    assert await refusal(deployments(namespace, "a")) == 'deployments.apps "a" not found'
    assert await refusal("/apis/apps/v1/nosuchthings") == "the server could not find the requested resource"
    with pytest.raises(RequestRefused) as refused:
        await api_under_test.create(pods_path(namespace), pod("a", containers=[]))
    assert refused.value.message == 'Pod "a" is invalid: spec.containers: Required value'


async def test_pages_show_one_moment(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    for index in range(5):
        await api.create(maps(namespace), config_map(f"m{index}"))
    selector = {"fieldSelector": "metadata.name!=kube-root-ca.crt"}
    first = await api.get(maps(namespace), limit="2", **selector)
    await api.delete(maps(namespace, "m4"))
    await api.create(maps(namespace), config_map("m9"))
    second = await api.get(maps(namespace), limit="2", **{"continue": first["metadata"]["continue"]}, **selector)
    third = await api.get(maps(namespace), limit="2", **{"continue": second["metadata"]["continue"]}, **selector)
    names = [[item["metadata"]["name"] for item in page["items"]] for page in (first, second, third)]
    assert names == [["m0", "m1"], ["m2", "m3"], ["m4"]]
    assert "continue" not in third["metadata"]
    assert len({page["metadata"]["resourceVersion"] for page in (first, second, third)}) == 1


async def test_items_of_built_in_lists_have_no_kind_and_custom_ones_do(
    api_under_test: ApiClient, namespace: str
) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    pods = await api.get(pods_path(namespace))
    assert (pods["kind"], pods["apiVersion"]) == ("PodList", "v1")
    assert "kind" not in pods["items"][0] and "apiVersion" not in pods["items"][0]
    await api.create(NODE_POOLS, node_pool(namespace))
    pools = await api.get(NODE_POOLS)
    assert {item["kind"] for item in pools["items"]} == {"NodePool"}
    await api.delete(f"{NODE_POOLS}/{namespace}")


async def test_selectors_choose(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    for name, tier in (("a", "front"), ("b", "back"), ("c", "")):
        body = pod(name)
        body["metadata"]["labels"] = {"tier": tier} if tier else {}
        await api.create(pods_path(namespace), body)

    async def chosen(**query: str) -> str:
        found = await api.get(pods_path(namespace), **query)
        return "".join(item["metadata"]["name"] for item in found["items"])

    assert await chosen(labelSelector="tier=front") == "a"
    assert await chosen(labelSelector="tier!=front") == "bc"
    assert await chosen(labelSelector="tier in (front, back)") == "ab"
    assert await chosen(labelSelector="tier notin (front),tier") == "b"
    assert await chosen(labelSelector="!tier") == "c"
    assert await chosen(fieldSelector="metadata.name=b") == "b"
    assert await chosen(fieldSelector="metadata.name!=b,status.phase=Pending") == "ac"
    assert await chosen(fieldSelector="spec.nodeName=") == "abc"


async def test_a_stale_writer_gets_a_conflict(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    old = await api.create(maps(namespace), config_map("m", a="1"))
    await api.patch(maps(namespace, "m"), {"data": {"a": "2"}})
    with pytest.raises(RequestRefused) as refusal:
        await api.replace(maps(namespace, "m"), {**old, "data": {"a": "3"}})
    assert (refusal.value.status, refusal.value.reason) == (409, "Conflict")
    assert refusal.value.message == (
        'Operation cannot be fulfilled on configmaps "m": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_a_write_that_changes_nothing_leaves_the_version(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    made = await api.create(maps(namespace), config_map("m", a="1"))
    same = await api.patch(maps(namespace, "m"), {"data": {"a": "1"}})
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    put = await api.replace(maps(namespace, "m"), same)
    assert put["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_generation_counts_changes_of_the_spec_only(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, deployments(namespace, "web")
    made = await api.create(deployments(namespace), deployment("web"))
    assert made["metadata"]["generation"] == 1
    labelled = await api.patch(path, {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    changed = await api.patch(path, {"spec": {"minReadySeconds": 5}})
    assert changed["metadata"]["generation"] == 2


async def test_status_and_spec_are_written_apart(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, f"{NODE_POOLS}/{namespace}"
    made = await api.create(NODE_POOLS, {**node_pool(namespace), "status": {"resources": {"nodes": "9"}}})
    assert "resources" not in made.get("status", {})
    condition = {"type": "Ready", "status": "True", "reason": "Ready", "message": ""}
    condition["lastTransitionTime"] = made["metadata"]["creationTimestamp"]
    status = {"resources": {"nodes": "1"}, "conditions": [condition]}
    written = await api.patch(f"{path}/status", {"status": status, "spec": {"weight": 7}})
    assert written["status"]["resources"] == {"nodes": "1"}
    assert "weight" not in written["spec"] and written["metadata"]["generation"] == 1
    ignored = await api.patch(path, {"status": {"resources": {"nodes": "5"}}, "spec": {"weight": 7}})
    assert ignored["status"]["resources"] == {"nodes": "1"}
    assert (ignored["spec"]["weight"], ignored["metadata"]["generation"]) == (7, 2)
    await api.delete(path)


async def test_a_node_pool_gets_the_defaults_of_its_schema(api_under_test: ApiClient, namespace: str) -> None:
    made = await api_under_test.create(NODE_POOLS, node_pool(namespace), dryRun="All")
    assert made["spec"]["disruption"] == {
        "consolidateAfter": "0s",
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "budgets": [{"nodes": "10%"}],
    }
    assert made["spec"]["template"]["spec"]["expireAfter"] == "720h"


async def test_a_dry_run_keeps_nothing(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(maps(namespace), config_map("m", a="1"))
    dry = await api.patch(maps(namespace, "m"), {"data": {"a": "2"}}, dryRun="All")
    assert dry["data"] == {"a": "2"}
    await api.create(maps(namespace), config_map("n"), dryRun="All")
    await api.delete(maps(namespace, "m"), dryRun="All")
    assert (await api.get(maps(namespace, "m")))["data"] == {"a": "1"}
    with pytest.raises(RequestRefused, match="not found"):
        await api.get(maps(namespace, "n"))


async def test_a_finalizer_keeps_a_deleted_object(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, maps(namespace, "m")
    body = config_map("m")
    body["metadata"]["finalizers"] = ["example.com/wait"]
    await api.create(maps(namespace), body)
    marked = await api.delete(path)
    assert marked["metadata"]["deletionTimestamp"] and marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert (await api.get(path))["metadata"]["finalizers"] == ["example.com/wait"]
    await api.patch(path, {"metadata": {"finalizers": None}})
    with pytest.raises(RequestRefused, match="not found"):
        await api.get(path)


async def test_an_unbound_pod_goes_at_once_and_a_bound_one_waits_for_its_kubelet(
    api_under_test: ApiClient, namespace: str
) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("free"))
    await api.create(pods_path(namespace), pod("bound", nodeName="no-such-node"))
    await api.delete(pods_path(namespace, "free"))
    with pytest.raises(RequestRefused, match="not found"):
        await api.get(pods_path(namespace, "free"))
    marked = await api.delete(pods_path(namespace, "bound"), gracePeriodSeconds="20")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 20
    shorter = await api.delete(pods_path(namespace, "bound"), {"gracePeriodSeconds": 5})
    assert shorter["metadata"]["deletionGracePeriodSeconds"] == 5
    assert shorter["metadata"]["deletionTimestamp"] < marked["metadata"]["deletionTimestamp"]
    await api.delete(pods_path(namespace, "bound"), gracePeriodSeconds="0")
    with pytest.raises(RequestRefused, match="not found"):
        await api.get(pods_path(namespace, "bound"))


async def test_a_precondition_guards_a_deletion(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(maps(namespace), config_map("m"))
    with pytest.raises(RequestRefused) as refusal:
        await api.delete(maps(namespace, "m"), {"preconditions": {"uid": "another"}})
    assert (refusal.value.status, refusal.value.reason) == (409, "Conflict")


async def test_a_watch_goes_on_from_a_version(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    listed = await api.get(pods_path(namespace))
    await api.create(pods_path(namespace), pod("a"))
    await api.patch(pods_path(namespace, "a"), {"metadata": {"labels": {"b": "c"}}})
    await api.delete(pods_path(namespace, "a"))
    watch = api.watch(pods_path(namespace), resourceVersion=listed["metadata"]["resourceVersion"])
    seen = await events_until(watch, lambda events: len(kinds(events)) == 4)
    assert kinds(seen) == [("ADDED", "a"), ("MODIFIED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
    assert seen[2]["object"]["metadata"]["deletionTimestamp"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))
    assert seen[0]["object"]["kind"] == "Pod"


async def test_a_watch_from_a_forgotten_version_has_expired(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    version = (await api.create(pods_path(namespace), pod("a")))["metadata"]["resourceVersion"]
    await api.create(pods_path(namespace), pod("b"))
    await api.forget()
    watch = api.watch(pods_path(namespace), resourceVersion=version)
    seen = await events_until(watch, lambda events: events[-1]["type"] == "ERROR")
    status = seen[-1]["object"]
    assert (len(seen), status["kind"], status["code"], status["reason"]) == (1, "Status", 410, "Expired")
    assert status["message"].startswith(f"too old resource version: {version} (")


async def test_a_watch_without_a_version_begins_with_what_there_is(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    seen = await events_until(api.watch(pods_path(namespace)), lambda events: len(kinds(events)) == 1)
    assert kinds(seen) == [("ADDED", "a")]


async def test_a_streaming_list_ends_with_its_bookmark(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    watch = api.watch(pods_path(namespace), sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
    seen = await events_until(watch, lambda events: events[-1]["type"] == "BOOKMARK")
    assert kinds(seen) == [("ADDED", "a")]
    metadata = seen[-1]["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"} and int(metadata["resourceVersion"]) > 0


async def test_a_watch_ends_in_time(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    version = (await api.get(pods_path(namespace)))["metadata"]["resourceVersion"]
    async with asyncio.timeout(LIMIT_SECONDS):
        watch = api.watch(pods_path(namespace), resourceVersion=version, timeoutSeconds="3")
        async with aclosing(watch) as events:
            seen = {event["type"] async for event in events}
    assert seen <= {"BOOKMARK"}


async def test_an_object_that_enters_or_leaves_a_selection_is_added_or_deleted(
    api_under_test: ApiClient, namespace: str
) -> None:
    api, path = api_under_test, pods_path(namespace, "a")
    version = (await api.get(pods_path(namespace)))["metadata"]["resourceVersion"]
    await api.create(pods_path(namespace), pod("a"))
    for value in ("in", "out", "in"):
        await api.patch(path, {"metadata": {"labels": {"state": value}}})
    watch = api.watch(pods_path(namespace), resourceVersion=version, labelSelector="state=in")
    seen = await events_until(watch, lambda events: len(kinds(events)) == 3)
    assert [event["type"] for event in seen if event["type"] != "BOOKMARK"] == ["ADDED", "DELETED", "ADDED"]
    assert seen[1]["object"]["metadata"]["labels"]["state"] == "in"


async def test_a_strategic_merge_patch_merges_containers_and_variables_by_name(
    api_under_test: ApiClient, namespace: str
) -> None:
    api, path = api_under_test, deployments(namespace, "web")
    await api.create(deployments(namespace), deployment("web"))

    async def patch(container: dict[str, object]) -> list[dict[str, object]]:
        body = {"spec": {"template": {"spec": {"containers": [container]}}}}
        patched = await api.patch(path, body, "strategic")
        return patched["spec"]["template"]["spec"]["containers"]

    await patch({"name": "main", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    both = await patch({"name": "side", "image": "registry.example/side:1"})
    assert sorted(str(container["name"]) for container in both) == ["main", "side"]
    changed = await patch({"name": "main", "env": [{"name": "A", "value": "9"}, {"name": "B", "$patch": "delete"}]})
    main = next(container for container in changed if container["name"] == "main")
    assert main["env"] == [{"name": "A", "value": "9"}]
    assert main["image"] == "registry.example/app:1"
    left = await patch({"name": "side", "$patch": "delete"})
    assert [container["name"] for container in left] == ["main"]


async def test_a_strategic_merge_patch_replaces_tolerations_and_merges_conditions(
    api_under_test: ApiClient, namespace: str
) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    status = f"{pods_path(namespace, 'a')}/status"
    for kind in ("First", "Second"):
        condition = {"type": f"example.com/{kind}", "status": "True"}
        await api.patch(status, {"status": {"conditions": [condition]}}, "strategic")
    first = {"type": "example.com/First", "status": "False"}
    changed = await api.patch(status, {"status": {"conditions": [first]}}, "strategic")
    found = {item["type"]: item["status"] for item in changed["status"]["conditions"]}
    assert found == {"example.com/First": "False", "example.com/Second": "True"}
    await api.create(deployments(namespace), deployment("web"))
    for key in ("one", "two"):
        body = {"spec": {"template": {"spec": {"tolerations": [{"key": key, "operator": "Exists"}]}}}}
        patched = await api.patch(deployments(namespace, "web"), body, "strategic")
    assert [item["key"] for item in patched["spec"]["template"]["spec"]["tolerations"]] == ["two"]


async def test_a_merge_patch_removes_with_null_and_replaces_lists(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(maps(namespace), config_map("m", a="1", b="2"))
    patched = await api.patch(maps(namespace, "m"), {"data": {"a": None, "c": "3"}})
    assert patched["data"] == {"b": "2", "c": "3"}


async def test_a_json_patch_tests_adds_and_removes(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, maps(namespace, "m")
    await api.create(maps(namespace), config_map("m", a="1"))
    good = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/x~1y", "value": "2"},
        {"op": "add", "path": "/data/b", "value": "2"},
        {"op": "remove", "path": "/data/a"},
    ]
    patched = await api.patch(path, good, "json")
    assert (patched["data"], patched["metadata"]["annotations"]) == ({"b": "2"}, {"x/y": "2"})
    with pytest.raises(RequestRefused) as refusal:
        await api.patch(path, [{"op": "test", "path": "/data/b", "value": "other"}], "json")
    assert (refusal.value.status, refusal.value.reason) == (422, "Invalid")


async def test_a_strategic_merge_patch_of_a_custom_resource_is_refused(
    api_under_test: ApiClient, namespace: str
) -> None:
    api = api_under_test
    await api.create(NODE_POOLS, node_pool(namespace))
    with pytest.raises(RequestRefused) as refusal:
        await api.patch(f"{NODE_POOLS}/{namespace}", {"spec": {"weight": 1}}, "strategic")
    assert (refusal.value.status, refusal.value.reason) == (415, "UnsupportedMediaType")
    await api.delete(f"{NODE_POOLS}/{namespace}")


async def test_a_writer_that_applies_less_takes_its_fields_back(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, maps(namespace, "m")
    typed = {"apiVersion": "v1", "kind": "ConfigMap"}
    await api.patch(path, {**typed, **config_map("m", a="1", b="2")}, "apply", fieldManager="test")
    await api.patch(path, {"data": {"other": "3"}})
    applied = await api.patch(path, {**typed, **config_map("m", a="1")}, "apply", fieldManager="test", force="true")
    assert applied["data"] == {"a": "1", "other": "3"}
    assert "test" in {entry["manager"] for entry in applied["metadata"]["managedFields"]}


async def test_scale_changes_replicas(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    made = await api.create(deployments(namespace), deployment("web"))
    scale = await api.patch(deployments(namespace, "web", "scale"), {"spec": {"replicas": 2}})
    assert (scale["kind"], scale["apiVersion"], scale["spec"]["replicas"]) == ("Scale", "autoscaling/v1", 2)
    assert scale["status"]["selector"] == "app=web"
    found = await api.get(deployments(namespace, "web"))
    assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (2, made["metadata"]["generation"] + 1)


async def test_a_binding_puts_a_pod_on_a_node_once(api_under_test: ApiClient, namespace: str) -> None:
    api, path = api_under_test, pods_path(namespace, "a", "binding")
    await api.create(pods_path(namespace), pod("a"))
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "a"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "n1"},
    }
    done = await api.create(path, binding)
    assert (done["kind"], done["status"]) == ("Status", "Success")
    bound = await api.get(pods_path(namespace, "a"))
    assert bound["spec"]["nodeName"] == "n1"
    assert [item["status"] for item in bound["status"]["conditions"] if item["type"] == "PodScheduled"] == ["True"]
    with pytest.raises(RequestRefused) as refusal:
        await api.create(path, binding)
    assert (refusal.value.status, refusal.value.reason) == (409, "Conflict")
    assert 'pod a is already assigned to node "n1"' in refusal.value.message
    found = await api.get(pods_path(namespace), fieldSelector="spec.nodeName=n1")
    assert len(found["items"]) == 1
    await api.delete(pods_path(namespace, "a"), gracePeriodSeconds="0")


async def test_the_spec_of_a_pod_cannot_be_changed(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    with pytest.raises(RequestRefused) as refusal:
        await api.patch(pods_path(namespace, "a"), {"spec": {"nodeName": "n1"}})
    assert (refusal.value.status, refusal.value.reason) == (422, "Invalid")
    assert "pod updates may not change fields other than" in refusal.value.message


async def test_an_eviction_is_refused_by_a_budget(api_under_test: ApiClient, namespace: str) -> None:
    api, budgets = api_under_test, f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    await api.create(pods_path(namespace), pod("a", nodeName="no-such-node"))
    now = (await api.get(pods_path(namespace, "a")))["metadata"]["creationTimestamp"]
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": now}
    running = {"status": {"phase": "Running", "conditions": [ready]}}
    await api.patch(pods_path(namespace, "a", "status"), running, "strategic")
    budget = {"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}
    await api.create(budgets, budget)
    counts = {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1}
    await api.patch(f"{budgets}/b/status", {"status": {**counts, "expectedPods": 1}})
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a", "namespace": namespace}}
    with pytest.raises(RequestRefused) as refusal:
        await api.create(pods_path(namespace, "a", "eviction"), eviction)
    assert (refusal.value.status, refusal.value.reason) == (429, "TooManyRequests")
    assert refusal.value.message == "Cannot evict pod as it would violate the pod's disruption budget."
    await api.delete(f"{budgets}/b")
    done = await api.create(pods_path(namespace, "a", "eviction"), eviction)
    assert done["status"] == "Success"
    evicted = await api.get(pods_path(namespace, "a"))
    assert evicted["metadata"]["deletionTimestamp"]
    target = next(item for item in evicted["status"]["conditions"] if item["type"] == "DisruptionTarget")
    assert target["reason"] == "EvictionByEvictionAPI"
    await api.delete(pods_path(namespace, "a"), gracePeriodSeconds="0")


async def test_a_lease_is_taken_by_one_holder(api_under_test: ApiClient, namespace: str) -> None:
    api, leases = api_under_test, f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    spec = {"holderIdentity": "one", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    made = await api.create(leases, {"metadata": {"name": "l"}, "spec": spec})
    await api.replace(f"{leases}/l", {**made, "spec": {**spec, "holderIdentity": "two"}})
    with pytest.raises(RequestRefused) as refusal:
        await api.replace(f"{leases}/l", {**made, "spec": {**spec, "holderIdentity": "three"}})
    assert refusal.value.status == 409


async def test_events_get_generated_names_and_are_seen_in_both_apis(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    involved = {"kind": "Pod", "name": "a", "namespace": namespace}
    body = {
        "metadata": {"generateName": "a."},
        "involvedObject": involved,
        "reason": "Scheduled",
        "message": "it was",
        "type": "Normal",
        "source": {"component": "test"},
    }
    made = await api.create(f"/api/v1/namespaces/{namespace}/events", body)
    assert made["metadata"]["name"].startswith("a.") and len(made["metadata"]["name"]) > 2
    selected = await api.get(
        f"/api/v1/namespaces/{namespace}/events", fieldSelector="involvedObject.name=a,reason=Scheduled"
    )
    assert len(selected["items"]) == 1
    other = await api.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")
    assert other["items"][0]["note"] == "it was"
    assert other["items"][0]["regarding"]["name"] == "a"


async def test_a_table_names_its_columns(api_under_test: ApiClient, namespace: str) -> None:
    api = api_under_test
    await api.create(pods_path(namespace), pod("a"))
    table = await api.get_as(TABLE, pods_path(namespace))
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    names = [(column["name"], column["priority"]) for column in table["columnDefinitions"]]
    assert names == [
        ("Name", 0),
        ("Ready", 0),
        ("Status", 0),
        ("Restarts", 0),
        ("Age", 0),
        ("IP", 1),
        ("Node", 1),
        ("Nominated Node", 1),
        ("Readiness Gates", 1),
    ]
    row = table["rows"][0]
    assert row["cells"][:3] == ["a", "0/1", "Pending"]
    assert row["object"]["kind"] == "PartialObjectMetadata"


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (
            "/api/v1/nodes",
            "Name Status Roles Age Version Internal-IP External-IP OS-Image Kernel-Version Container-Runtime",
        ),
        ("/api/v1/namespaces", "Name Status Age"),
        ("/api/v1/events", "Last_Seen Type Reason Object Subobject Source Message First_Seen Count Name"),
        (
            "/api/v1/persistentvolumeclaims",
            "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age VolumeMode",
        ),
        ("/api/v1/services", "Name Type Cluster-IP External-IP Port(s) Age Selector"),
        ("/apis/apps/v1/deployments", "Name Ready Up-to-date Available Age Containers Images Selector"),
        ("/apis/apps/v1/replicasets", "Name Desired Current Ready Age Containers Images Selector"),
        ("/apis/apps/v1/statefulsets", "Name Ready Age Containers Images"),
        (
            "/apis/apps/v1/daemonsets",
            "Name Desired Current Ready Up-to-date Available Node_Selector Age Containers Images Selector",
        ),
        ("/apis/batch/v1/jobs", "Name Status Completions Duration Age Containers Images Selector"),
        ("/apis/policy/v1/poddisruptionbudgets", "Name Min_Available Max_Unavailable Allowed_Disruptions Age"),
        (
            "/apis/storage.k8s.io/v1/storageclasses",
            "Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age",
        ),
        ("/apis/coordination.k8s.io/v1/leases", "Name Holder Age"),
        ("/apis/karpenter.sh/v1/nodepools", "Name NodeClass Nodes Ready Age Weight CPU Memory"),
        (
            "/apis/karpenter.sh/v1/nodeclaims",
            "Name Type Capacity Zone Node Ready Age ImageID ID NodePool NodeClass Drifted",
        ),
    ],
)
async def test_tables_have_the_columns_of_kubectl_get(api_under_test: ApiClient, path: str, columns: str) -> None:
    table = await api_under_test.get_as(TABLE, path)
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == [name.replace("_", " ") for name in columns.split()]


async def test_metadata_alone_can_be_asked_for(api_under_test: ApiClient, namespace: str) -> None:
    await api_under_test.create(pods_path(namespace), pod("a"))
    found = await api_under_test.get_as(METADATA, pods_path(namespace))
    assert found["kind"] == "PartialObjectMetadataList"
    assert found["items"][0]["metadata"]["name"] == "a" and "spec" not in found["items"][0]
