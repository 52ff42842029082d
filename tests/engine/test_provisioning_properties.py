"""What holds for every plan, whatever the cluster."""

from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from karptui.engine.provisioning import plan
from karptui.model.affinity import NodeSelectorTerm, PodAffinityTerm, PreferredNodeTerm, TopologySpreadConstraint
from karptui.model.containers import HostPort
from karptui.model.labels import ARCH, HOSTNAME, ZONE
from karptui.model.metadata import Metadata
from karptui.model.pod import PodVolume
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint, Toleration
from karptui.model.volume import PersistentVolume, PersistentVolumeClaim
from tests.engine.checker import violations
from tests.engine.cluster import ZONES, asks, node, pod, pool, requests, snapshot
from tests.examples import examples

TEAM = Taint("team", "a", "NoSchedule")
APPS = ("web", "db", "job")
KINDS = (
    *("plain", "plain", "zones", "hosts", "spread softly", "apart", "not near others", "together"),
    *("prefers", "ports", "volume"),
)
VOLUMES = {
    name: PersistentVolume(Metadata(name), (NodeSelectorTerm(((ZONE, "In", (zone,)),)),), "ebs.csi.aws.com")
    for name, zone in (("volume-a", ZONES[0]), ("volume-b", ZONES[1]))
}
CLAIMS = {
    f"default/{name}": PersistentVolumeClaim(Metadata(name, "default"), "gp3", volume, "Bound")
    for name, volume in (("in-a", "volume-a"), ("in-b", "volume-b"))
}


@st.composite
def shapes(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, Any]]:
    """Labels and constraints of one workload."""
    app = draw(st.sampled_from(APPS))
    selector, other = label_selector({"app": app}), label_selector({"app": draw(st.sampled_from(APPS))})
    constraints: dict[str, Any] = {}
    if draw(st.booleans()):
        key, value = draw(st.sampled_from([(ZONE, ZONES[0]), (ZONE, ZONES[2]), (ARCH, "arm64"), (ARCH, "amd64")]))
        constraints["node_selector"] = {key: value}
    kind = draw(st.sampled_from(KINDS))
    term = draw(st.sampled_from((ZONE, HOSTNAME)))
    match kind:
        case "zones":
            constraints["topology_spread"] = (TopologySpreadConstraint(ZONE, 1, "DoNotSchedule", selector),)
        case "hosts":
            constraints["topology_spread"] = (TopologySpreadConstraint(HOSTNAME, 2, "DoNotSchedule", selector),)
        case "spread softly":
            constraints["topology_spread"] = (TopologySpreadConstraint(ZONE, 1, "ScheduleAnyway", selector),)
        case "apart":
            constraints["anti_affinity"] = (PodAffinityTerm(term, selector),)
        case "not near others":
            constraints["anti_affinity"] = (PodAffinityTerm(term, other),)
        case "together":
            constraints["affinity"] = (PodAffinityTerm(term, draw(st.sampled_from((selector, other)))),)
        case "prefers":
            nowhere = NodeSelectorTerm(((ZONE, "In", ("nowhere",)),))
            constraints["preferred_node_terms"] = (PreferredNodeTerm(5, nowhere),)
        case "ports":
            address = draw(st.sampled_from(("0.0.0.0", "10.0.0.1")))
            constraints["host_ports"] = (HostPort(address, draw(st.sampled_from((80, 443)))),)
        case "volume":
            constraints["volumes"] = (PodVolume("data", draw(st.sampled_from(("in-a", "in-b", "nowhere")))),)
        case _:
            pass
    if draw(st.booleans()):
        constraints["tolerations"] = (Toleration("team", "Exists"),)
    constraints["amounts"] = requests(
        draw(st.sampled_from(("100m", "500m", "1", "3", "7", "50"))), draw(st.sampled_from(("128Mi", "2Gi", "6Gi")))
    )
    return {"app": app}, constraints


