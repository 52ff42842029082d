"""Policy cheapest: Karpenter's rules, a lower bill."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from karptui.engine.bound import NoSolver, lower_bound
from karptui.engine.cheapest import Policy, cheapest, decide, price_of
from karptui.engine.cheapest.packing import Packing
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.pools import usable_pools
from karptui.model.affinity import NodeSelectorTerm, PodAffinityTerm, PreferredNodeTerm
from karptui.model.labels import HOSTNAME, ZONE
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Snapshot
from tests.engine.checker import violations
from tests.engine.cluster import pod, pool, requests, snapshot
from tests.engine.test_provisioning_properties import clusters


def mixed(count: int) -> Snapshot:
    """Pods that want much memory and pods that want much cpu, some of which may not share a node."""
    objects: list[Any] = [pool()]
    apart = (PodAffinityTerm(HOSTNAME, label_selector({"app": "apart"})),)
    for number in range(count):
        amounts = requests("900m", "256Mi") if number % 2 else requests("100m", "3Gi")
        objects.append(pod(f"p-{number:03d}", amounts=amounts))
    objects += [
        pod(f"a-{number}", labels={"app": "apart"}, amounts=requests("100m", "64Mi"), anti_affinity=apart)
        for number in range(count // 4)
    ]
    return snapshot(*objects)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_it_breaks_no_rule_and_is_never_dearer(world: Snapshot) -> None:
    parity = plan(world)
    other = cheapest(world, parity)
    assert violations(world, other) == []
    assert price_of(other) <= price_of(parity)
    assert other.errors.keys() == parity.errors.keys()
    assert {*other.relaxed} <= {*parity.relaxed}


def test_it_is_cheaper_where_karpenter_fills_nodes_badly() -> None:
    world = mixed(40)
    parity = plan(world)
    other = cheapest(world, parity)
    assert violations(world, other) == []
    assert price_of(other) < price_of(parity)


def test_the_policy_karpenter_is_its_answer_with_the_other_price_beside_it() -> None:
    world = mixed(12)
    answer, parity = decide(world), plan(world)
    assert [msgspec.structs.astuple(claim) for claim in answer.claims] == [
        msgspec.structs.astuple(claim) for claim in parity.claims
    ]
    assert answer.compared is not None
    assert answer.compared.karpenter == price_of(parity)
    assert answer.compared.cheapest == price_of(decide(world, Policy.CHEAPEST))


def test_a_pod_that_no_relaxation_helps_ends_the_packing() -> None:
    nowhere = NodeSelectorTerm(((ZONE, "In", ("nowhere",)),))
    held = pod("held", node_selector={ZONE: "nowhere"}, preferred_node_terms=(PreferredNodeTerm(5, nowhere),))
    world = snapshot(pool(), held, *(pod(f"p-{number}") for number in range(3)))
    ground = Groundwork(world, (), usable_pools(world), [entry.spec for entry in world.pods.values()])
    packed = Packing(ground, Batch.of(list(world.pods.values()))).pack()
    assert [entry.metadata.name for entry in packed.left] == ["held"]


def test_no_plan_is_cheaper_than_the_bound() -> None:
    world = mixed(24)
    parity = plan(world)
    try:
        bound = lower_bound(world, parity)
    except NoSolver:
        pytest.skip("highspy is not installed")
    assert bound is not None
    assert 0 < bound.price <= price_of(cheapest(world, parity)) <= price_of(parity)
    assert sum(bound.bought.values()) > 0


def test_the_bound_of_pods_that_one_node_holds_is_no_part_of_a_node() -> None:
    world = snapshot(pool(), pod("large", requests("6", "1Gi")), pod("small", requests("100m", "64Mi")))
    parity = plan(world)
    try:
        bound = lower_bound(world, parity)
    except NoSolver:
        pytest.skip("highspy is not installed")
    assert bound is not None
    assert bound.price == price_of(parity) == 0.21
