"""A cluster lived through: deploys, scale-downs and lost nodes, with every decision carried out at once."""

from random import Random

from msgspec.structs import replace

from karptui.engine.disruption import disrupt
from karptui.engine.provisioning import plan
from karptui.model.affinity import TopologySpreadConstraint
from karptui.model.decision import PlannedClaim
from karptui.model.disruption import Command
from karptui.model.labels import CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, ON_DEMAND
from karptui.model.node import Node, NodeClaim
from karptui.model.nodepool import Budget
from karptui.model.pod import Pod
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Snapshot
from tests.engine.cluster import CATALOGUE, UNSCHEDULABLE, asks, pod, requests
from tests.engine.disruption.fleet import NOW, dynamic_pool, running

CPU = ("100m", "250m", "500m", "1", "1500m")
MEMORY = ("128Mi", "512Mi", "1Gi", "3Gi")
MOST_PASSES = 400


class Days:
    """The cluster, and what has been done to it. `seed` decides what happens."""

    def __init__(self, seed: int, workloads: int) -> None:
        self.random = Random(seed)
        pool = dynamic_pool("default", Budget("100%"))
        asked = (asks(CAPACITY_TYPE, "In", ON_DEMAND), asks(INSTANCE_TYPE, "NotIn", "huge"))
        self.pool = replace(pool, template=replace(pool.template, requirements=asked))
        self.nodes: dict[str, tuple[Node, NodeClaim]] = {}
        self.pods: dict[str, Pod] = {}
        self.commands: list[Command] = []
        self.lives: dict[str, int] = {}
        self.passes = 0
        self.longest = 0
        """The most passes after which the cluster was at rest."""
        self._made = 0
        for _ in range(workloads):
            self.deploy()
        self.settle()

    def snapshot(self) -> Snapshot:
        """As it is."""
        return Snapshot(
            1,
            NOW,
            catalogue=CATALOGUE,
            pods=self.pods,
            nodes={name: entry[0] for name, entry in self.nodes.items()},
            node_claims={entry[1].key: entry[1] for entry in self.nodes.values()},
            node_pools={"default": self.pool},
        )

    def cost(self) -> float:
        """USD an hour of all nodes."""
        prices = {
            (type_.name, offering.zone, offering.capacity_type): offering.price
            for type_ in CATALOGUE.types
            for offering in type_.offerings
        }
        return sum(prices[node.instance_type, node.zone, node.capacity_type] for node, _ in self.nodes.values())

    def fleet(self) -> tuple[tuple[str, ...], ...]:
        """What the nodes are and what runs on each, whatever their names: equal fleets are the same to whoever pays."""
        on: dict[str, list[str]] = {name: [] for name in self.nodes}
        for key, entry in sorted(self.pods.items()):
            if entry.node_name:
                on[entry.node_name].append(key)
        kinds = ((node.instance_type, node.zone, node.capacity_type) for node, _ in self.nodes.values())
        return tuple(sorted((*kind, *on[name]) for kind, name in zip(kinds, self.nodes, strict=True)))

    def packed_afresh(self) -> float:
        """USD an hour of what one provisioning round over all pods would make."""
        waiting = {key: replace(entry, node_name="", conditions=UNSCHEDULABLE) for key, entry in self.pods.items()}
        fresh = plan(replace(self.snapshot(), pods=waiting, nodes={}, node_claims={}))
        return sum(claim.price for claim in fresh.claims)

    # --- what happens ---------------------------------------------------------------------------------------------

    def deploy(self) -> None:
        """A new workload of one to twelve pods; a third of them are spread over hosts."""
        self._made += 1
        app = f"app-{self._made}"
        selector = label_selector({"app": app})
        spread: tuple[TopologySpreadConstraint, ...] = ()
        if self.random.random() < 0.33:
            spread = (TopologySpreadConstraint(HOSTNAME, 2, "DoNotSchedule", selector),)
        amounts = requests(self.random.choice(CPU), self.random.choice(MEMORY))
        for number in range(self.random.randint(1, 12)):
            entry = pod(f"{app}-{number}", amounts, {"app": app}, topology_spread=spread)
            self.pods[entry.key] = entry

    def scale_down(self) -> None:
        """A workload loses half of its pods."""
        apps = sorted({entry.metadata.labels["app"] for entry in self.pods.values()})
        if apps:
            chosen = self.random.choice(apps)
            own = sorted(key for key, entry in self.pods.items() if entry.metadata.labels["app"] == chosen)
            for key in own[: (len(own) + 1) // 2]:
                del self.pods[key]

    def lose_node(self) -> None:
        """A node is taken away; its pods wait."""
        if self.nodes:
            self._remove(self.random.choice(sorted(self.nodes)))

    # --- what is decided ------------------------------------------------------------------------------------------

    def settle(self) -> int:
        """Decides and carries out until nothing is left to do; how many passes that took."""
        been: set[tuple[tuple[str, ...], ...]] = set()
        for passed in range(MOST_PASSES):
            self._provision()
            fleet = self.fleet()
            assert fleet not in been, f"back where it was {passed} passes ago: {fleet}"
            been.add(fleet)
            commands = disrupt(self.snapshot()).commands
            self.passes += 1
            if not commands:
                self.longest = max(self.longest, passed)
                return passed
            for command in commands:
                self._carry_out(command)
        raise AssertionError(f"not settled after {MOST_PASSES} passes")

    def _provision(self) -> None:
        answer = plan(self.snapshot())
        assert not answer.errors, answer.errors
        for claim in answer.claims:
            self._make(claim)
        for name, keys in answer.existing.items():
            self._bind(keys, name)

    def _carry_out(self, command: Command) -> None:
        before = self.cost()
        for name in command.nodes:
            self._remove(name)
        for claim in command.replacements:
            self._make(claim)
        for name, keys in command.placements.items():
            self._bind(keys, name)
        homeless = [key for key, entry in self.pods.items() if not entry.node_name]
        assert not homeless, f"{command.nodes} left {homeless}"
        assert self.cost() < before, f"{command.method} of {command.nodes} saved nothing"
        self.commands.append(command)

    def _make(self, claim: PlannedClaim) -> None:
        name = f"node-{len(self.lives)}"
        self.lives[name] = len(self.commands)
        self.nodes[name] = running(name, claim.instance_types[0], "default", claim.zone, claim.capacity_type)
        self._bind(claim.pods, name)

    def _bind(self, keys: tuple[str, ...], name: str) -> None:
        for key in keys:
            self.pods[key] = replace(self.pods[key], node_name=name, phase="Running", conditions=())

    def _remove(self, name: str) -> None:
        del self.nodes[name]
        for key, entry in self.pods.items():
            if entry.node_name == name:
                self.pods[key] = replace(entry, node_name="", phase="Pending", conditions=UNSCHEDULABLE)


def week(seed: int, workloads: int, events_a_day: int) -> Days:
    """Seven days of so many events each; after each event the cluster comes to rest."""
    days = Days(seed, workloads)
    for _ in range(7 * events_a_day):
        happens = days.random.choice((days.deploy, days.scale_down, days.scale_down, days.lose_node))
        happens()
        days.settle()
    return days
