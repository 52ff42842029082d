"""Commands on their way."""

import pytest
from msgspec.structs import replace

from karptui.engine.disruption.orchestration import Step, Underway, next_step, patience
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.model.node import NodeClaim
from tests.engine.disruption.fleet import NOW, running

DELETION = Command("emptiness", "Empty", ("a",), (), (), 0.1, 0.0)
NEW = PlannedClaim("default", (), (), ("small",), {})
REPLACEMENT = replace(DELETION, method="single-node", reason="Underutilized", replacements=(NEW,))


def claims(*names: str, initialized: bool = True) -> dict[str, NodeClaim]:
    found: dict[str, NodeClaim] = {}
    for name in names:
        _, claim = running(name)
        found[name] = replace(claim, metadata=replace(claim.metadata, name=name))
        if not initialized:
            found[name] = replace(found[name], conditions=())
    return found


def test_a_deletion_is_a_taint_and_a_delete() -> None:
    begun = Underway(DELETION, NOW)
    assert next_step(begun, {}, NOW) is Step.TAINT
    assert next_step(begun.after_taint(DELETION.nodes), {}, NOW) is Step.DELETE


def test_nothing_is_deleted_before_every_replacement_was_once_ready() -> None:
    underway = Underway(REPLACEMENT, NOW).after_taint(REPLACEMENT.nodes)
    assert next_step(underway, {}, NOW) is Step.LAUNCH
    underway = underway.after_launch(("new", "newer"))
    # Not seen yet is not lost.
    assert next_step(underway.observed({}), {}, NOW) is Step.WAIT
    first = {**claims("new"), **claims("newer", initialized=False)}
    underway = underway.observed(first)
    assert next_step(underway, first, NOW) is Step.WAIT
    # The first fails again; it was ready once.
    second = {**claims("new", initialized=False), **claims("newer")}
    underway = underway.observed(second)
    assert underway.missing() == ()
    assert next_step(underway, second, NOW) is Step.DELETE


def test_a_replacement_that_goes_before_it_was_ready_rolls_the_command_back() -> None:
    there = claims("new", initialized=False)
    underway = Underway(REPLACEMENT, NOW).after_taint(REPLACEMENT.nodes).after_launch(("new",)).observed(there)
    assert next_step(underway, there, NOW) is Step.WAIT
    assert next_step(underway.observed({}), {}, NOW) is Step.ROLL_BACK
    assert underway.lost({}) == ("new",)


def test_a_command_that_takes_too_long_is_rolled_back_even_at_its_end() -> None:
    there = claims("new")
    underway = Underway(REPLACEMENT, NOW).after_taint(REPLACEMENT.nodes).after_launch(("new",)).observed(there)
    assert next_step(underway, there, NOW + 600) is Step.DELETE
    assert next_step(underway, there, NOW + 601) is Step.ROLL_BACK
    assert next_step(underway, there, NOW + 601, candidates_underway=10_000) is Step.DELETE


@pytest.mark.parametrize(("candidates", "seconds"), [(1, 600), (7500, 600), (10_000, 800), (100_000, 3600)])
def test_patience_grows_with_the_nodes_under_way(candidates: int, seconds: float) -> None:
    assert patience(candidates) == seconds
