"""Sets of requirements: what goes onto what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.model.labels import AWS_WELL_KNOWN, CORE_WELL_KNOWN
from karptui.model.node import RequirementSpec
from karptui.model.requirements import (
    NO_REQUIREMENTS,
    Conflict,
    Requirement,
    Requirements,
    from_labels,
    from_selector_terms,
    from_specs,
    requirement,
)

ZONE = "topology.kubernetes.io/zone"


def of(*entries: tuple[str, str, str]) -> Requirements:
    """Requirements from (key, operator, values separated by spaces)."""
    return from_selector_terms((key, operator, tuple(values.split())) for key, operator, values in entries)


ENTRIES = st.builds(
    lambda key, operator, values: requirement(
        key, operator, sorted(values)[:1] if operator in ("Gt", "Lt", "Gte", "Lte") else values
    ),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]),
    st.sets(st.sampled_from(["1", "2", "3", "x"]), min_size=1, max_size=3),
)
SETS = st.lists(ENTRIES, max_size=5).map(Requirements)


def reading(node: Requirements, pod: Requirements, allowed: frozenset[str]) -> list[tuple[str, str]]:
    """spec/scheduling.md 4.4 word by word."""
    absent_is_fine = ("NotIn", "DoesNotExist")
    failing = [
        (key, "undefined")
        for key in sorted(pod.keys())
        if key not in allowed and key not in node and pod[key].operator not in absent_is_fine
    ]
    for key in sorted(set(pod.keys()) & set(node.keys())):
        exempt = {node[key].operator, pod[key].operator} <= set(absent_is_fine)
        if not node[key].has_intersection(pod[key]) and not exempt:
            failing.append((key, "conflict"))
    return failing


@given(SETS, SETS, st.frozensets(st.sampled_from(["a", "b", "c"])))
def test_compatible_agrees_with_the_rule_read_word_by_word(
    node: Requirements, pod: Requirements, allowed: frozenset[str]
) -> None:
    expected = reading(node, pod, allowed)
    conflicts = node.compatible(pod, allowed)
    assert [(conflict.key, conflict.kind) for conflict in conflicts or []] == expected
    assert (conflicts is None) is (not expected)
    assert node.is_compatible(pod, allowed) is (not expected)
    assert node.intersects(pod) is (not [key for key, kind in expected if kind == "conflict"])
    assert pod.intersects(node) is node.intersects(pod)


@pytest.mark.parametrize(
    ("node", "pod", "strict", "lenient"),
    [
        (of(("k", "In", "a")), of(("k", "In", "a b")), True, True),
        (of(("k", "In", "a")), of(("k", "In", "b")), False, False),
        (of(("k", "In", "a")), of(), True, True),
        # Undefined on the node: only NotIn and DoesNotExist pass by themselves.
        (of(), of(("k", "In", "a")), False, True),
        (of(), of(("k", "Exists", "")), False, True),
        (of(), of(("k", "Gt", "1")), False, True),
        (of(), of(("k", "NotIn", "a")), True, True),
        (of(), of(("k", "DoesNotExist", "")), True, True),
        # Defined: allowing it to be undefined does not help.
        (of(("k", "In", "a")), of(("k", "DoesNotExist", "")), False, False),
        (of(("k", "DoesNotExist", "")), of(("k", "Exists", "")), False, False),
        (of(("k", "DoesNotExist", "")), of(("k", "In", "a")), False, False),
        # Both sides do without the label.
        (of(("k", "DoesNotExist", "")), of(("k", "NotIn", "a")), True, True),
        (of(("k", "NotIn", "a")), of(("k", "DoesNotExist", "")), True, True),
        (of(("k", "DoesNotExist", "")), of(("k", "DoesNotExist", "")), True, True),
        (of(("k", "Exists", "")), of(("k", "DoesNotExist", "")), False, False),
        (of(("k", "In", "4")), of(("k", "Gte", "4")), True, True),
        (of(("k", "In", "x")), of(("k", "Gte", "4")), False, False),
        (of(("k", "Lt", "4")), of(("k", "Gte", "4")), False, False),
    ],
)
def test_a_pod_goes_onto_a_node(node: Requirements, pod: Requirements, strict: bool, lenient: bool) -> None:
    assert node.is_compatible(pod) is strict
    assert node.is_compatible(pod, frozenset({"k"})) is lenient


def test_the_two_sides_are_not_alike() -> None:
    narrow, nothing = of(("k", "In", "a")), NO_REQUIREMENTS
    assert narrow.is_compatible(nothing)
    assert not nothing.is_compatible(narrow)


def test_a_conflict_tells_both_sides_and_undefined_labels_come_first() -> None:
    node = of(("arch", "In", "arm64"))
    pod = of(("arch", "In", "amd64"), ("rack", "In", "r1"), (ZONE, "In", "a"))
    assert node.compatible(pod, AWS_WELL_KNOWN) == [
        Conflict("rack", "undefined", pod["rack"]),
        Conflict("arch", "conflict", pod["arch"], node["arch"]),
    ]
    assert node.compatible(of((ZONE, "In", "a")), CORE_WELL_KNOWN) is None


def test_entries_on_one_key_are_intersected() -> None:
    both = of(("k", "In", "a b"), ("k", "NotIn", "a"))
    assert both == of(("k", "In", "b"))
    assert (
        of(("beta.kubernetes.io/os", "In", "linux"), ("kubernetes.io/os", "In", "windows"))["kubernetes.io/os"].operator
        == "DoesNotExist"
    )


def test_adding_makes_a_new_set_and_leaves_the_old_one() -> None:
    before = of(("k", "In", "a b"))
    after = before.add(requirement("k", "In", "b"), requirement("l", "Exists"))
    assert before == of(("k", "In", "a b"))
    assert after == of(("k", "In", "b"), ("l", "Exists", ""))
    assert before.merge(of(("k", "Exists", ""))) is before
    assert after.without("l").replace(requirement("k", "In", "z")) == of(("k", "In", "z"))


@given(SETS, SETS)
def test_merging_is_the_same_from_either_side_and_is_adding_each(one: Requirements, two: Requirements) -> None:
    merged = one.merge(two)
    assert merged == two.merge(one) == one.add(*two.values())
    assert hash(merged) == hash(two.merge(one))
    assert merged.merge(one) == merged


def test_saying_nothing_about_a_key_is_exists() -> None:
    assert NO_REQUIREMENTS.of("k") == Requirement("k", True)
    assert NO_REQUIREMENTS.get("k") is None
    assert of(("k", "In", "")).of("k").operator == "DoesNotExist"


def test_labels_are_requirements_with_one_value() -> None:
    labels = from_labels({"failure-domain.beta.kubernetes.io/zone": "a", "team": ""})
    assert labels == Requirements([requirement(ZONE, "In", ("a",)), requirement("team", "In", ("",))])
    assert str(labels) == "team In [], topology.kubernetes.io/zone In [a]"


def test_sets_are_written_sorted_by_key_and_read_back() -> None:
    specs = [
        RequirementSpec("a", "Gte", ("5",), 2),
        RequirementSpec("a", "Lte", ("9",), 2),
        RequirementSpec("b", "NotIn", ("x", "y")),
    ]
    read = from_specs(reversed(specs))
    assert read.to_specs() == specs
    assert read["a"] == Requirement("a", True, gte=5, lte=9, min_values=2)


def test_a_set_behaves_as_a_mapping() -> None:
    both = of(("a", "In", "1"), ("b", "Exists", ""))
    assert list(both) == list(both.keys()) == ["a", "b"]
    assert dict(both.items()) == {"a": both["a"], "b": both["b"]}
    assert len(both) == 2 and "a" in both and "c" not in both
    assert both != {"a": 1}
