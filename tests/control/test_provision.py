"""In which order the NodeClaims of a round are made, and when they are not."""

import pytest
from msgspec.structs import replace

from karptui.control.provisioning.pool_capacity import KNOWN_SECONDS
from karptui.control.provisioning.provision import Provisioner, one_of_each_first
from karptui.failure import Failure
from karptui.model.decision import Decision, DecisionKind, PlannedClaim
from karptui.model.quantity import NANO
from tests.control.noted import Noted
from tests.world.recorded import decode
from tests.world.test_planning import POOL, claim


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


def _limited(cpu: int, *, launched: int) -> tuple[Noted, PlannedClaim]:
    """A pool with a limit, and so many nodes of one cpu that it has."""
    board = Noted()
    pool = decode("nodepools", POOL)
    board.show("nodepools", replace(pool, limits={"cpu": cpu * NANO}))
    board.show("nodeclaims", *(claim(f"there-{number}", launched=True).object for number in range(launched)))
    return board, PlannedClaim(pool.key, ("default/web",), (), ("c-1x-amd64-linux",), {})


async def test_a_pool_that_has_more_than_its_limits_by_now_gets_no_further_nodeclaim() -> None:
    board, planned = _limited(2, launched=3)
    with pytest.raises(Failure, match=r"NodePool default is beyond its limits \(cpu 3 of 2\)"):
        await Provisioner(board.hands).create(planned, "D-00001")
    assert not board.created


async def test_a_pool_that_has_just_as_much_as_its_limits_gets_one_as_the_round_decided() -> None:
    board, planned = _limited(3, launched=3)
    assert await Provisioner(board.hands).create(planned, "D-00001") == "default-1"


async def test_what_a_pool_has_is_counted_anew_a_second_later() -> None:
    board, planned = _limited(3, launched=3)
    provisioner = Provisioner(board.hands)
    await provisioner.create(planned, "D-00001")
    board.show("nodeclaims", claim("another", launched=True).object)
    board.at += KNOWN_SECONDS
    with pytest.raises(Failure, match="cpu 4 of 3"):
        await provisioner.create(planned, "D-00002")
