"""Ties are left in the order in which Go's sort.Slice leaves them."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.engine.provisioning.claims import Claim, ClaimOrder
from karptui.engine.provisioning.go_sort import go_order
from karptui.engine.provisioning.pools import Template
from karptui.model.metadata import Metadata
from karptui.model.nodepool import NodePool
from karptui.model.requirements import NO_REQUIREMENTS
from tests.engine.cluster import requirement_space

GO = {
    "drawn": "e543fab0725db8c6",
    "ascending": "92f804e45963bb63",
    "descending": "2b229185c5002ce9",
    "raised": "b1a7f8aa987ab8fc",
    "appended": "b47a828715c9b09c",
}
"""SHA-256, cut, of the orders that sort.Slice of Go 1.26 gave for the lists of `keys`."""


def keys(kind: str, length: int, values: int) -> list[int]:
    """A list of so many keys with few different values, the same in Go and here."""
    state, out = (length * 31 + values) % 2**32, []
    for place in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(
            {
                "drawn": (state >> 8) % values,
                "ascending": place * values // length,
                "descending": (length - place) * values // length,
                "raised": place * values // length,
                "appended": 1 + place * values // length,
            }[kind]
        )
    if kind == "raised":
        out[(state >> 8) % length] += 1
    if kind == "appended":
        out[-1] = 1
    return out


@pytest.mark.parametrize("kind", list(GO))
def test_equal_keys_end_in_the_order_that_go_gives_them(kind: str) -> None:
    digest = sha256()
    for length in range(1, 400):
        for values in (1, 2, 5, 40, 1000):
            order = go_order(keys(kind, length, values))
            digest.update((",".join(map(str, order)) + "\n").encode())
    assert digest.hexdigest()[:16] == GO[kind]


@settings(deadline=None)
@given(st.lists(st.integers(0, 20), max_size=300))
def test_every_list_comes_out_sorted_and_whole(given_keys: list[int]) -> None:
    order = go_order(given_keys)
    assert sorted(order) == list(range(len(given_keys)))
    assert [given_keys[index] for index in order] == sorted(given_keys)


def _order_of(order: ClaimOrder) -> list[int]:
    return [claim.index for claim in sorted(order.claims, key=lambda claim: claim.key)]


@pytest.mark.parametrize("limit", [11, 40, 130])
@settings(max_examples=25, deadline=None)
@given(choices=st.lists(st.integers(0, 10_000), min_size=150, max_size=400))
def test_moving_one_claim_gives_what_sorting_all_of_them_gives(limit: int, choices: list[int]) -> None:
    """As long as the list is short, or the claim is away from where the routine looks first."""
    requirements = requirement_space().intern(NO_REQUIREMENTS)
    template = Template(NodePool(Metadata("default")), requirements, 0)
    order, naive = ClaimOrder(), list[tuple[int, int]]()
    for choice in choices:
        if (len(naive) < limit and choice % 3) or not naive:
            claim = Claim(len(naive), template, requirements, [])
            order.append(claim)
            naive.append((1, claim.index))
        else:
            place = choice % len(naive)
            count, index = naive[place]
            naive[place] = (count + 1, index)
            order.raise_(order.claims[index])
        naive = [naive[place] for place in go_order([count for count, _ in naive])]
        assert _order_of(order) == [index for _, index in naive]
        assert [claim.count for claim in sorted(order.claims, key=lambda claim: claim.key)] == [n for n, _ in naive]
