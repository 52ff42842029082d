"""How many nodes of a NodePool may go now, in words."""

import pytest

from karptui.engine.disruption.budgets import Fleet
from karptui.model.metadata import Metadata
from karptui.model.nodepool import Budget, NodePool
from karptui.views.lists.pool_budget import budget_text

NOON = 1_763_726_400.0  # 2025-11-21 12:00 UTC, a Friday


def _text(*budgets: Budget, total: int = 10, busy: int = 0) -> str:
    return budget_text(NodePool(Metadata(name="general"), budgets=budgets), Fleet(total, busy), NOON)


@pytest.mark.parametrize(
    ("budgets", "busy", "words"),
    [
        ((Budget(nodes="30%"),), 0, "3 free"),
        ((Budget(nodes="3"),), 1, "2, 1 going"),
        ((Budget(nodes="1"),), 1, "0, 1 going"),
        ((Budget(nodes="0"),), 0, "0 ever"),
        ((), 0, "no limit"),
        (
            (Budget(nodes="2", reasons=("Empty",)), Budget(nodes="0", reasons=("Underutilized", "Drifted"))),
            0,
            "2 empty only",
        ),
        ((Budget(nodes="0", schedule="0 9 * * *", duration=9 * 3600.0), Budget(nodes="2")), 0, "0 until 18:00"),
    ],
)  # fmt: skip
def test_the_words_say_how_many_may_go(budgets: tuple[Budget, ...], busy: int, words: str) -> None:
    assert _text(*budgets, busy=busy) == words


def test_a_pool_without_nodes_has_nothing_that_could_go() -> None:
    assert _text(Budget(nodes="10%"), total=0) == "-"
