"""Where pods go, and what is said of those that go nowhere."""

import pytest

from karptui.kube.timestamps import epoch
from karptui.lab.cluster.kinds import NODES, PODS, Object
from karptui.lab.cluster.pod_conditions import condition_of, node_name
from tests.control_plane.polling import until
from tests.lab.cluster.bench import Bench, eventually, pod_spec

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
UNREGISTERED = {"key": "karpenter.sh/unregistered", "effect": "NoExecute"}


def spread(key: str, skew: int = 1) -> Object:
    selector = {"matchLabels": {"app": "web"}}
    return {"topologyKey": key, "maxSkew": skew, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}


def apart(key: str) -> Object:
    term = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "web"}}}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


async def current(bench: Bench) -> bool:
    version = await bench.api.request("GET", "/version")
    return int(version["minor"].rstrip("+")) >= 34


async def test_a_pod_without_any_node_says_so(bench: Bench) -> None:
    await bench.make(PODS, "p", pod_spec())
    assert await bench.refused("p") == "no nodes available to schedule pods"

    async def told() -> list[Object]:
        return await bench.events("FailedScheduling", "p")

    (event, *_) = await eventually(told, "the event")
    assert (event["type"], event["reportingComponent"]) == ("Warning", "default-scheduler")
    assert event["message"] == "no nodes available to schedule pods"


async def test_every_node_is_named_with_its_reason_in_the_words_of_the_release(bench: Bench) -> None:
    await bench.node("n1", taints=[UNREGISTERED])
    await bench.node("n2", cpu="1")
    await bench.node("n3", cpu="1")
    await bench.node("n4", cpu="8", disk="hdd")
    await bench.make(PODS, "p", pod_spec("2", nodeSelector={"disk": "ssd"}))
    await bench.make(PODS, "q", pod_spec("2", nodeSelector={"disk": "hdd"}, nodeName=""))
    assert await bench.bound("q") == "n4"
    expected = {
        True: "0/4 nodes are available: 1 node(s) had untolerated taint(s), "
        "3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, "
        "preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
        False: "0/4 nodes are available: 1 node(s) had untolerated taint {karpenter.sh/unregistered: }, "
        "3 node(s) didn't match Pod's node affinity/selector. "
        "preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
    }[await current(bench)]
    assert await bench.refused("p", lambda message: message.startswith("0/4")) == expected


async def test_a_full_node_is_told_from_one_that_is_too_small(bench: Bench) -> None:
    await bench.node("small", cpu="1")
    await bench.node("full", cpu="4")
    await bench.make(PODS, "first", pod_spec("3"))
    assert await bench.bound("first") == "full"
    await bench.make(PODS, "second", pod_spec("2"))
    message = await bench.refused("second")
    assert message.startswith("0/2 nodes are available: 2 Insufficient cpu. ")
    assert message.endswith(
        "preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, "
        "1 Preemption is not helpful for scheduling."
    )


async def test_a_pod_that_waited_is_bound_when_a_node_comes(bench: Bench) -> None:
    await bench.make(PODS, "p", pod_spec("2"))
    await bench.refused("p")
    await bench.node("small", cpu="1")
    await bench.node("large", cpu="4")
    assert await bench.bound("p") == "large"
    pod = await bench.get(PODS, "p")
    assert pod is not None
    scheduled = condition_of(pod, "PodScheduled")
    assert scheduled is not None
    assert scheduled["status"] == "True"


async def test_a_pod_that_waited_is_bound_when_the_taint_goes(bench: Bench) -> None:
    node = await bench.node("n1", taints=[UNREGISTERED])
    await bench.make(PODS, "p", pod_spec())
    await bench.refused("p", lambda message: "taint" in message)
    await bench.api.patch(NODES, node, {"spec": {"taints": None}})
    assert await bench.bound("p") == "n1"


async def test_a_pod_that_waited_is_bound_when_another_leaves(bench: Bench) -> None:
    await bench.node("n1", cpu="1")
    first = await bench.make(PODS, "first", pod_spec("700m"))
    await bench.bound("first")
    await bench.make(PODS, "second", pod_spec("700m"))
    await bench.refused("second")
    await bench.api.delete(PODS, first)
    assert await bench.bound("second") == "n1"


