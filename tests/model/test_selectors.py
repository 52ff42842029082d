"""Label selectors."""

import pytest

from karptui.model.selectors import EVERYTHING, LabelExpression, LabelSelector, label_selector, selects

LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        (None, False),
        (EVERYTHING, True),
        (label_selector(), True),
        (label_selector({"app": "web"}), True),
        (label_selector({"app": "db"}), False),
        (label_selector({"app": "web", "zone": "a"}), False),
        (label_selector({}, [("app", "In", ["db", "web"])]), True),
        (label_selector({}, [("app", "In", ["db"])]), False),
        (label_selector({}, [("zone", "In", ["a"])]), False),
        (label_selector({}, [("app", "NotIn", ["db"])]), True),
        (label_selector({}, [("app", "NotIn", ["web"])]), False),
        (label_selector({}, [("zone", "NotIn", ["a"])]), True),
        (label_selector({}, [("app", "Exists", [])]), True),
        (label_selector({}, [("zone", "Exists", [])]), False),
        (label_selector({}, [("zone", "DoesNotExist", [])]), True),
        (label_selector({}, [("app", "DoesNotExist", [])]), False),
        (label_selector({"app": "web"}, [("tier", "In", ["front"]), ("zone", "Exists", [])]), False),
    ],
)
def test_a_selector_selects(selector: LabelSelector | None, answer: bool) -> None:
    assert selects(selector, LABELS) is answer


@pytest.mark.parametrize(
    "expression",
    [
        ("app", "NotIn", []),
        ("app", "In", []),
        ("zone", "DoesNotExist", ["a"]),
        ("app", "Exists", ["web"]),
        ("zone", "Near", ["a"]),
        ("app", "NotIn", ["no value!"]),
        ("no key!", "DoesNotExist", []),
    ],
)
def test_a_selector_that_kubernetes_refuses_selects_nothing(expression: tuple[str, str, list[str]]) -> None:
    selector = label_selector({"app": "web"}, [expression])
    assert not selector.valid
    assert not selects(selector, LABELS)
    assert not selects(label_selector({"app": "no value!"}), {"app": "no value!"})


def test_selectors_are_equal_whatever_the_order_and_however_often_an_expression_is_repeated() -> None:
    one = label_selector({"a": "1", "b": "2"}, [("c", "In", ["x", "y"]), ("d", "Exists", [])])
    other = label_selector({"b": "2", "a": "1"}, [("d", "Exists", []), ("c", "In", ["y", "x"]), ("d", "Exists", [])])
    assert one == other
    assert len({one, other}) == 1
    assert one != label_selector({"a": "1", "b": "2"}, [("c", "In", ["x"]), ("d", "Exists", [])])


def test_expressions_can_be_added_once_or_twice() -> None:
    extra = LabelExpression("hash", "In", frozenset({"1"}))
    once = label_selector({"app": "web"}).including(extra)
    assert once == once.including(extra)
    assert selects(once, {"app": "web", "hash": "1"}) and not selects(once, {"app": "web", "hash": "2"})
    assert not label_selector().including(LabelExpression("hash", "In")).valid
