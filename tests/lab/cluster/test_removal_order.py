"""Which pods a ReplicaSet gives up first."""

from karptui.kube.timestamps import rfc3339
from karptui.lab.cluster.kinds import Object
from karptui.lab.cluster.replica_pods import DELETION_COST, removal_order

NOW = 1_800_000_000.0


def pod(
    name: str,
    *,
    node: str = "n1",
    phase: str = "Running",
    ready_for: float | None = 3600.0,
    age: float = 7200.0,
    cost: int | None = None,
    restarts: int = 0,
) -> Object:
    condition = {"type": "Ready", "status": "False", "lastTransitionTime": rfc3339(NOW - age)}
    if ready_for is not None:
        condition = {"type": "Ready", "status": "True", "lastTransitionTime": rfc3339(NOW - ready_for)}
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": rfc3339(NOW - age),
            "annotations": {} if cost is None else {DELETION_COST: str(cost)},
        },
        "spec": {"nodeName": node},
        "status": {"phase": phase, "conditions": [condition], "containerStatuses": [{"restartCount": restarts}]},
    }


def order(*pods: Object) -> list[str]:
    return [one["metadata"]["name"] for one in removal_order(pods, pods, NOW)]


def test_pods_without_a_node_then_pending_then_not_ready_ones_go_first() -> None:
    unassigned = pod("unassigned", node="", phase="Pending", ready_for=None)
    pending = pod("pending", phase="Pending", ready_for=None)
    unready = pod("unready", ready_for=None)
    assert order(pod("ready", node="n2"), unready, pending, unassigned) == ["unassigned", "pending", "unready", "ready"]


def test_a_low_deletion_cost_counts_for_more_than_a_crowded_node() -> None:
    crowd = [pod("a"), pod("b")]
    assert order(*crowd, pod("cheap", node="n2", cost=-5))[0] == "cheap"
    assert order(*crowd, pod("dear", node="n2", cost=5))[-1] == "dear"


def test_nodes_with_many_pods_are_relieved_first() -> None:
    assert order(pod("alone", node="n2"), pod("a"), pod("b"))[-1] == "alone"


def test_a_pod_that_became_ready_lately_goes_before_one_that_is_long_since() -> None:
    assert order(pod("old", ready_for=7000), pod("late", ready_for=60)) == ["late", "old"]


def test_a_pod_that_restarts_goes_before_one_that_does_not() -> None:
    assert order(pod("calm"), pod("restless", restarts=4)) == ["restless", "calm"]


def test_the_newer_pod_goes_before_the_older() -> None:
    assert order(pod("old", age=90_000), pod("new", age=7200)) == ["new", "old"]