@st.composite
def clusters(draw: st.DrawFn) -> Snapshot:
    """Up to 40 pods of up to five workloads, up to three pools, up to three nodes with pods on them."""
    objects: list[Any] = []
    for number, (labels, constraints) in enumerate(draw(st.lists(shapes(), min_size=1, max_size=5))):
        objects += [
            pod(f"w{number}-{replica}", labels=labels, created=float(replica % 3), **constraints)
            for replica in range(draw(st.integers(1, 8)))
        ]
    for number in range(draw(st.integers(0, 3))):
        objects.append(node(f"node-{number}", zone=draw(st.sampled_from(ZONES))))
        for resident in range(draw(st.integers(0, 2))):
            app = draw(st.sampled_from(APPS))
            alone = (PodAffinityTerm(draw(st.sampled_from((ZONE, HOSTNAME))), label_selector({"app": app})),)
            apart: dict[str, Any] = {"anti_affinity": alone} if draw(st.integers(0, 3)) == 3 else {}
            given_name = f"r{number}-{resident}"
            objects.append(pod(given_name, requests("500m", "512Mi"), {"app": app}, node=f"node-{number}", **apart))
    objects.append(pool("general"))
    if draw(st.booleans()):
        objects.append(pool("tainted", taints=(TEAM,), weight=draw(st.sampled_from((0, 10)))))
    if draw(st.booleans()):
        limits = draw(st.sampled_from(({"cpu": "40"}, {"cpu": "9", "memory": "64Gi"}, {"memory": "20Gi"})))
        objects.append(pool("limited", asks(ARCH, "In", "amd64"), weight=5, limits=limits))
    return snapshot(*objects, volume_claims=CLAIMS, volumes=VOLUMES)


many = examples(60)


@many
@given(clusters())
def test_no_plan_breaks_a_rule_of_kubernetes(cluster: Snapshot) -> None:
    assert violations(cluster, plan(cluster)) == []


@many
@given(clusters(), st.integers())
def test_the_order_of_objects_does_not_matter(cluster: Snapshot, seed: int) -> None:
    random = Random(seed)

    def shuffled(entries: dict[str, Any]) -> dict[str, Any]:
        keys = list(entries)
        random.shuffle(keys)
        return {key: entries[key] for key in keys}

    other = msgspec.structs.replace(
        cluster,
        pods=shuffled(cluster.pods),
        nodes=shuffled(cluster.nodes),
        node_pools=shuffled(cluster.node_pools),
    )
    assert msgspec.json.encode(plan(other), order="sorted") == msgspec.json.encode(plan(cluster), order="sorted")


@many
@given(clusters())
def test_a_pool_that_no_pod_may_use_changes_nothing(cluster: Snapshot) -> None:
    closed = pool("closed", taints=(Taint("closed", "", "NoExecute"),), weight=100)
    tolerant = [entry for entry in cluster.pods.values() if any(not t.key for t in entry.spec.tolerations)]
    assert not tolerant
    other = msgspec.structs.replace(cluster, node_pools={**cluster.node_pools, "closed": closed})
    before, after = plan(cluster), plan(other)
    assert [(claim.node_pool, claim.pods, claim.instance_types) for claim in after.claims] == [
        (claim.node_pool, claim.pods, claim.instance_types) for claim in before.claims
    ]
    assert after.existing == before.existing
    assert after.errors.keys() == before.errors.keys()


@many
@given(clusters())
def test_a_plan_leaves_its_snapshot_as_it_was(cluster: Snapshot) -> None:
    before = msgspec.json.encode({name: getattr(cluster, name) for name in ("pods", "nodes", "node_pools")})
    first = plan(cluster)
    assert msgspec.json.encode({name: getattr(cluster, name) for name in ("pods", "nodes", "node_pools")}) == before
    assert msgspec.json.encode(plan(cluster)) == msgspec.json.encode(first)


@many
@given(clusters())
def test_deciding_by_class_gives_what_deciding_pod_by_pod_gives(cluster: Snapshot) -> None:
    """With a fingerprint of its own every pod is a class of its own."""
    replace = msgspec.structs.replace
    alone = {key: replace(entry, spec=replace(entry.spec, key=key.encode())) for key, entry in cluster.pods.items()}
    by_class, by_pod = plan(cluster), plan(replace(cluster, pods=alone))
    assert msgspec.json.encode(by_pod, order="sorted") == msgspec.json.encode(by_class, order="sorted")
