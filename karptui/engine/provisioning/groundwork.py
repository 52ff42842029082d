"""What all rounds over one Snapshot share, whatever nodes each of them leaves out."""

from collections.abc import Iterable, Sequence

from karptui.engine.provisioning.catalogue import prepare
from karptui.engine.provisioning.classes import PodClasses
from karptui.engine.provisioning.daemons import daemon_groups, daemons
from karptui.engine.provisioning.existing import ExistingNodes
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.finish import Finishing
from karptui.engine.provisioning.limits import Limits
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.overlays import overlaid
from karptui.engine.provisioning.pools import pools_without_types, prefers_no_schedule, templates
from karptui.engine.provisioning.requirement_sets import RequirementSpace
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.topology.residents import Residency
from karptui.engine.provisioning.topology.universe import Universe
from karptui.model.decision import Reason
from karptui.model.nodepool import NodePool
from karptui.model.pod import PodSpec
from karptui.model.snapshot import Snapshot


class Groundwork:
    """Nodes, pools, types and classes of pods, made ready once. Only memo tables change afterwards.

    `specs` are those of all pods that any round may be about: selectors in them decide which labels tell pods apart.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        nodes: Sequence[StateNode],
        pools: list[NodePool],
        specs: Iterable[PodSpec],
        places: bool = True,
    ) -> None:
        """Without `places` no pod goes to an existing node; they count for topology and limits all the same."""
        options = snapshot.options
        self.snapshot = snapshot
        self.nodes = nodes
        self.by_name = {state.name: state for state in nodes}
        self.catalogue = prepare(overlaid(snapshot).catalogue)
        self.space = RequirementSpace(self.catalogue)
        self.min_values = MinValues(self.catalogue, self.space, options.min_values_policy)
        self.classes = PodClasses(snapshot, self.space, prefers_no_schedule(pools))
        repelling = [pod.spec for pod in snapshot.pods.values() if pod.spec.anti_affinity and pod.node_name]
        self.classes.watch_labels([*specs, *repelling])
        self.limits = Limits(pools, nodes, self.catalogue)
        all_daemons = daemons(snapshot)
        self.templates = templates(pools, self.space, self.catalogue, self.min_values)
        self.typeless: tuple[Reason, ...] = ()
        if len(self.templates) < len(pools):
            self.typeless = pools_without_types(pools, self.templates, self.space, self.catalogue, self.min_values)
        self.groups = [daemon_groups(entry, all_daemons, self.catalogue, self.space) for entry in self.templates]
        self.residency = Residency(snapshot, nodes, self.classes.label_keys)
        self.universe = Universe(pools, self.catalogue)
        self.existing = ExistingNodes(nodes if places else (), all_daemons, self.space, snapshot)
        self.filter = TypeFilter(self.catalogue)
        self.finishing = Finishing(self.catalogue, self.space, self.min_values, options.max_instance_types)
