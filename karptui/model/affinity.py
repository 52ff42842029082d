"""Node affinity, pod affinity and topology spread, as a pod's spec states them."""

from msgspec import Struct

from karptui.model.selectors import LabelSelector

# (key, operator, values): one matchExpressions entry, unparsed, as requirements are built from it in the engine.
Expression = tuple[str, str, tuple[str, ...]]


class NodeSelectorTerm(Struct, frozen=True, gc=False):
    """One OR term of a required node affinity; `match_fields` only tells that there are any (they are ignored)."""

    expressions: tuple[Expression, ...] = ()
    match_fields: bool = False


class PreferredNodeTerm(Struct, frozen=True, gc=False):
    """One preferred node affinity term; weight is 1 to 100."""

    weight: int
    term: NodeSelectorTerm


class PodAffinityTerm(Struct, frozen=True, gc=False):
    """One (anti-)affinity term. `selector` None selects nothing; `namespace_selector` None means not given."""

    topology_key: str
    selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None


class PreferredPodTerm(Struct, frozen=True, gc=False):
    """One preferred pod (anti-)affinity term; weight is 1 to 100."""

    weight: int
    term: PodAffinityTerm


class TopologySpreadConstraint(Struct, frozen=True, gc=False):
    """One topologySpreadConstraints entry. The policies are "Honor" or "Ignore"."""

    topology_key: str
    max_skew: int = 1
    when_unsatisfiable: str = "DoNotSchedule"
    selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str = "Honor"
    node_taints_policy: str = "Ignore"
    match_label_keys: tuple[str, ...] = ()
