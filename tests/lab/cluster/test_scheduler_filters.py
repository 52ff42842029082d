"""The filters against a direct reading of what Kubernetes documents, over small random clusters."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.lab.cluster.kinds import Object
from karptui.lab.cluster.scheduler.failure import unschedulable_message
from karptui.lab.cluster.scheduler.filters import FilterState, Refusal, refusal
from karptui.lab.cluster.scheduler.node_info import SchedulerCache
from karptui.lab.cluster.scheduler.pod_info import pod_info

ZONE = "topology.kubernetes.io/zone"
APPS = ("web", "db")

taints = st.lists(
    st.fixed_dictionaries({"key": st.sampled_from("xy"), "effect": st.sampled_from(("NoSchedule", "NoExecute"))}),
    max_size=1,
)
nodes = st.lists(
    st.fixed_dictionaries(
        {
            "cpu": st.integers(1, 4),
            "zone": st.sampled_from("abc"),
            "taints": taints,
            "cordoned": st.booleans(),
            "pods": st.lists(st.tuples(st.sampled_from(APPS), st.integers(0, 2), st.booleans()), max_size=3),
        }
    ),
    min_size=1,
    max_size=5,
)
wishes = st.fixed_dictionaries(
    {
        "cpu": st.integers(0, 3),
        "zones": st.none() | st.sets(st.sampled_from("abc"), min_size=1, max_size=2),
        "tolerates": st.none() | st.sampled_from(("x", "y", "")),
        "skew": st.none() | st.integers(1, 2),
        "apart": st.none() | st.sampled_from(APPS),
        "together": st.none() | st.sampled_from(APPS),
    }
)


def pod(name: str, app: str, cpu: int, spec: Object | None = None) -> Object:
    container = {"name": "main", "image": "i", "resources": {"requests": {"cpu": str(cpu)}}}
    meta = {"name": name, "namespace": "default", "uid": name, "labels": {"app": app}}
    return {"metadata": meta, "spec": {"containers": [container], **(spec or {})}, "status": {}}


def term(app: str) -> Object:
    return {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": app}}}


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
SHY = {"affinity": {"podAntiAffinity": {REQUIRED: [term("web")]}}}


def incoming(wish: dict[str, Any]) -> Object:
    affinity: Object = {}
    if wish["zones"] is not None:
        expression = {"key": ZONE, "operator": "In", "values": sorted(wish["zones"])}
        affinity["nodeAffinity"] = {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    if wish["apart"]:
        affinity["podAntiAffinity"] = {REQUIRED: [term(wish["apart"])]}
    if wish["together"]:
        affinity["podAffinity"] = {REQUIRED: [term(wish["together"])]}
    spec: Object = {"affinity": affinity}
    if wish["tolerates"] is not None:
        key = {"key": wish["tolerates"]} if wish["tolerates"] else {}
        spec["tolerations"] = [{"operator": "Exists", **key}]
    if wish["skew"]:
        spec["topologySpreadConstraints"] = [
            {
                "topologyKey": ZONE,
                "maxSkew": wish["skew"],
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app": "web"}},
            }
        ]
    return pod("incoming", "web", wish["cpu"], spec)


def admitted(wish: dict[str, Any], described: list[dict[str, Any]], index: int) -> bool:
    """Whether the web pod may go to node `index`, read off the description without any of the machinery."""
    node = described[index]
    tolerated = wish["tolerates"] == "" or all(taint["key"] == wish["tolerates"] for taint in node["taints"])
    # An Exists toleration without a key also covers the taint of cordoned nodes.
    if not tolerated or (node["cordoned"] and wish["tolerates"] != ""):
        return False
    if wish["zones"] is not None and node["zone"] not in wish["zones"]:
        return False
    if wish["cpu"] and sum(cpu for _, cpu, _ in node["pods"]) + wish["cpu"] > node["cpu"]:
        return False

    def in_zone(zone: str, app: str) -> int:
        return sum(one == app for other in described if other["zone"] == zone for one, _, _ in other["pods"])

    if wish["skew"]:
        domains = {other["zone"] for other in described if wish["zones"] is None or other["zone"] in wish["zones"]}
        if in_zone(node["zone"], "web") + 1 - min(in_zone(zone, "web") for zone in domains) > wish["skew"]:
            return False
    if wish["apart"] and in_zone(node["zone"], wish["apart"]):
        return False
    if wish["together"] and not in_zone(node["zone"], wish["together"]):
        anywhere = any(in_zone(zone, wish["together"]) for zone in "abc")
        if anywhere or wish["together"] != "web":
            return False
    return not any(shy for other in described if other["zone"] == node["zone"] for _, _, shy in other["pods"])


@settings(max_examples=400, deadline=None)
@given(nodes, wishes)
def test_a_node_is_refused_exactly_when_one_of_the_rules_forbids_it(
    described: list[dict[str, Any]], wish: dict[str, Any]
) -> None:
    cache = SchedulerCache()
    for index, node in enumerate(described):
        cache.set_node(
            {
                "metadata": {"name": f"n{index}", "labels": {ZONE: node["zone"]}},
                "spec": {"taints": node["taints"], "unschedulable": node["cordoned"]},
                "status": {"allocatable": {"cpu": str(node["cpu"]), "pods": "10"}},
            }
        )
        for number, (app, cpu, shy) in enumerate(node["pods"]):
            cache.place(pod_info(pod(f"p{index}-{number}", app, cpu, SHY if shy else None)), f"n{index}")
    newcomer = pod_info(incoming(wish))
    infos = cache.nodes()
    state = FilterState(newcomer, infos)
    got = [refusal(state, info) is None for info in infos]
    assert got == [admitted(wish, described, index) for index in range(len(described))]


def test_counted_reasons_are_sorted_as_text() -> None:
    waiting = pod_info(pod("p", "web", 1))
    many = Refusal(("Insufficient cpu",), False, "NodeResourcesFit")
    few = Refusal(("node(s) didn't match Pod's node affinity/selector",), True, "NodeAffinity")
    message = unschedulable_message(waiting, [few, few, *[many] * 10], (1, 35))
    assert message == (
        "0/12 nodes are available: 10 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector. "
        "no new claims to deallocate, preemption: 0/12 nodes are available: "
        "10 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
    )


def test_taints_are_named_only_by_releases_that_named_them() -> None:
    waiting = pod_info(pod("p", "web", 1))
    tainted = Refusal(("node(s) had untolerated taint {karpenter.sh/unregistered: }",), True, "TaintToleration")
    assert unschedulable_message(waiting, [tainted], (1, 33)) == (
        "0/1 nodes are available: 1 node(s) had untolerated taint {karpenter.sh/unregistered: }. "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
    assert unschedulable_message(waiting, [tainted], (1, 35)) == (
        "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )
