"""NodePools that can take pods, in the order tried, and the templates made of them (spec/scheduling.md 5)."""

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace, is_readable
from karptui.model.decision import Reason, Refusal
from karptui.model.labels import INITIALIZED, NODEPOOL, REGISTERED, node_class_label
from karptui.model.metadata import condition, is_true
from karptui.model.nodepool import NodePool
from karptui.model.requirements import Requirement, Requirements, from_labels, from_specs
from karptui.model.snapshot import Snapshot
from karptui.model.taints import PREFER_NO_SCHEDULE

SUPPORTED_NODE_CLASSES = frozenset({("karpenter.k8s.aws", "EC2NodeClass"), ("karpenter.kwok.sh", "KWOKNodeClass")})
"""The (group, kind) of NodeClasses whose providers we know; pools of others belong to another Karpenter."""

SIMULATION_KEYS = (REGISTERED, INITIALIZED)
"""Labels that a node will have once it runs; templates carry them, NodeClaims do not."""


class Template:
    """A usable NodePool as the loop sees it. `types` is the mask of types that survive its own requirements."""

    __slots__ = ("index", "min_values_relaxed", "name", "pool", "requirements", "taints", "types", "visible")

    def __init__(self, pool: NodePool, requirements: RequirementSet, visible: int) -> None:
        self.index = 0
        self.name = pool.key
        self.pool = pool
        self.taints = pool.template.taints
        self.requirements = requirements
        self.visible = visible
        self.types = 0
        self.min_values_relaxed = False


def usable_pools(snapshot: Snapshot) -> list[NodePool]:
    """The pools that take part: by weight, heaviest first, among equals the later name first (5.1, 5.2)."""
    pools = [pool for pool in snapshot.node_pools.values() if _usable(pool)]
    pools.sort(key=lambda pool: pool.key, reverse=True)
    return sorted(pools, key=lambda pool: -pool.weight)


def _usable(pool: NodePool) -> bool:
    reference = pool.template.node_class
    if (reference.group, reference.kind) not in SUPPORTED_NODE_CLASSES or pool.replicas is not None:
        return False
    if not all(is_readable(entry.operator, entry.values) for entry in pool.template.requirements):
        return False
    # Reading Ready makes it Unknown while a condition that it depends on has never been set.
    known = all(condition(pool.conditions, part) is not None for part in ("ValidationSucceeded", "NodeClassReady"))
    return known and is_true(pool.conditions, "Ready") and pool.metadata.deleted is None


def prefers_no_schedule(pools: list[NodePool]) -> bool:
    """Whether some pool's template has a PreferNoSchedule taint, which makes the last relaxation step exist (6.6)."""
    return any(taint.effect == PREFER_NO_SCHEDULE for pool in pools for taint in pool.template.taints)


def template_requirements(pool: NodePool) -> Requirements:
    """spec.requirements with the labels that every node of the pool gets (5.4)."""
    reference = pool.template.node_class
    labels = {
        **pool.template.labels,
        NODEPOOL: pool.key,
        node_class_label(reference.group, reference.kind): reference.name,
    }
    simulated = [Requirement(key, False, frozenset({"true"})) for key in SIMULATION_KEYS]
    return from_specs(pool.template.requirements).merge(from_labels(labels)).add(*simulated)


def pool_labels(pool: NodePool) -> Requirements:
    """Template labels as requirements, without those that Karpenter adds: what the domain universe is made of (7.1)."""
    return Requirements(Requirement(key, False, frozenset({value})) for key, value in pool.template.labels.items())


def pools_without_types(
    pools: list[NodePool],
    kept: list[Template],
    space: RequirementSpace,
    catalogue: PreparedCatalogue,
    min_values: MinValues,
) -> tuple[Reason, ...]:
    """Why each of the pools without a template has none, in the order tried."""
    named = {template.name for template in kept}
    reasons: list[Reason] = []
    for pool in pools:
        if pool.key in named:
            continue
        requirements = space.intern(template_requirements(pool))
        visible = catalogue.visible(pool.key)
        rows = catalogue.expand(visible & requirements.types) & requirements.rows & catalogue.allocatable.usable
        unmet = min_values.unmet(requirements, catalogue.collapse(rows)) if rows else {}
        if unmet:
            key = min(unmet)
            wanted = requirements.requirements.of(key).min_values
            reasons.append(Reason(Refusal.MIN_VALUES, pool.key, key, str(wanted), str(unmet[key])))
        else:
            reasons.append(Reason(Refusal.NO_TYPES, pool.key))
    return tuple(reasons)


def templates(
    pools: list[NodePool], space: RequirementSpace, catalogue: PreparedCatalogue, min_values: MinValues
) -> list[Template]:
    """A template for every pool that some type suits, in the order of the pools (5.3, 5.4)."""
    kept: list[Template] = []
    for pool in pools:
        visible = catalogue.visible(pool.key)
        if not visible:
            continue
        template = Template(pool, space.intern(template_requirements(pool)), visible)
        requirements = template.requirements
        rows = catalogue.expand(visible & requirements.types) & requirements.rows & catalogue.allocatable.usable
        types = catalogue.collapse(rows)
        relaxed = min_values.accept(requirements, types, may_relax=True)
        if not types or relaxed is None:
            continue
        template.types = types
        template.index = len(kept)
        kept.append(template)
    return kept
