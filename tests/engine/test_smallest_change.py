"""What would give a pod a place that fits nowhere."""

from typing import Any

import pytest
from hypothesis import given

from karptui.engine.explain import remedies, remedy_sentence, smallest_change
from karptui.engine.provisioning import plan
from karptui.model.affinity import NodeSelectorTerm, PodAffinityTerm, TopologySpreadConstraint
from karptui.model.labels import ARCH, HOSTNAME, INSTANCE_TYPE, ZONE
from karptui.model.pod import Pod
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint
from tests.engine.cluster import asks, node, pod, pool, requests, snapshot
from tests.engine.test_provisioning_properties import clusters, many

GPU = Taint("gpu", "", "NoSchedule")


def told(*objects: Any) -> list[str]:
    """The remedies of the pod web-0, as sentences with their prices."""
    return [f"{remedy_sentence(found)}: {found.price:.2f}" for found in remedies(snapshot(*objects), "default/web-0")]


def web(cpu: str = "1", **constraints: Any) -> Pod:
    return pod("web-0", requests(cpu), {"app": "web"}, **constraints)


def test_a_zone_that_no_pool_has_is_added_or_no_longer_asked_for() -> None:
    found = told(pool("general", asks(ZONE, "In", "zone-a")), web(node_selector={ZONE: "zone-c"}))
    assert sorted(found) == ["add zone zone-c to general: 0.05", "drop the selector zone = zone-c: 0.05"]


def test_required_affinity_counts_like_a_selector() -> None:
    term = NodeSelectorTerm(((ZONE, "In", ("zone-c",)),))
    found = told(pool("general", asks(ZONE, "In", "zone-a")), web(required_node_terms=(term,)))
    assert "drop the node affinity on zone: 0.05" in found


def test_a_taint_is_tolerated() -> None:
    assert told(pool("gpu", taints=(GPU,)), web()) == ["tolerate gpu:NoSchedule: 0.05"]


def test_a_limit_is_raised_by_what_the_cheapest_type_needs() -> None:
    found = told(pool("general", limits={"cpu": "1"}), web("3"))
    assert found == ["raise the cpu limit of general from 1 to 4: 0.08"]


def test_a_request_is_lowered_to_what_the_largest_type_holds() -> None:
    assert told(pool("general"), web("40")) == ["ask for 31.9 cpu, not 40: 0.85"]


def test_a_pool_gets_the_type_that_the_pod_needs() -> None:
    found = told(pool("general", asks(INSTANCE_TYPE, "In", "small")), web("20"))
    assert "add instance-type huge to general: 0.85" in found


def test_the_cheapest_remedy_comes_first() -> None:
    cluster = snapshot(
        pool("arm", asks(ARCH, "In", "arm64"), taints=(GPU,)),
        pool("amd", asks(INSTANCE_TYPE, "In", "huge")),
        web("3", node_selector={ARCH: "arm64"}),
    )
    found = remedies(cluster, "default/web-0")
    assert [entry.price for entry in found] == sorted(entry.price for entry in found)
    best = smallest_change(cluster, "default/web-0")
    assert best == found[0]
    assert best is not None
    assert (best.instance_type, remedy_sentence(best)) == ("arm-medium", "tolerate gpu:NoSchedule")


def test_two_changes_are_told_where_one_is_not_enough() -> None:
    tainted = pool("gpu", asks(ZONE, "In", "zone-a"), taints=(GPU,))
    found = told(tainted, web(node_selector={ZONE: "zone-c"}))
    assert "tolerate gpu:NoSchedule and add zone zone-c to gpu: 0.05" in found
    assert all(" and " in entry for entry in found)


def test_a_node_that_is_there_costs_nothing() -> None:
    room = node("node-a", zone="zone-a")
    found = told(pool("general", asks(ZONE, "In", "zone-a")), room, web(node_selector={ZONE: "zone-c"}))
    assert found[0] == "drop the selector zone = zone-c: 0.00"


@pytest.mark.parametrize("key", [ZONE, HOSTNAME])
def test_what_other_pods_forbid_can_be_dropped(key: str) -> None:
    spread = TopologySpreadConstraint("example.com/rack", 1, "DoNotSchedule", label_selector({"app": "web"}))
    apart = PodAffinityTerm(key, label_selector({"app": "db"}))
    assert told(pool("general"), web(topology_spread=(spread,))) == ["drop the spread over rack: 0.05"]
    assert told(pool("general"), web(affinity=(apart,))) == [f"drop the pod affinity by {key.split('/')[1]}: 0.05"]


def test_there_is_nothing_to_change_for_a_pod_that_fits_or_where_no_pool_is_ready() -> None:
    assert told(pool("general"), web()) == []
    assert told(web()) == []


@many
@given(clusters())
def test_a_remedy_gives_a_place_to_a_pod_that_had_none(cluster: Snapshot) -> None:
    for key in list(plan(cluster).errors)[:1]:
        for found in remedies(cluster, key):
            assert found.changes
            assert found.node or found.instance_type
            assert found.price >= 0
