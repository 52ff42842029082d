"""What a provisioning round decides, on small clusters; tests/conformance holds the whole against Karpenter."""

from msgspec.structs import replace

from karptui.engine.explain import failure_sentence
from karptui.engine.provisioning import NOT_SYNCED, plan
from karptui.model.affinity import (
    NodeSelectorTerm,
    PodAffinityTerm,
    PreferredNodeTerm,
    TopologySpreadConstraint,
)
from karptui.model.decision import Refusal
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.labels import ARCH, HOSTNAME, INSTANCE_TYPE, ZONE
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Options
from karptui.model.taints import Taint, Toleration
from tests.engine.cluster import ZONES, asks, claim_for, instance_type, node, pod, pool, requests, snapshot


def partly_sold_out(available_in: tuple[str, ...]) -> InstanceType:
    """A small type sold everywhere, which can be had only in some zones."""
    sold = instance_type("small", 2, 4, 0.1)
    offerings = tuple(replace(offering, available=offering.zone in available_in) for offering in sold.offerings)
    return replace(sold, offerings=offerings)


def test_pods_share_the_cheapest_node_that_holds_them_all() -> None:
    answer = plan(snapshot(pool(), *(pod(f"p{number}") for number in range(3))))
    assert [claim.pods for claim in answer.claims] == [("default/p0", "default/p1", "default/p2")]
    assert answer.claims[0].instance_types[0] == "arm-medium"
    assert answer.claims[0].price == 0.08
    assert answer.claims[0].capacity_type == "spot"


def test_the_heavier_pool_is_tried_first_and_among_equals_the_later_name() -> None:
    assert plan(snapshot(pool("a"), pool("b", weight=1), pod("p"))).claims[0].node_pool == "b"
    assert plan(snapshot(pool("a"), pool("b"), pod("p"))).claims[0].node_pool == "b"


def test_a_pod_goes_to_a_node_with_room_before_anything_is_made() -> None:
    answer = plan(snapshot(pool(), node("n1"), pod("p")))
    assert answer.existing == {"n1": ("default/p",)}
    assert answer.claims == ()


def test_what_is_left_of_a_node_counts() -> None:
    resident = pod("resident", requests("3500m", "1Gi"), node="n1")
    answer = plan(snapshot(pool(), node("n1"), resident, pod("p")))
    assert answer.existing == {}
    assert len(answer.claims) == 1


def test_a_limit_refuses_types_that_would_exceed_it() -> None:
    answer = plan(snapshot(pool(limits={"cpu": "4"}), pod("p", requests("3", "1Gi")), pod("q", requests("3", "1Gi"))))
    assert set(answer.claims[0].instance_types) == {"medium", "arm-medium"}
    assert [failure.reasons[0].code for failure in answer.errors.values()] == [Refusal.LIMIT]


def test_every_pool_says_why_it_does_not_take_a_pod() -> None:
    taint = Taint("team", "a", "NoSchedule")
    cluster = snapshot(
        pool("tainted", taints=(taint,), weight=2),
        pool("far", asks(ZONE, "In", *ZONES[:2]), weight=1),
        pool("open"),
        pod("p", requests("100", "1Gi"), node_selector={ZONE: ZONES[2]}),
    )
    reasons = plan(cluster).errors["default/p"].reasons
    assert [(reason.pool, reason.code) for reason in reasons] == [
        ("tainted", Refusal.TAINT),
        ("far", Refusal.REQUIREMENT),
        ("open", Refusal.RESOURCES),
    ]
    assert failure_sentence(plan(cluster).errors["default/p"]) == (
        "pool open: cpu 100 > 31.9; "
        "pool far: zone zone-c is not among zone-a, zone-b; "
        "pool tainted: taint team=a:NoSchedule is not tolerated"
    )


