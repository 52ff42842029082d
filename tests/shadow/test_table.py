from karptui.model.decision import Plan, PlannedClaim
from karptui.model.labels import INSTANCE_TYPE, NODEPOOL
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.snapshot import Snapshot
from karptui.shadow.table import MADE_WITHIN, Round, Table, is_the_same

TYPES = ("m5.large", "m5.xlarge")


def answer(at: float, *batches: tuple[str, ...], heard: int = 0) -> Round:
    """What a round would make: a NodeClaim for each batch of pods."""
    claims = tuple(PlannedClaim("general", pods, (), TYPES, requests(len(pods))) for pods in batches)
    return Round(at, heard, at, Snapshot(heard, at), Plan(claims=claims))


def requests(pods: int) -> dict[str, int]:
    return {"cpu": pods, "pods": pods}


def seen(name: str, pods: int, types: tuple[str, ...] = TYPES) -> NodeClaim:
    listed = RequirementSpec(INSTANCE_TYPE, "In", types)
    return NodeClaim(Metadata(name, labels={NODEPOOL: "general"}), requirements=(listed,), requests=requests(pods))


def test_the_answer_that_holds_every_nodeclaim_of_a_burst_is_found_and_the_latest_of_them() -> None:
    table = Table()
    table.put(answer(10.0, ("a",)))
    table.put(answer(10.2, ("a", "b"), ("c",)))
    table.put(answer(10.4, ("a", "b"), ("c", "d")))

    assert _stamp(table, seen("x", 2), at=11.0) == 10.4
    assert _stamp(table, seen("x", 2), seen("y", 1), at=11.0) == 10.2
    assert _stamp(table, seen("x", 1), at=11.0) == 10.2
    assert _stamp(table, seen("x", 3), at=11.0) is None
    assert _stamp(table, seen("x", 1, ("m5.large",)), at=11.0) is None
    assert table.alternatives(11.0) == 3


def test_an_answer_that_knew_of_the_fact_is_not_taken() -> None:
    table = Table()
    table.put(answer(10.0, ("a",), heard=5))

    assert table.fitting([seen("x", 1)], 10.1, 4, is_the_same) is None
    assert table.fitting([seen("x", 1)], 10.1, 5, is_the_same) is not None


def test_what_is_answered_again_keeps_its_stamp_and_counts_once() -> None:
    table = Table()
    table.put(answer(10.0, ("a",)))

    assert table.put(answer(10.5, ("a",))) == 10.0
    assert table.alternatives(10.5) == 1
    assert _stamp(table, seen("x", 1), at=100.0) == 10.0


def test_an_answer_that_nothing_waits_for_any_more_is_soon_off_the_table() -> None:
    table = Table()
    table.put(answer(10.0, ("a",)))
    table.rest(20.0)

    assert _stamp(table, seen("x", 1), at=20.0 + MADE_WITHIN) == 10.0
    assert _stamp(table, seen("x", 1), at=20.1 + MADE_WITHIN) is None
    assert table.alternatives(20.1 + MADE_WITHIN) == 0


def test_each_answer_is_told_once_so_that_a_journal_can_write_it_before_the_fact() -> None:
    table = Table()
    table.put(answer(10.0, ("a",)))
    table.put(answer(10.1))
    table.put(answer(10.2, ("a", "b")))

    assert [entry.at for entry in table.new()] == [10.0, 10.2]
    assert table.new() == []


def _stamp(table: Table, *claims: NodeClaim, at: float) -> float | None:
    found = table.fitting(claims, at, 0, is_the_same)
    return found.stamped if found is not None else None
