"""Existing nodes as places for pods (spec/scheduling.md 3.5, 6.4 step 1, 6.5)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.daemons import Daemon
from karptui.engine.provisioning.host_ports import clash
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.topology.groups import Group
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.engine.provisioning.volumes import volume_use
from karptui.model.containers import HostPort
from karptui.model.labels import HOSTNAME
from karptui.model.pod import Pod
from karptui.model.requirements import Requirement, Requirements, from_labels
from karptui.model.resources import Resources, merge
from karptui.model.snapshot import Snapshot
from karptui.model.taints import tolerates_all


class ExistingNode:
    """A node with what is left of it. `negative`: something is overdrawn, so it takes nothing at all."""

    __slots__ = (
        "host",
        "limits",
        "negative",
        "pods",
        "ports",
        "remaining",
        "requirements",
        "state",
        "taints",
        "volumes",
    )

    def __init__(
        self, state: StateNode, daemons: Sequence[Daemon], space: RequirementSpace, snapshot: Snapshot
    ) -> None:
        self.state = state
        self.host = state.hostname
        self.taints = state.taints
        labels = from_labels(state.labels)
        expected = merge(*(daemon.requests for daemon in daemons if _runs_on(daemon, state, labels)))
        bound = merge(*(pod.requests for pod in state.pods if pod.daemon))
        self.remaining: Resources = {
            name: amount - max(0, expected.get(name, 0) - bound.get(name, 0))
            for name, amount in state.available.items()
        }
        self.negative = any(amount < 0 for amount in self.remaining.values())
        self.requirements = space.intern(labels.add(Requirement(HOSTNAME, False, frozenset((self.host,)))))
        self.ports: list[HostPort] = [port for pod in state.pods for port in pod.spec.host_ports]
        self.volumes: set[tuple[str, str]] = set()
        for pod in state.pods:
            if pod.spec.volumes:
                self.volumes.update(volume_use(pod, snapshot))
        node = snapshot.csi_nodes.get(state.node.key) if state.node is not None else None
        self.limits: dict[str, int] = {}
        if node is not None:
            self.limits = {driver: count for driver, count in node.drivers.items() if count is not None}
        self.pods: list[Pod] = []

    def holds(self, class_: PodClass) -> bool:
        """Whether volumes, ports and resources suffice for one more pod of a class."""
        if self.limits and self._over_limit(class_):
            return False
        if class_.spec.host_ports and clash(class_.spec.host_ports, self.ports):
            return False
        if self.negative:
            return False
        remaining = self.remaining
        for name, amount in class_.amounts:  # noqa: SIM110  a generator costs more than what it compares
            if amount > remaining.get(name, 0):
                return False
        return True

    def _over_limit(self, class_: PodClass) -> bool:
        volumes = self.volumes.union(class_.volume_use)
        return any(sum(driver == limited for driver, _ in volumes) > count for limited, count in self.limits.items())

    def copy(self) -> "ExistingNode":
        """The node as it is, to take pods in for one round."""
        twin = ExistingNode.__new__(ExistingNode)
        twin.state, twin.host, twin.taints = self.state, self.host, self.taints
        twin.requirements, twin.limits, twin.negative = self.requirements, self.limits, self.negative
        twin.remaining, twin.ports = dict(self.remaining), list(self.ports)
        twin.volumes, twin.pods = set(self.volumes), []
        return twin

    def room(self, class_: PodClass, most: int) -> int:
        """How many pods of a class of which one fits do so, as far as resources go and up to `most`."""
        if self.limits or class_.spec.host_ports:
            return 1
        remaining = self.remaining
        for name, amount in class_.amounts:
            if amount * most > remaining.get(name, 0):
                most = remaining.get(name, 0) // amount
        return most

    def take(self, pods: Sequence[Pod], class_: PodClass, requirements: RequirementSet) -> None:
        """Takes pods of a class in, for which there is room."""
        self.pods += pods
        self.requirements = requirements
        remaining, number = self.remaining, len(pods)
        for name, amount in class_.amounts:
            remaining[name] = remaining.get(name, 0) - amount * number
        self.ports.extend(class_.spec.host_ports)
        self.volumes.update(class_.volume_use)


def _runs_on(daemon: Daemon, state: StateNode, labels: Requirements) -> bool:
    return daemon.tolerates(state.taints) and labels.is_compatible(daemon.strict())


class _Refusals:
    """Nodes that refuse a class as they stand, as masks; `undefined`: unless a pod makes them define a label."""

    __slots__ = ("refused", "undefined")

    def __init__(self) -> None:
        self.refused = 0
        self.undefined = 0


class ExistingNodes:
    """All existing nodes in the order tried: initialized ones first, then by name. Bit i of a mask is the i-th.

    They never change; what a round puts on them is kept in Places. What a class finds out is remembered for all rounds.
    """

    def __init__(
        self, states: Sequence[StateNode], daemons: Sequence[Daemon], space: RequirementSpace, snapshot: Snapshot
    ) -> None:
        ordered = sorted((state for state in states if not state.deleting), key=lambda s: (not s.initialized, s.name))
        self._states = ordered
        self._nodes: list[ExistingNode | None] = [None] * len(ordered)
        self._common = (daemons, space, snapshot)
        self.all = (1 << len(ordered)) - 1
        self.bit = {state.name: 1 << place for place, state in enumerate(ordered)}
        self._refusals: dict[int, _Refusals] = {}

    def node(self, index: int) -> ExistingNode:
        """The i-th node, made ready when it is first looked at: most questions are settled by the first few."""
        known = self._nodes[index]
        if known is None:
            known = self._nodes[index] = ExistingNode(self._states[index], *self._common)
        return known

    def mask(self, names: Iterable[str]) -> int:
        """The bits of the nodes of these names."""
        return sum({self.bit[name] for name in names if name in self.bit})

    def refusals(self, class_: PodClass) -> _Refusals:
        """What is known about a class."""
        known = self._refusals.get(class_.index)
        if known is None:
            known = self._refusals[class_.index] = _Refusals()
        return known


class Places:
    """The existing nodes in one round. `without` are not there; `shielded` take only pods that are let through."""

    def __init__(self, existing: ExistingNodes, topology: Topology, without: int = 0, shielded: int = 0) -> None:
        self._existing = existing
        self._topology = topology
        self._open = existing.all & ~without
        self.any = self._open != 0
        """Whether there is any node at all."""
        self._shielded = shielded
        self._taken: dict[int, ExistingNode] = {}
        self._taken_mask = 0
        self._full: dict[int, int] = {}
        self._short: defaultdict[str, dict[int, int]] = defaultdict(dict)
        """Nodes that have less left than an amount of a resource, by both."""

    def taken(self) -> list[ExistingNode]:
        """The nodes that got pods, in their order."""
        return [self._taken[place] for place in sorted(self._taken)]

    def place(self, pod: Pod, class_: PodClass, let_through: bool = True) -> ExistingNode | None:
        """Puts a pod onto the first node that accepts it."""
        known = self._existing.refusals(class_)
        mask = self._open & ~(known.refused & ~(known.undefined & self._taken_mask)) & ~self._full.get(class_.index, 0)
        if not let_through:
            mask &= ~self._shielded
        if not mask:
            return None
        groups = self._topology.of(class_)
        while mask:
            bit = mask & -mask
            mask ^= bit
            index = bit.bit_length() - 1
            taken = self._taken.get(index)
            verdict = self._try(taken or self._existing.node(index), class_, groups)
            if isinstance(verdict, RequirementSet):
                return self._settle(index, pod, class_, groups, verdict)
            if verdict is None:
                continue
            if taken is None:
                known.refused |= bit
                if verdict == "undefined":
                    known.undefined |= bit
            elif verdict == "never":
                self._full[class_.index] = self._full.get(class_.index, 0) | bit
        return None

    def fill(self, pods: Sequence[Pod], class_: PodClass, groups: ClassTopology) -> int:
        """Puts pods of one class, for which any domain will do, onto the first nodes that accept them.

        As `place` would do with one after the other. The answer is how many found a place.
        """
        known = self._existing.refusals(class_)
        full = self._full.get(class_.index, 0)
        mask = self._open & ~(known.refused & ~(known.undefined & self._taken_mask)) & ~full
        existing, taken, amounts = self._existing, self._taken, class_.amounts
        tolerations, several = class_.spec.tolerations, bool(class_.spec.host_ports or class_.alternatives)
        for name, amount in amounts:
            for less, nodes in self._short[name].items():
                if less <= amount:
                    mask &= ~nodes
        placed, wanted = 0, len(pods)
        while mask and placed < wanted:
            bit = mask & -mask
            mask ^= bit
            index = bit.bit_length() - 1
            used = taken.get(index)
            node = used or existing.node(index)
            remaining = node.remaining
            for name, amount in amounts:
                if amount > remaining.get(name, 0):
                    verdict = "never"
                    short = self._short[name]
                    short[amount] = short.get(amount, 0) | bit
                    break
            else:
                if several or node.negative or node.limits or not tolerates_all(tolerations, node.taints):
                    verdict = self._try(node, class_, groups)
                else:
                    merged = node.requirements.merge_strictly(class_.requirements)
                    verdict = merged if isinstance(merged, RequirementSet) else merged[0].kind
            if isinstance(verdict, RequirementSet):
                if used is None:
                    used = self._take(index)
                room = used.room(class_, wanted - placed)
                used.take(pods[placed : placed + room], class_, verdict)
                self._topology.record(groups, used.taints, verdict, used.host, room)
                placed += room
                if several or used.limits:
                    mask |= bit
                elif placed < wanted:
                    full |= bit
            elif used is not None:
                full |= bit if verdict == "never" else 0
            else:
                known.refused |= bit
                if verdict == "undefined":
                    known.undefined |= bit
        self._full[class_.index] = full
        return placed

    def _try(self, node: ExistingNode, class_: PodClass, groups: ClassTopology) -> RequirementSet | str | None:
        """The node's requirements with the pod; None: not now; else never ("undefined": unless it defines a label)."""
        if not tolerates_all(class_.spec.tolerations, node.taints) or not node.holds(class_):
            return "never"
        merged = node.requirements.merge_strictly(class_.requirements)
        if not isinstance(merged, RequirementSet):
            return merged[0].kind
        reachable = False
        verdict: str | None = "never"
        for alternative in class_.alternatives or (None,):
            target = merged if alternative is None else merged.merge_strictly(alternative)
            if not isinstance(target, RequirementSet):
                verdict = "undefined" if target[0].kind == "undefined" else verdict
                continue
            reachable = True
            if groups.hosts and not self._topology.admits_host(groups, node.host):
                continue
            narrowed = self._topology.narrow(class_, groups, target, strict=True)
            if isinstance(narrowed, RequirementSet):
                return narrowed
            if isinstance(narrowed, Group):
                continue
        return None if reachable else verdict

    def _settle(
        self, index: int, pod: Pod, class_: PodClass, groups: ClassTopology, requirements: RequirementSet
    ) -> ExistingNode:
        node = self._taken.get(index) or self._take(index)
        node.take((pod,), class_, requirements)
        self._topology.record(groups, node.taints, requirements, node.host)
        return node

    def _take(self, index: int) -> ExistingNode:
        """A node of which the round may use up something."""
        node = self._taken[index] = self._existing.node(index).copy()
        self._taken_mask |= 1 << index
        return node
