"""Pods that are alike are one class: whatever is decided about one holds for all of them."""

from collections.abc import Sequence
from functools import lru_cache

from karptui.engine.provisioning.relaxation import heaviest_first, relax
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.engine.provisioning.volumes import VolumeUse, volume_alternatives, volume_use
from karptui.model.affinity import PodAffinityTerm
from karptui.model.pod import Pod, PodSpec
from karptui.model.requirements import NO_REQUIREMENTS, Requirements, from_labels, from_selector_terms
from karptui.model.selectors import LabelSelector
from karptui.model.snapshot import Snapshot

REMEMBERED_SPECS = 16_384
"""PodSpecs of which is kept from one plan to the next what follows from them alone."""

Amounts = tuple[tuple[str, int], ...]
"""Amounts by resource, sorted by name, in nano-units."""


class PodClass:
    """What pods have in common: constraints, requests, and the labels that any selector in play looks at.

    `requirements` are §4.6's, `strict` those without preferences; `alternatives` are where its volumes can be reached
    (empty: anywhere). `relaxed` is what is left of it after one more preference is given up. To topology an
    `untracked` class owns nothing: that of a pod with volumes that cannot be resolved, as long as it has not failed.
    """

    __slots__ = (
        "_relaxed",
        "alternatives",
        "amounts",
        "index",
        "label_key",
        "labels",
        "namespace",
        "relaxation",
        "requirements",
        "size",
        "spec",
        "strict",
        "unresolved",
        "untracked",
        "volume_use",
    )

    def __init__(
        self, index: int, spec: PodSpec, template: "ClassTemplate", sets: tuple[RequirementSet, RequirementSet]
    ) -> None:
        self.index = index
        self.unresolved = template.unresolved
        self.untracked = False
        self.spec = spec
        self.namespace = template.namespace
        self.labels = template.labels
        self.label_key = template.label_key
        self.amounts = template.amounts
        self.size = template.size
        self.alternatives = template.alternatives
        self.volume_use = template.volume_use
        self.requirements, self.strict = sets
        self.relaxation: tuple[str, str] = ("", "")
        self._relaxed: PodClass | bool | None = False


LabelKey = tuple[str, frozenset[tuple[str, str]]]
"""A namespace and labels."""


class ClassTemplate:
    """What a class and its relaxed forms share.

    Classes that are labelled alike share one object as their `label_key`, those that ask for equal amounts one `size`.
    """

    __slots__ = ("alternatives", "amounts", "label_key", "labels", "namespace", "size", "unresolved", "volume_use")

    def __init__(
        self,
        pod: Pod,
        labels: tuple[LabelKey, dict[str, str]],
        amounts: Amounts,
        size: int,
        space: RequirementSpace,
        snapshot: Snapshot,
    ) -> None:
        self.namespace = pod.metadata.namespace
        self.label_key, self.labels = labels
        self.amounts = amounts
        self.size = size
        self.alternatives: tuple[RequirementSet, ...] = ()
        self.volume_use: VolumeUse = ()
        self.unresolved = False
        if pod.spec.volumes:
            alternatives = volume_alternatives(pod, snapshot)
            self.unresolved = alternatives is None
            self.alternatives = tuple(space.intern(entry) for entry in alternatives or ())
            self.volume_use = volume_use(pod, snapshot)


