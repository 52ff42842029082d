"""Nothing in a cluster makes a plan fail, however odd it is."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from karptui.engine.explain import explain_claim, failure_sentence, remedies, remedy_sentence
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.node_claim import node_claim_object
from karptui.model.affinity import (
    NodeSelectorTerm,
    PodAffinityTerm,
    PreferredNodeTerm,
    PreferredPodTerm,
    TopologySpreadConstraint,
)
from karptui.model.containers import HostPort
from karptui.model.labels import ARCH, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODEPOOL, ZONE
from karptui.model.node import RequirementSpec
from karptui.model.pod import PodVolume
from karptui.model.quantity import NANO
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Options, Snapshot
from karptui.model.taints import Taint, Toleration
from tests.engine.cluster import ZONES, node, pod, pool, snapshot
from tests.examples import examples

KEYS: st.SearchStrategy[str] = st.sampled_from(
    (ZONE, ARCH, HOSTNAME, NODEPOOL, CAPACITY_TYPE, INSTANCE_TYPE, "", "a", "karpenter.sh/x", "é/€", "x" * 400)
)
VALUES: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(("", "zone-a", "zone-b", "amd64", "spot", "7", "-7", "9" * 40, "small", "default", "\x1b[31m")),
    st.text(max_size=6),
)
OPERATORS = st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte", "Like", ""))
AMOUNTS = st.one_of(
    st.sampled_from((0, 1, -1, NANO, 3 * NANO, 10**30, -(10**30), 2**63 * NANO)), st.integers(-(10**12), 10**12)
)
RESOURCES: st.SearchStrategy[dict[str, int]] = st.dictionaries(
    st.sampled_from(("cpu", "memory", "pods", "nodes", "nvidia.com/gpu", "hugepages-2Mi", "")), AMOUNTS, max_size=5
)
EFFECTS = st.sampled_from(("NoSchedule", "PreferNoSchedule", "NoExecute", "", "Odd"))
TAINTS = st.builds(Taint, KEYS, VALUES, EFFECTS)
TOLERATIONS = st.builds(Toleration, KEYS, st.sampled_from(("Exists", "Equal", "", "Lt", "Gt", "Odd")), VALUES, EFFECTS)
SELECTORS = st.one_of(st.none(), st.builds(label_selector, st.dictionaries(KEYS, VALUES, max_size=2)))
EXPRESSIONS = st.tuples(KEYS, OPERATORS, st.lists(VALUES, max_size=3).map(tuple))
TERMS = st.builds(NodeSelectorTerm, st.lists(EXPRESSIONS, max_size=3).map(tuple), st.booleans())
POD_TERMS = st.builds(PodAffinityTerm, KEYS, SELECTORS, st.lists(VALUES, max_size=2).map(tuple), SELECTORS)
SPREADS = st.builds(
    TopologySpreadConstraint,
    KEYS,
    st.sampled_from((1, 0, -1, 10**12)),
    st.sampled_from(("DoNotSchedule", "ScheduleAnyway", "Odd")),
    SELECTORS,
    st.sampled_from((None, 0, 3, -1)),
    st.sampled_from(("Honor", "Ignore", "Odd")),
    st.sampled_from(("Honor", "Ignore", "Odd")),
    st.lists(KEYS, max_size=2).map(tuple),
)


def few(entries: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(entries, max_size=most).map(tuple)


CONSTRAINTS: dict[str, st.SearchStrategy[Any]] = {
    "node_selector": st.dictionaries(KEYS, VALUES, max_size=2),
    "required_node_terms": few(TERMS),
    "preferred_node_terms": few(st.builds(PreferredNodeTerm, st.integers(-5, 200), TERMS)),
    "tolerations": few(TOLERATIONS, 3),
    "topology_spread": few(SPREADS),
    "affinity": few(POD_TERMS),
    "preferred_affinity": few(st.builds(PreferredPodTerm, st.integers(-5, 200), POD_TERMS)),
    "anti_affinity": few(POD_TERMS),
    "preferred_anti_affinity": few(st.builds(PreferredPodTerm, st.integers(-5, 200), POD_TERMS)),
    "host_ports": few(st.builds(HostPort, VALUES, st.integers(-1, 70_000), VALUES)),
    "volumes": few(st.builds(PodVolume, VALUES, VALUES, st.booleans(), st.one_of(st.none(), VALUES))),
    "resource_claims": st.booleans(),
}


@st.composite
def pods(draw: st.DrawFn, name: str, on: str = "") -> Any:
    chosen = draw(st.sets(st.sampled_from(sorted(CONSTRAINTS)), max_size=4))
    labels = draw(st.dictionaries(KEYS, VALUES, max_size=3))
    constraints = {field: draw(CONSTRAINTS[field]) for field in sorted(chosen)}
    return pod(name, draw(RESOURCES) or None, labels, on, **constraints)


@st.composite
def oddities(draw: st.DrawFn) -> Snapshot:
    objects: list[Any] = [draw(pods(f"p{number}")) for number in range(draw(st.integers(1, 4)))]
    for number in range(draw(st.integers(0, 2))):
        there = node(f"node-{number}", zone=draw(st.sampled_from(ZONES)))
        objects.append(replace(there, allocatable=draw(RESOURCES), taints=draw(few(TAINTS))))
        objects.append(draw(pods(f"r{number}", f"node-{number}")))
    specs = st.builds(RequirementSpec, KEYS, OPERATORS, few(VALUES, 3), st.sampled_from((None, None, 0, 2, -3)))
    for number in range(draw(st.integers(1, 3))):
        given_pool = pool(
            f"pool-{number}",
            *draw(few(specs)),
            weight=draw(st.integers(-5, 200)),
            taints=draw(few(TAINTS)),
            labels=draw(st.dictionaries(KEYS, VALUES, max_size=2)),
        )
        objects.append(replace(given_pool, limits=draw(st.one_of(st.none(), RESOURCES))))
    options = Options(
        preference_policy=draw(st.sampled_from(("Respect", "Ignore"))),
        min_values_policy=draw(st.sampled_from(("Strict", "BestEffort"))),
        ignore_dra_requests=draw(st.booleans()),
    )
    return replace(snapshot(*objects), options=options)


@examples(150)
@given(oddities())
def test_every_pending_pod_gets_an_answer_whatever_the_objects_say(cluster: Snapshot) -> None:
    answer = plan(cluster)
    told = [key for claim in answer.claims for key in claim.pods]
    told += [key for keys in answer.existing.values() for key in keys]
    told += [*answer.errors, *answer.ignored]
    assert sorted(told) == sorted(key for key, entry in cluster.pods.items() if entry.provisionable)
    for claim in answer.claims:
        assert claim.instance_types
        assert explain_claim(cluster, claim).verdicts
        assert node_claim_object(claim, cluster.node_pools[claim.node_pool])["spec"]["requirements"]
    for key, failure in answer.errors.items():
        assert failure_sentence(failure)
        assert all(remedy_sentence(found) for found in remedies(cluster, key))


def test_ten_thousand_label_keys_are_no_more_than_labels() -> None:
    many = {f"example.com/key-{number}": str(number) for number in range(10_000)}
    crowded = pod("crowded", labels=many, node_selector=many)
    cluster = snapshot(pool("plain"), pool("labelled", labels=many), crowded, pod("other"))
    answer = plan(cluster)
    assert {claim.node_pool for claim in answer.claims if "default/crowded" in claim.pods} == {"labelled"}
    assert not answer.errors
