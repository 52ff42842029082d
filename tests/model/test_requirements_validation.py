"""Which requirements Karpenter refuses before it looks at anything else."""

import pytest

from karptui.model.labels import (
    AWS_WELL_KNOWN,
    CORE_RESTRICTED_DOMAINS,
    CORE_WELL_KNOWN,
    is_restricted,
    label_domain,
    label_value_errors,
    node_class_label,
    qualified_name_errors,
    validate_requirement,
)

OPERATOR_LIST = "In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte"
CAPACITY_TYPES = "on-demand, reserved, spot"
ONLY_ENDS = "it may hold letters, digits, '-', '_' and '.', and starts and ends with a letter or digit"


@pytest.mark.parametrize(
    ("key", "operator", "values", "min_values"),
    [
        ("team", "In", ("a",), None),
        ("team", "In", ("a", "b"), 2),
        ("team", "NotIn", (), None),
        ("team", "In", ("",), None),
        ("karpenter.sh/nodepool", "Exists", (), None),
        ("karpenter.sh/capacity-type", "In", ("spot", "cheap"), 1),
        ("karpenter.sh/capacity-type", "NotIn", ("cheap",), None),
        ("karpenter.k8s.aws/instance-tenancy", "In", ("dedicated",), None),
        ("karpenter.k8s.aws/instance-cpu", "Gt", ("0",), None),
        ("karpenter.k8s.aws/instance-cpu", "Lte", ("8",), None),
        ("node.kubernetes.io/anything", "Exists", (), None),
        ("topology.ebs.csi.aws.com/zone", "In", ("a",), None),
    ],
)
def test_a_requirement_is_taken(key: str, operator: str, values: tuple[str, ...], min_values: int | None) -> None:
    assert validate_requirement(key, operator, values, min_values) == []


RESTRICTED = (
    "is restricted: use a well-known label, or one of your own outside the domains karpenter.k8s.aws, karpenter.sh"
)


@pytest.mark.parametrize(
    ("key", "operator", "values", "min_values", "errors"),
    [
        (
            "k",
            "Near",
            ("1",),
            None,
            [f"key k has an unsupported operator Near, it must be one of {OPERATOR_LIST}"],
        ),
        ("kubernetes.io/hostname", "In", ("n",), None, [f"label kubernetes.io/hostname {RESTRICTED}"]),
        ("karpenter.sh/initialized", "Exists", (), None, [f"label karpenter.sh/initialized {RESTRICTED}"]),
        ("sub.karpenter.sh/x", "Exists", (), None, [f"label sub.karpenter.sh/x {RESTRICTED}"]),
        (
            "karpenter.k8s.aws/instance-wings",
            "In",
            ("2",),
            None,
            [f"label karpenter.k8s.aws/instance-wings {RESTRICTED}"],
        ),
        (
            "karpenter.sh/capacity-type",
            "In",
            ("cheap",),
            None,
            ["key karpenter.sh/capacity-type has none of the values on-demand, reserved, spot: got cheap"],
        ),
        (
            "karpenter.sh/capacity-type",
            "In",
            ("spot", "cheap"),
            2,
            [f"key karpenter.sh/capacity-type has 1 of the values {CAPACITY_TYPES}, fewer than its minValues of 2"],
        ),
        (
            "a b",
            "Exists",
            (),
            None,
            [f"key a b is not a qualified name: its name may hold {ONLY_ENDS.removeprefix('it may hold ')}"],
        ),
        ("k", "In", ("+4",), None, [f"value +4 of key k is no label value: {ONLY_ENDS}"]),
        ("k", "In", (), None, ["key k with operator In needs a value"]),
        ("k", "In", ("a",), 2, ["key k with operator In has 1 values, fewer than its minValues of 2"]),
        ("k", "Gt", (), None, ["key k with operator Gt needs exactly one integer of 0 or more"]),
        ("k", "Lt", ("1", "2"), None, ["key k with operator Lt needs exactly one integer of 0 or more"]),
        ("k", "Gte", ("x",), None, ["key k with operator Gte needs exactly one integer of 0 or more"]),
        (
            "k",
            "Lte",
            ("-1",),
            None,
            [
                f"value -1 of key k is no label value: {ONLY_ENDS}",
                "key k with operator Lte needs exactly one integer of 0 or more",
            ],
        ),
        ("k", "Gt", (str(2**63),), None, ["key k with operator Gt needs exactly one integer of 0 or more"]),
    ],
)
def test_a_requirement_is_refused_with_its_reasons(
    key: str, operator: str, values: tuple[str, ...], min_values: int | None, errors: list[str]
) -> None:
    assert validate_requirement(key, operator, values, min_values) == errors


def test_what_is_restricted_depends_on_the_provider() -> None:
    key = "karpenter.k8s.aws/instance-wings"
    assert is_restricted(key)
    assert not is_restricted(key, CORE_WELL_KNOWN, CORE_RESTRICTED_DOMAINS)
    assert validate_requirement(key, "Exists", restricted_domains=CORE_RESTRICTED_DOMAINS) == []
    assert not is_restricted("notkarpenter.sh/x")
    assert not is_restricted("karpenter.sh")


def test_the_aws_provider_adds_its_labels_to_the_core_ones() -> None:
    assert len(CORE_WELL_KNOWN) == 8
    assert len(AWS_WELL_KNOWN) == 36
    assert CORE_WELL_KNOWN < AWS_WELL_KNOWN
    assert "karpenter.k8s.aws/nitro-sandbox" not in AWS_WELL_KNOWN


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "example.com/name", "a.b-c.d/Name", "x" * 63, f"{'a' * 253}/x"])
def test_a_name_is_qualified(name: str) -> None:
    assert qualified_name_errors(name) == []


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a/b/c", "Example.com/a", "-a", "a.", "a b", "x" * 64, f"{'a' * 254}/x", "a..b/c", "a\n"]
)
def test_a_name_is_not_qualified(name: str) -> None:
    assert qualified_name_errors(name)


def test_a_label_value_has_63_characters_at_most_and_no_odd_ones() -> None:
    assert label_value_errors("") == label_value_errors("x" * 63) == label_value_errors("A.b_c-1") == []
    assert label_value_errors("x" * 64) == ["it has more than 63 characters"]
    assert label_value_errors("-a") == label_value_errors("a/b") == label_value_errors("a\n") == [ONLY_ENDS]


def test_a_label_names_its_domain_and_a_node_class_its_label() -> None:
    assert label_domain("example.com/a/b") == "example.com"
    assert label_domain("plain") == ""
    assert node_class_label("karpenter.k8s.aws", "EC2NodeClass") == "karpenter.k8s.aws/ec2nodeclass"
