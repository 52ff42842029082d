"""Nodes that are marked for a command, and given back where they stay."""

from typing import Any

import pytest

from karptui.control.disruption.command_events import CommandEvents
from karptui.control.disruption.tainting import Tainting
from karptui.kube.errors import ApiError
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.model.labels import DISRUPTED
from karptui.model.metadata import Metadata
from karptui.model.node import Node, NodeClaim
from karptui.model.taints import Taint
from tests.control.noted import Noted

PLANNED = PlannedClaim("general", ("default/web",), (), ("c-1x-amd64-linux",), {})


class Refusing(Noted):
    """Writes of these objects are refused with this code."""

    def __init__(self, *names: str, code: int = 403) -> None:
        super().__init__()
        self._names, self._code = names, code

    async def patch(self, resource: str, name: str, patch: dict[str, Any], *, subresource: str = "") -> None:
        if name in self._names:
            raise ApiError(self._code, "Refused", f"{name} may not be patched", path=f"/{name}", verb="patch")
        await super().patch(resource, name, patch, subresource=subresource)


def with_nodes(board: Noted, *taints: Taint) -> Noted:
    for name in ("one", "two"):
        about = Metadata(f"claim-{name}", uid=f"claim-{name}")
        board.show("nodeclaims", NodeClaim(about, provider_id=f"kwok://{name}", node_name=name))
        board.show("nodes", Node(Metadata(name, uid=name), provider_id=f"kwok://{name}", taints=taints))
    return board


def command(*replacements: PlannedClaim) -> Command:
    return Command("multi-node", "Underutilized", ("one", "two"), (), replacements, 1.0, 0.5)


@pytest.mark.parametrize(("refused", "replaced"), [(("two",), True), (("one", "two"), False)])
async def test_nothing_goes_where_no_node_can_be_marked_or_a_replacement_was_meant_for_all(
    refused: tuple[str, ...], replaced: bool
) -> None:
    board = with_nodes(Refusing(*refused))
    with pytest.raises(ApiError, match="may not be patched"):
        await Tainting(board.hands).begin(command(*([PLANNED] if replaced else [])))


async def test_a_leftover_that_somebody_writes_meanwhile_does_not_keep_the_others_tainted() -> None:
    board = with_nodes(Refusing("one", code=409), Taint(DISRUPTED, "", "NoSchedule"))
    await Tainting(board.hands).clear_leftovers(())
    assert [(name, body["spec"]["taints"]) for _, name, body in board.patches] == [("two", [])]


async def test_of_a_replacement_it_is_told_once_that_it_is_waited_for() -> None:
    board = Noted()
    board.show("nodeclaims", NodeClaim(Metadata("general-1", uid="claim-1")))
    told = CommandEvents(board.hands)
    for _ in range(3):
        await told.launching(command(PLANNED), ("general-1", "general-2"))
    reasons = ("DisruptionLaunching", "DisruptionWaitingReadiness")
    assert board.recorded == [("NodeClaim", "general-1", reason) for reason in reasons]
