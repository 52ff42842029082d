"""Which taints a pod tolerates."""

import pytest

from karptui.model.taints import (
    DISRUPTED_TAINT,
    UNREGISTERED_TAINT,
    Taint,
    Toleration,
    is_ephemeral,
    tolerates,
    tolerates_all,
    untolerated,
)

TEAM = Taint("team", "a", "NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "answer"),
    [
        (Toleration("team", "Equal", "a", "NoSchedule"), True),
        (Toleration("team", "", "a", "NoSchedule"), True),
        (Toleration("team", "Equal", "b", "NoSchedule"), False),
        (Toleration("team", "Equal", "a", ""), True),
        (Toleration("team", "Equal", "a", "NoExecute"), False),
        (Toleration("team", "Exists"), True),
        (Toleration("other", "Exists"), False),
        (Toleration("", "Exists"), True),
        (Toleration("", "Exists", "", "PreferNoSchedule"), False),
        (Toleration("team", "In", "a"), False),
    ],
)
def test_a_toleration_tolerates_a_taint(toleration: Toleration, answer: bool) -> None:
    assert toleration.tolerates(TEAM) is answer


@pytest.mark.parametrize(
    ("operator", "taint_value", "toleration_value", "answer"),
    [
        ("Lt", "4", "5", True),
        ("Lt", "5", "5", False),
        ("Gt", "6", "5", True),
        ("Gt", "5", "5", False),
        ("Lt", "-9", "-8", True),
        ("Gt", "10", "9", True),
        ("Gt", "0", "-1", True),
        ("Lt", "4", "05", False),
        ("Lt", "4", "+5", False),
        ("Lt", "-0", "5", False),
        ("Lt", "x", "5", False),
        ("Lt", "", "5", False),
        ("Lt", "4", str(2**63), False),
        ("Gt", str(2**63 - 1), "5", True),
    ],
)
def test_a_toleration_compares_plain_integers(
    operator: str, taint_value: str, toleration_value: str, answer: bool
) -> None:
    taint = Taint("priority", taint_value, "NoSchedule")
    assert Toleration("priority", operator, toleration_value).tolerates(taint) is answer


def test_every_effect_must_be_tolerated_and_order_is_kept() -> None:
    taints = [TEAM, Taint("soft", "", "PreferNoSchedule"), Taint("gpu", "", "NoExecute")]
    assert untolerated(taints, []) == taints
    assert untolerated(taints, [Toleration("gpu", "Exists")]) == taints[:2]
    assert untolerated(taints, [Toleration("", "Exists")]) == []
    assert tolerates([Toleration("x", "Exists"), Toleration("team", "Exists")], TEAM)
    assert not tolerates([], TEAM)
    assert (
        tolerates_all((), ()) and not tolerates_all((), (TEAM,)) and tolerates_all((Toleration("", "Exists"),), (TEAM,))
    )


@pytest.mark.parametrize(
    ("taint", "answer"),
    [
        (Taint("node.kubernetes.io/not-ready", "", "NoSchedule"), True),
        (Taint("node.kubernetes.io/not-ready", "", "NoExecute"), True),
        (Taint("node.kubernetes.io/unreachable", "", "NoSchedule"), True),
        (Taint("node.kubernetes.io/unreachable", "", "NoExecute"), False),
        (Taint("node.cloudprovider.kubernetes.io/uninitialized", "true", "NoSchedule"), True),
        (Taint("node.cloudprovider.kubernetes.io/uninitialized", "other", "NoSchedule"), True),
        (UNREGISTERED_TAINT, True),
        (Taint("readiness.k8s.io/network", "", "NoSchedule"), True),
        (Taint("node.kubernetes.io/unschedulable", "", "NoSchedule"), False),
        (DISRUPTED_TAINT, False),
    ],
)
def test_taints_that_go_away_by_themselves_are_known(taint: Taint, answer: bool) -> None:
    assert is_ephemeral(taint) is answer


def test_readiness_taints_are_ephemeral_only_to_releases_that_know_them() -> None:
    assert not is_ephemeral(Taint("readiness.k8s.io/network", "", "NoSchedule"), readiness=False)


@pytest.mark.parametrize(
    ("taint", "text"),
    [
        (TEAM, "team=a:NoSchedule"),
        (DISRUPTED_TAINT, "karpenter.sh/disrupted:NoSchedule"),
        (Taint("team", "a"), "team=a:"),
        (Taint("team"), "team"),
    ],
)
def test_a_taint_is_written_as_kubectl_writes_it(taint: Taint, text: str) -> None:
    assert taint.format() == text


def test_two_taints_match_by_key_and_effect() -> None:
    assert TEAM.matches(Taint("team", "b", "NoSchedule"))
    assert not TEAM.matches(Taint("team", "a", "NoExecute"))
