"""Nodes of a cluster that is asked about again and again are what they are when it is asked about once."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from karptui.engine.provisioning.state_nodes import StateNode, StateNodes, state_nodes
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot
from tests.engine.cluster import node, pod, requests, snapshot
from tests.examples import examples

NODES = ("", "n0", "n1", "n2", "n3")
PODS = tuple(f"p{number:02d}" for number in range(16))
PHASES = ("Running", "Running", "Succeeded")


@st.composite
def stories(draw: st.DrawFn) -> list[Snapshot]:
    """A cluster, then what a few changes of pods and nodes make of it, step by step."""
    pods: dict[str, Pod] = {}

    def put(name: str) -> None:
        made = pod(name, requests("100m", "64Mi"), node=draw(st.sampled_from(NODES)))
        pods[name] = replace(made, phase=draw(st.sampled_from(PHASES)))

    for name in PODS:
        if draw(st.booleans()):
            put(name)
    nodes = {name: node(name, "4", "8Gi") for name in draw(st.sets(st.sampled_from(NODES[1:])))}
    steps: list[Snapshot] = []
    for _ in range(draw(st.integers(2, 6))):
        marked = draw(st.sampled_from((frozenset[str](), frozenset({"n1"}))))
        steps.append(replace(snapshot(*nodes.values(), *pods.values()), marked_for_deletion=marked))
        for name in draw(st.lists(st.sampled_from(PODS), max_size=3)):
            if draw(st.integers(0, 3)):
                put(name)
            else:
                pods.pop(name, None)
        for name in draw(st.lists(st.sampled_from(NODES[1:]), max_size=1)):
            if nodes.pop(name, None) is None:
                nodes[name] = node(name, "4", "8Gi")
    return steps


def _told(states: list[StateNode]) -> list[tuple[object, ...]]:
    return [
        (state.name, id(state.node), state.deleting, [id(entry) for entry in state.pods], [*map(id, state.movers)])
        for state in states
    ]


@examples(200)
@given(stories())
def test_what_is_taken_over_from_the_last_time_is_what_would_be_worked_out_anew(steps: list[Snapshot]) -> None:
    remembering = StateNodes()
    for step in steps:
        assert _told(remembering.of(step)) == _told(state_nodes(step))


def test_nodes_that_nothing_touched_are_not_made_again() -> None:
    remembering = StateNodes()
    nodes = [node(name, "4", "8Gi") for name in NODES[1:]]
    pods = [pod(name, requests("100m", "64Mi"), node=NODES[1 + number % 4]) for number, name in enumerate(PODS)]
    before = {state.name: state for state in remembering.of(snapshot(*nodes, *pods))}
    moved = replace(pods[0], node_name="n2")
    after = {state.name: state for state in remembering.of(snapshot(*nodes, moved, *pods[1:]))}
    assert [name for name, state in after.items() if before[name] is state] == ["n1", "n3"]
