"""In which order the NodeClaims of a round are made."""

from karptui.control.provision import one_of_each_first
from karptui.model.decision import Decision, DecisionKind, PlannedClaim


def _launch(id_: str, *types: str, pool: str = "general") -> Decision:
    return Decision(id_, 0.0, DecisionKind.LAUNCH, claim=PlannedClaim(pool, (id_,), (), types, {}))


def test_one_of_each_kind_is_made_before_the_many_that_are_alike() -> None:
    many = [_launch(f"a{number}", "c5.large", "c5.xlarge") for number in range(3)]
    last, other = _launch("b", "c5.large"), _launch("c", "c5.large", "c5.xlarge", pool="gpu")
    found = one_of_each_first([*many, last, other])
    assert [decision.id for decision in found] == ["a0", "b", "c", "a1", "a2"]


def test_what_launches_nothing_keeps_its_place() -> None:
    nominated = Decision("n", 0.0, DecisionKind.NOMINATE, pods=("p",), nodes=("x",))
    assert [entry.id for entry in one_of_each_first([nominated, _launch("a", "m5.large")])] == ["n", "a"]