class PodClasses:
    """All classes of one plan."""

    def __init__(self, snapshot: Snapshot, space: RequirementSpace, tolerate_preferences: bool) -> None:
        self.snapshot = snapshot
        self.space = space
        self.tolerate_preferences = tolerate_preferences
        self.label_keys: tuple[str, ...] = ()
        self.all: list[PodClass] = []
        self._known: dict[tuple[object, ...], PodClass] = {}
        self._templates: dict[int, ClassTemplate] = {}
        self._untracked: dict[int, PodClass] = {}
        self._by_pod: dict[int, PodClass] = {}
        self._amounts: dict[int, tuple[dict[str, int], Amounts]] = {}
        self._sizes: dict[Amounts, int] = {}
        self._labels: dict[tuple[object, ...], tuple[LabelKey, dict[str, str]]] = {}
        self._sets: dict[int, tuple[RequirementSet, RequirementSet]] = {}
        self._respect = snapshot.options.preference_policy != "Ignore"

    def watch_labels(self, specs: list[PodSpec]) -> None:
        """Learns which labels selectors look at, so that the others do not tell pods apart."""
        self.label_keys = tuple(sorted(frozenset[str]().union(*map(_selected_keys, specs))))

    def of(self, pod: Pod) -> PodClass:
        """The class of a pod."""
        metadata, spec = pod.metadata, pod.spec
        values = map(metadata.labels.get, self.label_keys)
        key: tuple[object, ...] = (spec.key, metadata.namespace, *values)
        if pod.requests is not spec.requests:
            key = (*key, self._amounts_of(pod.requests))
        if spec.volumes:
            key = (*key, metadata.name)
        known = self._known.get(key)
        if known is None:
            labels, amounts = self._labels_of(pod), self._amounts_of(pod.requests)
            size = self._sizes.setdefault(amounts, len(self._sizes))
            template = ClassTemplate(pod, labels, amounts, size, self.space, self.snapshot)
            known = self._known[key] = self._add(spec, template)
        return known

    def of_all(self, pods: Sequence[Pod]) -> dict[int, PodClass]:
        """The classes of pods, by `id` of the pod. Rounds over one Snapshot ask for the same pods again and again."""
        by_pod = self._by_pod
        for pod in pods:
            if id(pod) not in by_pod:
                by_pod[id(pod)] = self.of(pod)
        return {id(pod): by_pod[id(pod)] for pod in pods}

    def untracked(self, class_: PodClass) -> PodClass:
        """The class under which pods of an unresolved one are tried first (1.5)."""
        known = self._untracked.get(class_.index)
        if known is None:
            known = self._untracked[class_.index] = self._add(class_.spec, self._templates[class_.index])
            known.untracked = True
        return known

    def _labels_of(self, pod: Pod) -> tuple[LabelKey, dict[str, str]]:
        """The labels of a pod that any selector looks at, with a key for them."""
        labels, namespace = pod.metadata.labels, pod.metadata.namespace
        key = (namespace, *map(labels.get, self.label_keys))
        known = self._labels.get(key)
        if known is None:
            watched = {name: labels[name] for name in self.label_keys if name in labels}
            known = self._labels[key] = ((namespace, frozenset(watched.items())), watched)
        return known

    def relaxed(self, class_: PodClass) -> PodClass | None:
        """The class with one more preference given up; None where there is nothing to give up."""
        known = class_._relaxed  # pyright: ignore[reportPrivateUsage]
        if isinstance(known, bool):
            step = relax(class_.spec, self.tolerate_preferences)
            known = None
            if step is not None:
                spec, kind, detail = step
                known = self._add(spec, self._templates[class_.index])
                known.relaxation = (kind, detail)
            class_._relaxed = known  # pyright: ignore[reportPrivateUsage]
        return known

    def _add(self, spec: PodSpec, template: ClassTemplate) -> PodClass:
        sets = self._sets.get(id(spec))
        if sets is None:
            # The class holds its spec, so no other one can have this id.
            sets = self._sets[id(spec)] = (
                self.space.intern(pod_requirements(spec, self._respect)),
                self.space.intern(pod_requirements(spec, False)),
            )
        class_ = PodClass(len(self.all), spec, template, sets)
        self._templates[class_.index] = template
        self.all.append(class_)
        return class_

    def _amounts_of(self, requests: dict[str, int]) -> Amounts:
        # Replicas share the dict of their spec, so its identity is a quick key; the entry keeps it alive.
        known = self._amounts.get(id(requests))
        if known is None:
            known = self._amounts[id(requests)] = (requests, tuple(sorted(requests.items())))
        return known[1]


@lru_cache(maxsize=REMEMBERED_SPECS)
def pod_requirements(spec: PodSpec, preferences: bool) -> Requirements:
    """What a pod asks of its node: nodeSelector, first required term and, if asked, the heaviest preferred (4.6)."""
    requirements = from_labels(spec.node_selector) if spec.node_selector else NO_REQUIREMENTS
    if preferences and spec.preferred_node_terms:
        heaviest = heaviest_first(spec.preferred_node_terms)[0]
        requirements = requirements.merge(from_selector_terms(heaviest.term.expressions))
    if spec.required_node_terms:
        requirements = requirements.merge(from_selector_terms(spec.required_node_terms[0].expressions))
    return requirements


@lru_cache(maxsize=REMEMBERED_SPECS)
def _selected_keys(spec: PodSpec) -> frozenset[str]:
    keys: set[str] = set()
    terms: list[PodAffinityTerm] = [*spec.affinity, *spec.anti_affinity]
    terms += [preferred.term for preferred in (*spec.preferred_affinity, *spec.preferred_anti_affinity)]
    selectors: list[LabelSelector | None] = [term.selector for term in terms]
    for constraint in spec.topology_spread:
        selectors.append(constraint.selector)
        keys.update(constraint.match_label_keys)
    for selector in selectors:
        if selector is not None:
            keys.update(key for key, _ in selector.match_labels)
            keys.update(expression.key for expression in selector.match_expressions)
    return frozenset(keys)