def test_a_type_that_cannot_be_had_now_is_told_from_one_that_is_not_sold_there() -> None:
    tiny = instance_type("tiny", 1, 1, 0.01)
    sold_out = Catalogue(types=(tiny, partly_sold_out(available_in=ZONES[:1])))
    wanting = pod("p", requests("1500m", "1Gi"), node_selector={ZONE: ZONES[1]})
    reason = plan(snapshot(pool(), wanting, catalogue=sold_out)).errors["default/p"].reasons[0]
    assert reason.code is Refusal.NO_CAPACITY
    assert failure_sentence(plan(snapshot(pool(), wanting, catalogue=sold_out)).errors["default/p"]) == (
        "pool default: no capacity in zone-b now"
    )


def test_a_preference_that_cannot_be_met_is_given_up_and_told() -> None:
    term = NodeSelectorTerm(((ZONE, "In", ("nowhere",)),))
    answer = plan(snapshot(pool(), pod("p", preferred_node_terms=(PreferredNodeTerm(1, term),))))
    assert [claim.pods for claim in answer.claims] == [("default/p",)]
    assert [(entry.pod, entry.kind) for entry in answer.claims[0].relaxed] == [("default/p", "preferred node affinity")]
    assert answer.relaxed == answer.claims[0].relaxed


def test_required_alternatives_are_used_up_one_by_one() -> None:
    terms = tuple(NodeSelectorTerm(((ZONE, "In", (zone,)),)) for zone in ("nowhere", ZONES[1], ZONES[0]))
    answer = plan(snapshot(pool(), pod("p", required_node_terms=terms)))
    assert answer.claims[0].zone == ZONES[1]


def test_pods_that_spread_over_zones_get_a_node_in_each() -> None:
    constraint = TopologySpreadConstraint(ZONE, 1, "DoNotSchedule", label_selector({"app": "web"}))
    pods = [pod(f"p{number}", labels={"app": "web"}, topology_spread=(constraint,)) for number in range(6)]
    answer = plan(snapshot(pool(), *pods))
    assert sorted((claim.zone, len(claim.pods)) for claim in answer.claims) == [(zone, 2) for zone in ZONES]


def test_pods_that_keep_apart_get_a_node_each_and_keep_others_out() -> None:
    term = PodAffinityTerm(HOSTNAME, label_selector({"app": "web"}))
    apart = [pod(f"p{number}", labels={"app": "web"}, anti_affinity=(term,)) for number in range(3)]
    other = pod("q", requests("100m", "64Mi"), labels={"app": "web"})
    assert len(plan(snapshot(pool(), *apart, other)).claims) == 4


def test_a_pod_follows_the_one_it_is_attracted_to() -> None:
    attracted = pod("p", affinity=(PodAffinityTerm(ZONE, label_selector({"app": "db"})),))
    resident = pod("db", labels={"app": "db"}, node="n1")
    answer = plan(snapshot(pool(), node("n1", cpu="1100m", zone=ZONES[1]), resident, attracted))
    assert answer.claims[0].zone == ZONES[1]


def test_a_pod_that_karpenter_does_not_validate_is_left_out_with_a_word() -> None:
    answer = plan(snapshot(pool(), pod("p", node_selector={HOSTNAME: "n1"}), pod("q")))
    assert answer.ignored.keys() == {"default/p"}
    assert HOSTNAME in answer.ignored["default/p"]
    assert [claim.pods for claim in answer.claims] == [("default/q",)]


def test_pods_of_a_node_that_goes_away_are_placed_again() -> None:
    leaving = node("n1", pool_name="default")
    cluster = snapshot(pool(), leaving, claim_for(leaving), pod("p", node="n1"), marked_for_deletion=frozenset({"n1"}))
    assert [claim.pods for claim in plan(cluster).claims] == [("default/p",)]


def test_no_round_starts_while_a_claim_is_being_launched() -> None:
    launching = NodeClaim(Metadata("c1"))
    answer = plan(snapshot(pool(), launching, pod("p")))
    assert answer.deferred == NOT_SYNCED
    assert answer.claims == ()


def test_without_a_pool_that_is_ready_nothing_is_tried() -> None:
    unready = replace(pool(), conditions=())
    answer = plan(snapshot(unready, node("n1"), pod("p")))
    assert answer.existing == {}
    assert [reason.code for reason in answer.errors["default/p"].reasons] == [Refusal.NO_POOLS]


