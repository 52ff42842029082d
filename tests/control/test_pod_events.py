"""What pods do on a node is written onto its NodeClaim, and consolidation waits from there (spec/lifecycle.md 3.6)."""

from msgspec.structs import replace

from karptui.control.nodeclaim.consolidatable import Consolidatable
from karptui.control.nodeclaim.pod_events import PodEvents
from karptui.kube.timestamps import rfc3339
from karptui.model.labels import NODEPOOL
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod, PodSpec
from tests.control.noted import NOW, Noted

READY = (Condition("Initialized", "True", "Initialized", changed=NOW - 600),)


def claim(last: float | None = None) -> NodeClaim:
    metadata = Metadata("general-1", uid="claim-1", labels={NODEPOOL: "general"})
    return NodeClaim(metadata, node_name="one", conditions=READY, last_pod_event=last)


def pod(name: str) -> Pod:
    return Pod(Metadata(name, "default", uid=f"uid-{name}"), PodSpec(b"plain"), {}, node_name="one")


async def test_a_pod_that_comes_is_written_and_the_next_one_ten_seconds_later() -> None:
    board = Noted()
    board.show("nodeclaims", claim())
    events = PodEvents(board.hands)
    assert not list(events.due())
    board.show("pods", pod("a"))
    assert list(events.due()) == ["general-1"]
    await events.reconcile("general-1")
    assert board.patches[0][2]["status"]["lastPodEventTime"] == rfc3339(NOW)
    board.show("nodeclaims", claim(NOW))
    board.at = NOW + 9
    board.show("pods", pod("b"))
    assert not list(events.due())
    board.at = NOW + 10
    board.show("pods", pod("c"))
    assert list(events.due()) == ["general-1"]


def test_a_node_may_be_consolidated_when_its_pods_have_been_quiet_for_long_enough() -> None:
    board = Noted()
    pool = NodePool(Metadata("general"), consolidate_after=60.0)
    consolidatable = Consolidatable(board.hands)
    for last, wanted in ((None, True), (NOW - 30, False), (NOW - 61, True)):
        board.show("nodepools", pool)
        board.show("nodeclaims", claim(last))
        assert bool(list(consolidatable.due())) is wanted, last
    # Pods that came before it was initialized are what counts, and not the later moment.
    young = (replace(READY[0], changed=NOW - 5),)
    board.show("nodeclaims", replace(claim(NOW - 61), conditions=young))
    assert list(consolidatable.due())
