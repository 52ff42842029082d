"""A command on its way, as others see it."""

import asyncio

from karptui.cloud.kwok.catalogue import built_in
from karptui.control.disrupt import Disruption
from karptui.control.provision import Provisioner
from karptui.world import events
from tests.control.noted import Noted
from tests.world.recorded import STARTED, decode, node
from tests.world.test_planning import POOL, claim


async def test_a_node_counts_as_leaving_from_when_nothing_more_has_to_come_for_its_pods() -> None:
    board = Noted()
    board.at = STARTED + 3600
    board.quick = True
    board.world.apply(events.CatalogueSeen(STARTED, built_in()))
    board.show("nodepools", decode("nodepools", POOL))
    manifest = claim("general-1", launched=True).object
    done = ("Launched", "Registered", "Initialized", "Consolidatable")
    ready = decode(
        "nodeclaims",
        {
            "metadata": {"name": "general-1", "uid": "claim-1", "labels": manifest.metadata.labels},
            "spec": {"nodeClassRef": {"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "default"}},
            "status": {
                "providerID": "kwok://one",
                "nodeName": "one",
                "conditions": [{"type": type_, "status": "True"} for type_ in done],
            },
        },
    )
    empty = node("one", price_of="c-1x-amd64-linux")
    empty.metadata.labels["karpenter.sh/initialized"] = "true"
    empty.metadata.labels["karpenter.sh/registered"] = "true"
    board.show("nodeclaims", ready)
    board.show("nodes", empty)
    board.world.apply(events.StreamChanged(board.at, "nodes", events.StreamState.LIVE))
    disruption = Disruption(board.hands, Provisioner(board.hands))
    assert not disruption.leaving
    running = asyncio.ensure_future(disruption.run())
    try:
        async with asyncio.timeout(60):
            while not board.deleted:
                assert not disruption.leaving or board.patches, "before it is tainted"
                await asyncio.sleep(0.01)
        assert board.deleted == [("nodeclaims", "general-1")]
        assert disruption.leaving == {"one"}
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert not disruption.leaving
