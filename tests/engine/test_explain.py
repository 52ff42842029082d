"""A claim explained type by type, and reasons in words."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from karptui.engine.explain import Explanation, explain_claim, failure_sentence, sentence
from karptui.engine.provisioning import plan
from karptui.model.decision import PodFailure, Reason, Refusal
from karptui.model.instance_type import Catalogue
from karptui.model.labels import ARCH, NODEPOOL, ZONE
from karptui.model.quantity import NANO
from karptui.model.snapshot import Options, Snapshot
from tests.engine.cluster import TYPES, ZONES, asks, instance_type, pod, pool, requests, snapshot
from tests.engine.test_provisioning_properties import clusters


def explained(*objects: Any, **more: Any) -> Explanation:
    cluster = snapshot(*objects, **more)
    return explain_claim(cluster, plan(cluster).claims[0])


def reason_of(explanation: Explanation, name: str) -> Reason:
    return next(verdict.reason for verdict in explanation.verdicts if verdict.instance_type == name)


def test_the_funnel_goes_from_all_types_to_those_of_the_claim() -> None:
    steps = explained(pool("default", asks(ARCH, "In", "amd64")), pod("p", requests("3", "1Gi"))).funnel
    assert steps[0].remaining == len(TYPES)
    assert steps[-1].remaining == 3
    assert [(step.code, step.remaining) for step in steps][1:] == [
        (Refusal.REQUIREMENT, 4),
        (Refusal.NO_OFFERING, 4),
        (Refusal.RESOURCES, 3),
        (Refusal.NO_CAPACITY, 3),
    ]
    assert steps[1].detail == "platform: arch amd64"


def test_every_type_of_the_catalogue_has_one_verdict_cheapest_first() -> None:
    explanation = explained(pool("default", asks(ARCH, "In", "amd64")), pod("p", requests("3", "1Gi")))
    assert {verdict.instance_type for verdict in explanation.verdicts} == {type_.name for type_ in TYPES}
    prices = [verdict.price for verdict in explanation.verdicts]
    assert prices == sorted(prices)
    assert sentence(reason_of(explanation, "arm-medium")) == "arch arm64 is not among amd64"
    assert sentence(reason_of(explanation, "small")) == "cpu 3 > 1.9"
    assert reason_of(explanation, "medium").code is Refusal.CHOSEN
    assert reason_of(explanation, "large") == Reason(Refusal.DEARER, wanted="medium", found="0.110000")


def test_a_verdict_shows_price_place_and_use() -> None:
    explanation = explained(pool(), pod("p", requests("1900m", "1Gi"), node_selector={ARCH: "amd64"}))
    chosen = next(verdict for verdict in explanation.verdicts if verdict.reason.code is Refusal.CHOSEN)
    assert (chosen.instance_type, chosen.price, chosen.zone, chosen.capacity_type) == ("small", 0.05, ZONES[0], "spot")
    assert chosen.use["cpu"] == 1.0
    assert 0.25 < chosen.use["memory"] < 0.27


def test_a_type_that_is_sold_elsewhere_or_sold_out_says_so() -> None:
    types = (
        instance_type("here", 2, 4, 0.2),
        instance_type("elsewhere", 2, 4, 0.1, zones=ZONES[1:]),
        instance_type("sold-out", 2, 4, 0.1, available=False),
    )
    explanation = explained(pool("default", asks(ZONE, "In", ZONES[0])), pod("p"), catalogue=Catalogue(types=types))
    assert sentence(reason_of(explanation, "elsewhere")) == "no on-demand or spot offering in zone-a"
    assert sentence(reason_of(explanation, "sold-out")) == "no on-demand or spot capacity in zone-a now"


def test_what_the_limit_and_the_cut_took_is_told_apart() -> None:
    limited = explained(pool(limits={"cpu": "8"}), pod("p"))
    assert reason_of(limited, "huge").code is Refusal.LIMIT
    assert limited.funnel[-1].code is Refusal.LIMIT
    cut = explained(pool(), pod("p"), options=Options(max_instance_types=2))
    assert reason_of(cut, "huge").code is Refusal.TRUNCATED
    assert cut.funnel[-1].remaining == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_the_verdicts_agree_with_the_claim(cluster: Snapshot) -> None:
    for claim in plan(cluster).claims:
        explanation = explain_claim(cluster, claim)
        kept = {
            verdict.instance_type
            for verdict in explanation.verdicts
            if verdict.reason.code in (Refusal.CHOSEN, Refusal.DEARER)
        }
        assert kept == set(claim.instance_types)
        assert explanation.funnel[-1].remaining == len(claim.instance_types)
        remaining = [step.remaining for step in explanation.funnel]
        assert remaining == sorted(remaining, reverse=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_every_failure_has_a_sentence_for_every_pool(cluster: Snapshot) -> None:
    for failure in plan(cluster).errors.values():
        text = failure_sentence(failure)
        assert all(reason.pool in text for reason in failure.reasons if reason.pool)


def test_pools_that_refuse_for_the_same_reason_are_named_together() -> None:
    full = tuple(Reason(Refusal.LIMIT_NODES, name) for name in ("a", "c", "d"))
    failure = PodFailure((full[0], Reason(Refusal.TAINT, "b", found="x=y:NoSchedule"), *full[1:]))
    assert failure_sentence(failure) == (
        "pools a, c and d: their limit on nodes is reached; pool b: taint x=y:NoSchedule is not tolerated"
    )


def test_the_pool_that_a_pod_asks_for_comes_before_those_it_never_asked_for() -> None:
    asked = {"key": NODEPOOL, "wanted": "In [batch]"}
    failure = PodFailure(
        (
            Reason(Refusal.REQUIREMENT, "general", found="In [general]", **asked),
            Reason(Refusal.TAINT, "gpu", found="x=y:NoSchedule"),
            Reason(Refusal.REQUIREMENT, "web", found="In [web]", **asked),
            Reason(Refusal.LIMIT, "batch", "cpu", found="0"),
        )
    )
    assert failure_sentence(failure) == (
        "pool batch: its limit of cpu is used up; pool gpu: taint x=y:NoSchedule is not tolerated; "
        "pools general and web: the pod asks for nodepool batch"
    )


def test_a_limit_says_what_it_leaves_or_by_how_much_it_is_exceeded() -> None:
    said = {left: sentence(Reason(Refusal.LIMIT, key="cpu", found=f"{left * NANO}")) for left in (2, 0, -20)}
    assert said[2] == "its limit leaves 2 cpu, less than any type that suits has"
    assert said[0] == "its limit of cpu is used up"
    assert said[-20] == "its limit of cpu is exceeded, by 20"


def test_every_refusal_has_words() -> None:
    for code in Refusal:
        assert sentence(Reason(code))


def test_a_long_list_of_values_keeps_its_ending() -> None:
    reason = Reason(Refusal.REQUIREMENT, "p", "a/zone", "In [x]", "In [a b c d e and 3 others]")
    assert sentence(reason) == "pool p: zone x is not among a, b, c, d, e and 3 others"
