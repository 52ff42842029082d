"""Pods that nothing but their size tells apart go where they would go one by one: onto the first node with room."""

from hypothesis import given
from hypothesis import strategies as st

from karptui.engine.provisioning import plan
from karptui.model.containers import HostPort
from karptui.model.node import Node
from karptui.model.pod import Pod
from karptui.model.quantity import NANO
from karptui.model.resources import Resources
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint, Toleration
from tests.engine.cluster import node, pod, pool, requests, snapshot
from tests.examples import examples

SIZES = (("2", "1Gi"), ("1", "3Gi"), ("500m", "512Mi"), ("0", "2Gi"), ("1500m", "0"))
GUARDED = Taint("team", "a", "NoSchedule")


@st.composite
def clusters(draw: st.DrawFn) -> Snapshot:
    """Nodes of several sizes, partly full, some tainted, and replicas of up to six workloads that wait."""
    objects: list[Node | Pod] = []
    for number in range(draw(st.integers(1, 6))):
        cpu, memory, count = draw(st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(2, 12)))
        bare = node(f"n{number}", str(cpu), f"{memory}Gi")
        amounts = {**bare.allocatable, "pods": count * NANO}
        taints = draw(st.sampled_from(((), (), (GUARDED,))))
        objects.append(Node(bare.metadata, bare.provider_id, taints, capacity=amounts, allocatable=amounts))
        if draw(st.booleans()):
            objects.append(pod(f"resident-{number}", requests("500m", "1Gi"), node=f"n{number}"))
    for app in range(draw(st.integers(1, 6))):
        constraints = {
            "tolerations": draw(st.sampled_from(((), (Toleration("team", "Exists"),)))),
            "host_ports": draw(st.sampled_from(((), (), (HostPort("0.0.0.0", 8080, "TCP"),)))),
        }
        amounts = requests(*draw(st.sampled_from(SIZES)))
        for replica in range(draw(st.integers(1, 9))):
            name = f"{draw(st.sampled_from('abc'))}-{app}-{replica}"
            objects.append(pod(name, amounts, created=draw(st.sampled_from((0.0, 5.0))), **constraints))
    return snapshot(*objects)


class _Place:
    """A node as a kube-scheduler would fill it, without any of the engine's code."""

    def __init__(self, of: Node, pods: list[Pod]) -> None:
        self.node = of
        self.left: Resources = dict(of.allocatable)
        self.pods: list[Pod] = []
        for entry in pods:
            if entry.node_name == of.key:
                self._use(entry)

    def _use(self, entry: Pod) -> None:
        for name, amount in entry.requests.items():
            self.left[name] -= amount

    def take(self, entry: Pod) -> bool:
        """Whether the pod found room here."""
        if self.node.taints and not entry.spec.tolerations:
            return False
        if entry.spec.host_ports and any(other.spec.host_ports for other in self.pods):
            return False
        if any(amount > self.left[name] for name, amount in entry.requests.items()):
            return False
        self._use(entry)
        self.pods.append(entry)
        return True


def _in_order(pods: list[Pod]) -> list[Pod]:
    def key(entry: Pod) -> tuple[int, int, float, str]:
        wanted = entry.requests
        return -wanted["cpu"], -wanted["memory"], entry.metadata.created, entry.metadata.uid

    return sorted(pods, key=key)


@examples(200)
@given(clusters())
def test_replicas_fill_the_nodes_in_their_order_as_one_after_the_other_would(world: Snapshot) -> None:
    pods = list(world.pods.values())
    places = [_Place(world.nodes[name], pods) for name in sorted(world.nodes)]
    for entry in _in_order([entry for entry in pods if not entry.node_name]):
        any(place.take(entry) for place in places)
    expected = {place.node.key: tuple(sorted(entry.key for entry in place.pods)) for place in places if place.pods}
    assert _existing(world) == expected


def _existing(world: Snapshot) -> dict[str, tuple[str, ...]]:
    limited = pool(limits={"cpu": "0"})  # so that what has no room anywhere stays where it is
    return dict(plan(snapshot(limited, *world.pods.values(), *world.nodes.values())).existing)


def test_a_run_of_replicas_goes_on_at_the_next_node() -> None:
    replicas = [pod(f"p{number}", requests("1", "1Gi")) for number in range(7)]
    answer = plan(snapshot(pool(), *replicas, node("n1", "2"), node("n2", "1"), node("n3", "8", "4Gi")))
    assert {name: len(keys) for name, keys in answer.existing.items()} == {"n1": 2, "n2": 1, "n3": 4}
