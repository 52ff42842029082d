from karptui.model.disruption import Command, Held, Hold
from karptui.model.snapshot import Snapshot
from karptui.shadow.passes import Supposed
from karptui.shadow.standing import STANDS, Standing
from karptui.shadow.verdict import Verdict


def supposed(*nodes: str, outcome: Held | None = None) -> Supposed:
    command = Command("emptiness", "Empty", nodes, (), (), 1.0, 0.0)
    return Supposed(0.0, 0, Snapshot(0, 0.0), command, 0.0, "", outcome)


def looked(standing: Standing, *entries: Supposed, until: float, since: float = 0.0) -> list[tuple[str, ...]]:
    """The nodes of what was told, looking every two seconds."""
    told: list[tuple[str, ...]] = []
    at = since
    while at <= until:
        for move in standing.look(at, entries):
            assert move.verdict is Verdict.NEVER
            assert move.predicted is not None
            told.append(move.predicted.nodes)
        at += 2.0
    return told


def test_a_command_that_stands_and_never_comes_is_told_once() -> None:
    standing = Standing()

    assert looked(standing, supposed("a", "b"), until=STANDS - 2) == []
    assert looked(standing, supposed("a", "b"), since=STANDS, until=4 * STANDS) == [("a", "b")]


def test_a_node_that_joins_a_standing_command_does_not_begin_it_anew() -> None:
    standing = Standing()
    looked(standing, supposed("a"), until=STANDS - 2)

    assert looked(standing, supposed("a", "b"), since=STANDS, until=STANDS) == [("a", "b")]


def test_what_is_carried_out_gives_the_rest_its_time_again() -> None:
    standing = Standing()
    looked(standing, supposed("a"), until=STANDS - 2)
    standing.restart()

    assert looked(standing, supposed("a"), since=STANDS, until=2 * STANDS - 2) == []


def test_a_command_that_does_not_hold_at_its_second_look_is_not_expected() -> None:
    standing = Standing()

    assert looked(standing, supposed("a", outcome=Held("a", Hold.NO_CLAIM)), until=3 * STANDS) == []
