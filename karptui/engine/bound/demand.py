"""What a batch asks for, as a linear program sees it: how many pods of which amounts, and where each kind may go."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from karptui.engine.provisioning.classes import Amounts, PodClass
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.requirement_sets import RequirementSet
from karptui.model.labels import HOSTNAME
from karptui.model.pod import Pod
from karptui.model.selectors import LabelSelector
from karptui.model.taints import untolerated

Places = tuple[tuple[int, RequirementSet], ...]
"""Where pods may go: the number of a template, and what a node of it must then be."""

Rule = tuple[LabelSelector, str, int]
"""At most so many pods of this selector and namespace on one node."""


class Demand(NamedTuple):
    """Pods that are alike in all that a linear program can tell: `pods` of them. `rules` hold per node."""

    amounts: Amounts
    places: Places
    rules: frozenset[Rule]
    classes: tuple[PodClass, ...]
    pods: int


def counted(ground: Groundwork, pods: Iterable[Pod]) -> dict[PodClass, int]:
    """How many pods there are of each class."""
    counts: dict[PodClass, int] = {}
    for pod in pods:
        class_ = ground.classes.of(pod)
        counts[class_] = counts.get(class_, 0) + 1
    return counts


def demands(ground: Groundwork, counts: Mapping[PodClass, int]) -> list[Demand]:
    """Pods by what tells them apart. Whatever a pod could give up counts as given up."""
    found: dict[tuple[Amounts, Places, frozenset[Rule]], Demand] = {}
    for class_, count in counts.items():
        key = (class_.amounts, _places(ground, class_), _rules(class_))
        known = found.get(key, Demand(*key, (), 0))
        found[key] = Demand(*key, (*known.classes, class_), known.pods + count)
    return list(found.values())


def _places(ground: Groundwork, class_: PodClass) -> Places:
    """Every template and set of requirements that some form of the pod goes with, in a fixed order."""
    found: dict[tuple[int, RequirementSet], None] = {}
    variant: PodClass | None = class_
    while variant is not None:
        for template in ground.templates:
            if untolerated(template.pool.template.taints, variant.spec.tolerations):
                continue
            merged = template.requirements.merge(variant.requirements)
            if not isinstance(merged, RequirementSet):
                continue
            for alternative in variant.alternatives or (None,):
                target = merged if alternative is None else merged.merge(alternative)
                if isinstance(target, RequirementSet):
                    found[template.index, target] = None
        variant = ground.classes.relaxed(variant)
    return tuple(found)


def _rules(class_: PodClass) -> frozenset[Rule]:
    """How many pods like this one may share a node, as their own required terms have it."""
    rules: set[Rule] = set()
    own = class_.namespace
    for term in class_.spec.anti_affinity:
        elsewhere = term.namespaces or term.namespace_selector is not None
        if term.topology_key != HOSTNAME or elsewhere or term.selector is None:
            continue
        if term.selector.matches(class_.labels):
            rules.add((term.selector, own, 1))
    for spread in class_.spec.topology_spread:
        if spread.topology_key != HOSTNAME or spread.when_unsatisfiable != "DoNotSchedule":
            continue
        if spread.selector is not None and not spread.match_label_keys and spread.selector.matches(class_.labels):
            rules.add((spread.selector, own, spread.max_skew))
    return frozenset(rules)
