"""What is typed behind `/`."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.tui.lists.filter import NO_FILTER, FilterFault, parse_filter


@dataclass
class Item:
    """A row to filter."""

    text: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)


SPOT = Item("i-07bb m7g.2xlarge spot general", {"pool": "general", "zone": "us-west-2b"}, {"price": 0.131, "cpu": 7.9})
GPU = Item("i-0e44 g6.xlarge on-demand gpu", {"pool": "gpu"}, {"price": 0.821})
UNPRICED = Item("i-0aaa local batch", {"pool": "batch"})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", [SPOT, GPU, UNPRICED]),
        ("G6", [GPU]),
        ("!g6", [SPOT, UNPRICED]),
        ("pool=general", [SPOT]),
        ("pool=G*", [SPOT, GPU]),
        ("pool!=gpu", [SPOT, UNPRICED]),
        ("!pool=gpu", [SPOT, UNPRICED]),
        ("zone=*2b", [SPOT]),
        (">$0.2", [GPU]),
        ("<$0.2", [SPOT]),
        ("!>$0.2", [SPOT, UNPRICED]),
        ("price>=0.131", [SPOT, GPU]),
        ("cpu>4", [SPOT]),
        ("i-0 spot", [SPOT]),
        ('"spot general"', [SPOT]),
        ('!"spot general"', [GPU, UNPRICED]),
    ],
)
def test_a_filter_keeps_the_rows_it_describes(typed: str, kept: list[Item]) -> None:
    chosen = parse_filter(typed)
    assert [item for item in (SPOT, GPU, UNPRICED) if chosen.keeps(item)] == kept


@pytest.mark.parametrize("typed", [">$abc", ">", "cpu>four", "!<$"])
def test_a_comparison_without_a_number_is_one_sentence(typed: str) -> None:
    with pytest.raises(FilterFault, match="is no number; write"):
        parse_filter(typed)


@pytest.mark.parametrize(
    ("typed", "before", "narrower"),
    [
        ("spo", "sp", True),
        ("SPOT", "sp", True),
        ("sp x", "sp", True),
        ("sp pool=gpu", "sp", True),
        ("pool=gpu x", "pool=gpu", True),
        ("sp", "spo", False),
        ("!spo", "!sp", False),
        ("pool=g*", "pool=", False),
        ("pool=", "pool", False),
        (">$0.2", ">$0.", False),
        ("x sp", "sp", False),
        ("x", "", False),
    ],
)
def test_a_text_that_goes_on_narrows_what_was_kept(typed: str, before: str, narrower: bool) -> None:
    assert parse_filter(typed).narrows(parse_filter(before)) is narrower


_WORDS = st.lists(st.sampled_from(("sp", "spot", "gen", "!sp", "!spot", "pool=g*", "pool=gpu", '"spot g')), max_size=3)


@given(_WORDS, _WORDS)
def test_a_narrower_filter_keeps_nothing_that_the_wider_one_does_not(words: list[str], others: list[str]) -> None:
    narrow, wide = parse_filter(" ".join(words)), parse_filter(" ".join(others))
    if narrow.narrows(wide):
        assert all(wide.keeps(item) for item in (SPOT, GPU, UNPRICED) if narrow.keeps(item))


@given(st.text(max_size=40))
def test_anything_typed_is_a_filter_or_a_fault(typed: str) -> None:
    try:
        chosen = parse_filter(typed)
    except FilterFault:
        return
    assert chosen.keeps(SPOT) in (True, False)


def test_the_empty_filter_is_no_filter() -> None:
    assert not NO_FILTER
    assert not parse_filter("  ")
    assert not parse_filter("!")
    assert parse_filter("x")