async def test_a_cordoned_node_gets_nothing(bench: Bench) -> None:
    node = await bench.node("n1")
    await bench.api.patch(NODES, node, {"spec": {"unschedulable": True}})
    await bench.node("n2")
    for name in ("a", "b", "c"):
        await bench.make(PODS, name, pod_spec())
        assert await bench.bound(name) == "n2"

    async def tainted() -> bool:
        taints = (await bench.api.get(NODES, "", "n1"))["spec"].get("taints") or ()
        return "node.kubernetes.io/unschedulable" in {taint["key"] for taint in taints}

    await eventually(tainted, "the taint of a cordoned node")


async def test_pods_spread_evenly_over_zones_and_the_rest_waits(bench: Bench) -> None:
    await bench.node("a1", cpu="4", zone="a")
    await bench.node("b1", cpu="1", zone="b")
    for number in range(5):
        spec = pod_spec("600m", topologySpreadConstraints=[spread(ZONE)])
        await bench.make(PODS, f"p{number}", spec, labels={"app": "web"})

    async def settled() -> list[Object] | None:
        pods = await bench.pods()
        waiting = [pod for pod in pods if not node_name(pod)]
        return pods if len(waiting) == 2 and all(condition_of(pod, "PodScheduled") for pod in waiting) else None

    pods = await eventually(settled, "three bound pods and two waiting ones")
    counts = [sum(node_name(pod) == name for pod in pods) for name in ("a1", "b1")]
    assert counts == [2, 1]
    waiting = next(pod for pod in pods if not node_name(pod))
    message = await bench.refused(waiting["metadata"]["name"], lambda text: "spread" in text)
    assert "1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints" in message


async def test_pods_that_will_not_share_a_host_do_not(bench: Bench) -> None:
    for name in ("n1", "n2"):
        await bench.node(name)
    for number in range(3):
        await bench.make(PODS, f"p{number}", pod_spec(affinity=apart(HOST)), labels={"app": "web"})

    async def settled() -> list[Object] | None:
        pods = await bench.pods()
        waiting = [pod for pod in pods if not node_name(pod)]
        return pods if len(waiting) == 1 and condition_of(waiting[0], "PodScheduled") else None

    pods = await eventually(settled, "two bound pods and a waiting one")
    assert sorted(node_name(pod) for pod in pods) == ["", "n1", "n2"]
    waiting = next(pod for pod in pods if not node_name(pod))
    message = await bench.refused(waiting["metadata"]["name"])
    assert "2 node(s) didn't match pod anti-affinity rules" in message


async def test_the_nominated_node_is_taken_although_another_is_emptier(bench: Bench) -> None:
    pod = await bench.make(PODS, "p", pod_spec(schedulingGates=[{"name": "test.example/wait"}]))
    await bench.api.patch(PODS, pod, {"status": {"nominatedNodeName": "small"}}, "status")
    await bench.node("large", cpu="8")
    await bench.node("small", cpu="1")
    await bench.api.patch(PODS, pod, {"spec": {"schedulingGates": None}})
    assert await bench.bound("p") == "small"


@pytest.mark.parametrize("spec", [{"schedulerName": "another"}, {"schedulingGates": [{"name": "test.example/wait"}]}])
async def test_pods_that_are_not_to_be_scheduled_are_left_alone(bench: Bench, spec: Object) -> None:
    await bench.node("n1")
    await bench.make(PODS, "left", pod_spec(**spec))
    await bench.make(PODS, "taken", pod_spec())
    assert await bench.bound("taken") == "n1"
    left = await bench.get(PODS, "left")
    assert left is not None
    assert not node_name(left)


async def test_the_more_important_pod_goes_first(bench: Bench) -> None:
    """Pods that wait are taken by priority, not by age."""
    await bench.make(PODS, "low", pod_spec("700m"))
    await bench.refused("low")
    high = pod_spec("700m", priorityClassName="system-cluster-critical")
    try:
        await bench.make(PODS, "high", high)
        await bench.refused("high")
        # Both have to be out of their backoff when the node comes, or the one that may go first goes first.
        now = bench.clock.now()
        await until(lambda: bench.clock.now() > now + 11, "the end of all backoffs")
        await bench.node("n1", cpu="1")
        assert await bench.bound("high") == "n1"
        low = await bench.get(PODS, "low")
        assert low is not None
        assert not node_name(low)
        assert epoch(low["metadata"]["creationTimestamp"]) > 0
    finally:
        pod = await bench.get(PODS, "high")
        if pod:
            await bench.api.delete(PODS, pod, grace=0)
