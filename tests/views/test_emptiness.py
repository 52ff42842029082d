"""An empty list says why it is empty and what to do."""

import pytest

from karptui.views.emptiness import nothing
from karptui.world import events
from karptui.world.events import StreamState
from karptui.world.world import World


@pytest.mark.parametrize(
    ("state", "what", "says"),
    [
        (StreamState.LIVE, "nodepools", "karptui plan -f FILE"),
        (StreamState.ABSENT, "nodepools", "No Karpenter here"),
        (StreamState.FORBIDDEN, "nodepools", "karptui manifests --mode observe"),
        (StreamState.LIVE, "pending", "Nothing is pending"),
        (StreamState.LIVE, "nodes", "No nodes"),
    ],
)
def test_why_there_is_nothing_and_what_to_do(state: StreamState, what: str, says: str) -> None:
    world = World()
    for resource in ("pods", "nodes", "nodeclaims", "nodepools"):
        world.apply(events.StreamChanged(1.0, resource, state if resource == what else StreamState.LIVE))
    assert says in nothing(world, what)


def test_before_the_first_list_nothing_is_said_to_be_missing() -> None:
    assert "still listing" in nothing(World(), "nodes")