def test_pods_with_resource_claims_are_refused_or_the_plan_says_that_it_does_not_weigh_them() -> None:
    wanting = pod("p", resource_claims=True)
    refused = plan(snapshot(pool(), wanting))
    assert [reason.code for reason in refused.errors["default/p"].reasons] == [Refusal.DRA]
    assert refused.not_modelled == ()
    weighed = plan(snapshot(pool(), wanting, options=Options(ignore_dra_requests=False)))
    assert weighed.not_modelled == ("dynamic resource allocation",)


def test_capacity_buffers_are_named_as_not_modelled() -> None:
    gates = {"NodeOverlay": True, "CapacityBuffer": True}
    answer = plan(snapshot(pool(), pod("p"), options=Options(feature_gates=gates)))
    assert answer.not_modelled == ("CapacityBuffer",)


def test_a_tolerated_pool_takes_its_pods() -> None:
    taint = Taint("team", "a", "NoSchedule")
    tolerant = pod("p", tolerations=(Toleration("team", "Equal", "a"),))
    answer = plan(
        snapshot(pool("plain"), pool("tainted", asks(ARCH, "In", "amd64"), taints=(taint,), weight=1), tolerant)
    )
    assert answer.claims[0].node_pool == "tainted"
    assert answer.claims[0].taints == (taint,)


def test_min_values_keep_a_claim_open_to_several_types() -> None:
    choosy = pool("default", asks(INSTANCE_TYPE, "Exists", min_values=3))
    assert plan(snapshot(choosy, pod("p"))).claims[0].instance_type_min_values == 3
    strict = snapshot(choosy, pod("p", requests("20", "1Gi")))
    assert plan(strict).errors["default/p"].reasons[0].code is Refusal.MIN_VALUES
    relaxed = plan(replace(strict, options=Options(min_values_policy="BestEffort")))
    assert relaxed.claims[0].instance_types == ("huge",)
    assert relaxed.claims[0].min_values_relaxed


def test_what_means_nothing_costs_only_the_object_that_says_it() -> None:
    odd = NodeSelectorTerm(((ZONE, "Like", ("x",)),))
    bare = NodeSelectorTerm(((ZONE, "Gt", ()),))
    leaving = node("n1", pool_name="default")
    cluster = snapshot(
        pool(),
        pool("odd", asks(ZONE, "Like", "x"), weight=9),
        leaving,
        claim_for(leaving),
        pod("moving", node="n1", required_node_terms=(odd,)),
        pod("a", required_node_terms=(odd,)),
        pod("b", preferred_node_terms=(PreferredNodeTerm(1, bare),)),
        pod("c"),
        marked_for_deletion=frozenset({"n1"}),
    )
    answer = plan(cluster)
    assert answer.ignored.keys() == {"default/a", "default/b", "default/moving"}
    assert [(claim.node_pool, claim.pods) for claim in answer.claims] == [("default", ("default/c",))]


def test_a_round_that_runs_out_of_time_keeps_what_is_placed() -> None:
    cluster = snapshot(pool(), *(pod(f"p{number}") for number in range(5)))
    asked: list[int] = []

    def expired() -> bool:
        asked.append(1)
        return len(asked) > 2

    answer = plan(cluster, expired)
    assert answer.unfinished
    assert sum(len(claim.pods) for claim in answer.claims) == 2
    assert answer.errors == {}
    assert not plan(cluster, lambda: False).unfinished


def test_static_pools_make_no_nodes_for_pending_pods_as_in_karpenter() -> None:
    static = replace(pool("fixed"), replicas=3)
    assert plan(snapshot(static, pod("p"))).errors["default/p"].reasons[0].code is Refusal.NO_POOLS
    gated = replace(snapshot(static, pool(), pod("p")), options=Options(feature_gates={"StaticCapacity": True}))
    answer = plan(gated)
    assert [claim.node_pool for claim in answer.claims] == ["default"]
    assert answer.not_modelled == ()
