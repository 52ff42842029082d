"""One requirement: which values a label may have, and what two of them have in common."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.model.labels import parse_integer
from karptui.model.node import RequirementSpec
from karptui.model.requirements import Requirement, requirement

MAX, MIN = 2**63 - 1, -(2**63)

UNIVERSE = [
    *("a", "b", "", "1a", " 1", "1_0", "1.0", "0x1", "+", "-"),
    *(str(number) for number in range(-3, 8)),
    *("+2", "007", "-0", str(MAX), str(MIN), str(MAX + 1)),
]

BOUNDS = st.integers(-3, 7).map(lambda number: (str(number),))
REQUIREMENTS = st.one_of(
    st.builds(
        lambda operator, values, least: requirement("k", operator, values, least),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        st.sets(st.sampled_from(UNIVERSE), max_size=6),
        st.none() | st.integers(1, 3),
    ),
    st.builds(
        lambda operator, bound: requirement("k", operator, bound), st.sampled_from(["Gt", "Lt", "Gte", "Lte"]), BOUNDS
    ),
)
COMBINED = st.lists(REQUIREMENTS, min_size=1, max_size=3).map(
    lambda parts: parts[0] if len(parts) == 1 else parts[0].intersection(parts[-1])
)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("In", ("a", "b"), Requirement("k", False, frozenset("ab"))),
        ("In", (), Requirement("k", False)),
        ("NotIn", ("a",), Requirement("k", True, frozenset("a"))),
        ("Exists", ("ignored",), Requirement("k", True)),
        ("DoesNotExist", (), Requirement("k", False)),
        ("Gt", ("4",), Requirement("k", True, gte=5)),
        ("Lt", ("4",), Requirement("k", True, lte=3)),
        ("Gte", ("4",), Requirement("k", True, gte=4)),
        ("Lte", ("4",), Requirement("k", True, lte=4)),
        ("Gte", ("+4",), Requirement("k", True, gte=4)),
        ("Gt", ("-1",), Requirement("k", True, gte=0)),
        ("Gt", (str(MAX),), Requirement("k", False)),
        ("Gt", (str(MAX - 1),), Requirement("k", True, gte=MAX)),
        ("Lt", (str(MIN),), Requirement("k", True, lte=MAX)),
        # Not all sources are validated: these are what Go's conversion leaves behind.
        ("Gt", ("abc",), Requirement("k", True, gte=1)),
        ("Gte", ("1 ",), Requirement("k", True, gte=0)),
        ("Lte", ("1_0",), Requirement("k", True, lte=0)),
        ("Gte", ("9" * 30,), Requirement("k", True, gte=MAX)),
        ("Lte", ("-" + "9" * 30,), Requirement("k", True, lte=MIN)),
    ],
)
def test_an_operator_becomes_a_set_with_bounds(operator: str, values: tuple[str, ...], expected: Requirement) -> None:
    assert requirement("k", operator, values) == expected


@pytest.mark.parametrize(("operator", "values"), [("Near", ("1",)), ("", ()), ("Gt", ())])
def test_what_is_no_requirement_is_refused(operator: str, values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="the requirement on k"):
        requirement("k", operator, values)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
        ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
        ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
        ("beta.kubernetes.io/os", "kubernetes.io/os"),
        ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
        ("topology.ebs.csi.aws.com/zone", "topology.kubernetes.io/zone"),
        ("example.com/zone", "example.com/zone"),
    ],
)
def test_old_names_of_labels_mean_the_new_ones(written: str, meant: str) -> None:
    assert requirement(written, "Exists").key == meant


def test_names_and_values_are_normalised_as_told() -> None:
    assert requirement("beta.kubernetes.io/os", "Exists", normalized={}).key == "beta.kubernetes.io/os"
    zone = requirement(
        "beta.zone", "In", ("", "b"), normalized={"beta.zone": "zone"}, normalized_values={"zone": {"": "0"}}
    )
    assert zone == requirement("zone", "In", ("0", "b"))


@pytest.mark.parametrize(
    ("entry", "operator"),
    [
        (requirement("k", "In", "a"), "In"),
        (requirement("k", "In"), "DoesNotExist"),
        (requirement("k", "NotIn"), "Exists"),
        (requirement("k", "NotIn", "a"), "NotIn"),
        (requirement("k", "Gt", "1"), "Exists"),
        (requirement("k", "DoesNotExist"), "DoesNotExist"),
        (requirement("k", "Gt", "3").intersection(requirement("k", "NotIn", "5")), "NotIn"),
        (requirement("k", "Gt", "3").intersection(requirement("k", "Lt", "4")), "DoesNotExist"),
    ],
)
def test_the_operator_is_derived_from_the_set_and_bounds_do_not_show(entry: Requirement, operator: str) -> None:
    assert entry.operator == operator
    assert entry.allows_absence == (operator in ("NotIn", "DoesNotExist"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("+7", 7),
        ("-7", -7),
        ("007", 7),
        ("0" * 5000 + "7", 7),
        (str(MAX), MAX),
        (str(MIN), MIN),
        (str(MAX + 1), None),
        (str(MIN - 1), None),
        ("9" * 5000, None),
        ("", None),
        ("+", None),
        ("--1", None),
        (" 1", None),
        ("1\n", None),
        ("1_000", None),
        ("1.0", None),
        ("0x10", None),
        ("\u0661", None),
    ],
)
def test_integers_are_those_of_go(text: str, number: int | None) -> None:
    assert parse_integer(text) == number


def test_a_bound_admits_integers_only() -> None:
    above = requirement("k", "Gt", ("2",))
    assert [value for value in ("2", "3", "+3", "a", "", "1_0", str(MAX + 1)) if above.has(value)] == ["3", "+3"]
    assert requirement("k", "Exists").has("a")
    assert not requirement("k", "NotIn", ("a",)).has("a")
    assert not requirement("k", "DoesNotExist").has("a")


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (("In", "abc"), ("In", "bcd"), Requirement("k", False, frozenset("bc"))),
        (("In", "abc"), ("NotIn", "b"), Requirement("k", False, frozenset("ac"))),
        (("NotIn", "a"), ("NotIn", "b"), Requirement("k", True, frozenset("ab"))),
        (("NotIn", "1b9"), ("Gt", "3"), Requirement("k", True, frozenset("9"), gte=4)),
        (("In", "1b9"), ("Gt", "3"), Requirement("k", False, frozenset("9"))),
        (("Gt", "1"), ("Gte", "5"), Requirement("k", True, gte=5)),
        (("Gt", "1"), ("Lt", "5"), Requirement("k", True, gte=2, lte=4)),
        (("Gt", "5"), ("Lt", "5"), Requirement("k", False)),
        (("Exists", ""), ("DoesNotExist", ""), Requirement("k", False)),
    ],
)
def test_an_intersection_has_what_both_allow(
    left: tuple[str, str], right: tuple[str, str], result: Requirement
) -> None:
    one, other = requirement("k", *left), requirement("k", *right)
    assert one.intersection(other) == result
    assert other.intersection(one) == result


def test_an_intersection_keeps_the_larger_min_values_even_if_nothing_is_left() -> None:
    few, many = requirement("k", "Lt", "2", 1), requirement("k", "Gt", "3", 4)
    assert few.intersection(many) == Requirement("k", False, min_values=4)
    assert few.intersection(requirement("k", "Exists")).min_values == 1


@given(COMBINED, COMBINED, COMBINED)
def test_intersection_is_commutative_associative_and_idempotent(
    one: Requirement, two: Requirement, three: Requirement
) -> None:
    assert one.intersection(two) == two.intersection(one)
    assert hash(one.intersection(two)) == hash(two.intersection(one))
    assert one.intersection(two).intersection(three) == one.intersection(two.intersection(three))
    assert one.intersection(one) == one


@given(COMBINED, COMBINED)
def test_an_intersection_allows_a_value_exactly_if_both_do(one: Requirement, two: Requirement) -> None:
    both = one.intersection(two)
    assert [both.has(value) for value in UNIVERSE] == [one.has(value) and two.has(value) for value in UNIVERSE]


@given(COMBINED, COMBINED)
def test_has_intersection_agrees_with_trying_every_value(one: Requirement, two: Requirement) -> None:
    if one.complement and two.complement:
        # All integers from -3 to 7 may be excluded one by one: Karpenter then still sees an intersection.
        low = max((bound for bound in (one.gte, two.gte) if bound is not None), default=MIN)
        high = min((bound for bound in (one.lte, two.lte) if bound is not None), default=MAX)
        expected = low <= high
    else:
        expected = any(one.has(value) and two.has(value) for value in UNIVERSE)
    assert one.has_intersection(two) is expected
    assert two.has_intersection(one) is expected
    if one.has_intersection(two):
        assert one.intersection(two).operator != "DoesNotExist"


def test_two_complements_intersect_even_if_every_integer_within_the_bounds_is_excluded() -> None:
    only_four = requirement("k", "Gt", "3").intersection(requirement("k", "Lt", "5"))
    assert only_four.has_intersection(requirement("k", "NotIn", "4"))


@given(COMBINED)
def test_any_value_is_allowed_and_always_the_same(entry: Requirement) -> None:
    value = entry.any_value()
    assert value == entry.any_value()
    if value or entry.operator == "In":
        assert entry.has(value)
    else:
        assert not any(entry.has(str(number)) for number in range(-10, 20))


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (requirement("k", "In", "ba"), "a"),
        (requirement("k", "DoesNotExist"), ""),
        (requirement("k", "Exists"), "0"),
        (requirement("k", "NotIn", "01"), "2"),
        (requirement("k", "Gt", ("41",)), "42"),
        (requirement("k", "Lt", ("-4",)), "-5"),
        (Requirement("k", True, frozenset({"-5", "-6"}), lte=-5), "-7"),
        (Requirement("k", True, frozenset({"4"}), gte=4, lte=4), ""),
    ],
)
def test_any_value_is_the_first(entry: Requirement, value: str) -> None:
    assert entry.any_value() == value


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (requirement("zone", "In", ("b", "a")), "zone In [a b]"),
        (requirement("zone", "NotIn", "gfedcba"), "zone NotIn [a b c d e and 2 others]"),
        (requirement("zone", "In", "abcde", 3), "zone In [a b c d e] minValues 3"),
        (requirement("slot", "Gte", ("5",)), "slot Exists >=5"),
        (Requirement("slot", True, frozenset("7"), 5, 9), "slot NotIn [7] >=5 <=9"),
        (requirement("slot", "In"), "slot DoesNotExist"),
        (requirement("type", "Exists", (), 6), "type Exists minValues 6"),
    ],
)
def test_a_requirement_reads_as_in_karpenters_messages(entry: Requirement, text: str) -> None:
    assert str(entry) == text


@pytest.mark.parametrize(
    ("entry", "specs"),
    [
        (requirement("k", "In", "ba", 2), [RequirementSpec("k", "In", ("a", "b"), 2)]),
        (requirement("k", "NotIn", "a"), [RequirementSpec("k", "NotIn", ("a",))]),
        (requirement("k", "Exists"), [RequirementSpec("k", "Exists")]),
        (requirement("k", "DoesNotExist"), [RequirementSpec("k", "DoesNotExist")]),
        (requirement("k", "Gt", "4"), [RequirementSpec("k", "Gte", ("5",))]),
        (requirement("k", "Lt", "4"), [RequirementSpec("k", "Lte", ("3",))]),
        # A bound loses the excluded values, in Karpenter too.
        (
            Requirement("k", True, frozenset("7"), 5, 9, 2),
            [RequirementSpec("k", "Gte", ("5",), 2), RequirementSpec("k", "Lte", ("9",), 2)],
        ),
        (Requirement("k", True, frozenset("7"), 5), [RequirementSpec("k", "Gte", ("5",))]),
    ],
)
def test_a_requirement_is_written_as_karpenter_writes_it(entry: Requirement, specs: list[RequirementSpec]) -> None:
    assert entry.to_specs() == specs


def test_requirements_with_equal_content_are_one_key_of_a_dict() -> None:
    built = {requirement("k", operator, values) for operator, values in product(["In", "NotIn"], ["ab", "ba"])}
    assert len(built) == 2
