"""Topology over one plan: groups, who owns them, where pods may go and what placing them changes."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice

from karptui.engine.provisioning.classes import REMEMBERED_SPECS, LabelKey, PodClass
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.engine.provisioning.topology.groups import Group, Host, Kind
from karptui.engine.provisioning.topology.node_filter import NodeFilter
from karptui.engine.provisioning.topology.residents import Residents, domains_of
from karptui.engine.provisioning.topology.universe import Universe
from karptui.model.affinity import PodAffinityTerm, TopologySpreadConstraint
from karptui.model.labels import HOSTNAME, IN
from karptui.model.pod import PodSpec
from karptui.model.requirements import Conflict, Requirement, Requirements, anything
from karptui.model.selectors import LabelExpression
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint


class ClassTopology:
    """The groups that matter to classes with equal constraints: `zonal` and `hosts` restrict, the others count them.

    Each of the first two comes with whether the group counts the class itself, `zonal` also with what the class itself
    strictly asks of the key. `host_terms` tells apart what hosts
    mean to a class: classes for which it is equal are refused by the same hosts.
    """

    __slots__ = (
        "attracted_to_host",
        "counted",
        "full_hosts",
        "generation",
        "host_domains",
        "host_terms",
        "hosts",
        "narrowed",
        "owned",
        "owned_inverse",
        "recorded",
        "zonal",
    )

    def __init__(self, owned: list[Group], owned_inverse: list[Group]) -> None:
        self.owned = owned
        self.owned_inverse = owned_inverse
        self.generation = -1
        self.zonal: list[tuple[Group, bool, Requirement]] = []
        self.hosts: list[tuple[Group, bool]] = []
        self.counted: list[Group] = []
        self.attracted_to_host = False
        self.host_domains: Requirement | None = None
        self.host_terms: tuple[object, ...] = ()
        self.full_hosts: list[Collection[Host]] = []
        """Hosts that take none of the class for good, as far as they are quickly told."""
        self.recorded: dict[RequirementSet, _Recording] = {}
        self.narrowed: dict[RequirementSet, tuple[int, RequirementSet | tuple[Conflict, ...] | Group]] = {}


class _Recording:
    """What changes when a pod comes to something with certain requirements and taints."""

    __slots__ = ("domains", "hosts", "taints")

    def __init__(self, taints: tuple[Taint, ...], domains: list[tuple[Group, str]], hosts: list[Group]) -> None:
        self.taints = taints
        self.domains = domains
        self.hosts = hosts


class _Counting:
    """The groups that count pods with certain labels, and how many groups have been looked at for that."""

    __slots__ = ("forward", "inverse", "seen_forward", "seen_inverse")

    def __init__(self) -> None:
        self.forward: list[Group] = []
        self.inverse: list[Group] = []
        self.seen_forward = 0
        self.seen_inverse = 0


class Topology:
    """All groups of one plan."""

    def __init__(self, snapshot: Snapshot, universe: Universe, residents: Residents, space: RequirementSpace) -> None:
        self._namespaces = snapshot.namespaces
        self._chance = {domain: place for place, domain in enumerate(snapshot.favoured)}
        self._respect = snapshot.options.preference_policy != "Ignore"
        self._universe = universe
        self._residents = residents
        self._space = space
        self._generation = 0
        """The number of groups."""
        self._forward: dict[tuple[object, ...], Group] = {}
        self._inverse: dict[tuple[object, ...], Group] = {}
        self._by_labels: dict[LabelKey, _Counting] = {}
        self._by_class: dict[int, ClassTopology] = {}
        self._by_constraints: dict[tuple[bool, LabelKey, RequirementSet, int], ClassTopology] = {}
        self._terms: dict[int, int] = {}
        self._term_numbers: dict[tuple[object, ...], int] = {}

    def start(self, classes: Iterable[PodClass]) -> None:
        """Creates the inverse groups of bound pods, then the groups of the batch in the order of its pods."""
        nodes = self._residents.nodes
        for repelling, moving in self._residents.repelling():
            for term in repelling.spec.anti_affinity:
                group = self._inverse_group(repelling.namespace, repelling.spec, term)
                less = domains_of(moving, term.topology_key, nodes)
                group.take(repelling.by_domain(term.topology_key, nodes), less)
        for class_ in classes:
            self._groups_of(class_)

    def of(self, class_: PodClass) -> ClassTopology:
        """The groups of a class, which come to be when it is first asked about."""
        known = self._by_class.get(class_.index) or self._groups_of(class_)
        if known.generation != self._generation:
            known.generation = self._generation
            self._refresh(class_, known)
        return known

    def _groups_of(self, class_: PodClass) -> ClassTopology:
        known = self._by_class.get(class_.index)
        if known is None:
            spec = class_.spec
            terms = self._terms.get(id(spec))
            if terms is None:
                # The class holds its spec, so no other one can have this id.
                content = _terms(spec)
                terms = self._terms[id(spec)] = self._term_numbers.setdefault(content, len(self._term_numbers))
            # Classes for which these are equal own the same groups, and are counted by the same.
            constraints = (class_.untracked, class_.label_key, class_.strict, terms)
            known = self._by_constraints.get(constraints)
            if known is None:
                owned_inverse = [self._inverse_group(class_.namespace, spec, term) for term in spec.anti_affinity]
                known = ClassTopology([] if class_.untracked else self._own(class_), _distinct(owned_inverse))
                self._by_constraints[constraints] = known
            self._by_class[class_.index] = known
        return known

    def narrow(
        self, class_: PodClass, groups: ClassTopology, requirements: RequirementSet, strict: bool = False
    ) -> "RequirementSet | tuple[Conflict, ...] | Group":
        """A node's or claim's requirements with the domains that are left for a class.

        A Group in answer is the one that left none; conflicts are about a key that the claim does not have.
        """
        if not groups.zonal:
            return requirements
        if len(groups.zonal) == 1 and not strict:
            group, selected, own = groups.zonal[0]
            key = group.key
            if group.kind is Kind.SPREAD:
                domains = group.domains(selected, own, requirements.by_key.get(key) or anything(key))
                return requirements.among(key, domains) if domains else group
            # What attracts and repels changes only when a domain gets its first pod.
            known = groups.narrowed.get(requirements)
            if known is None or known[0] != group.occupied:
                domains = group.domains(selected, own, requirements.by_key.get(key) or anything(key))
                answer = requirements.among(key, domains) if domains else group
                known = groups.narrowed[requirements] = (group.occupied, answer)
            return known[1]
        entries: list[Requirement] = []
        for group, selected, own in groups.zonal:
            key = group.key
            domains = group.domains(selected, own, requirements.by_key.get(key) or anything(key))
            if not domains:
                return group
            entries.append(Requirement(key, False, domains))
        chosen = self._space.intern(Requirements(entries))
        return requirements.merge_strictly(chosen) if strict else requirements.merge(chosen)

    def admits_host(self, groups: ClassTopology, host: Host) -> bool:
        """Whether all groups on the hostname let the class onto this host."""
        for group, selected in groups.hosts:  # noqa: SIM110  called for every pod and claim
            if not group.admits_host(host, selected, groups.host_domains):
                return False
        return True

    def record(
        self,
        groups: ClassTopology,
        taints: tuple[Taint, ...],
        requirements: RequirementSet,
        host: Host,
        number: int = 1,
    ) -> None:
        """So many pods have been placed, on something with these requirements (7.7)."""
        recording = groups.recorded.get(requirements)
        if recording is None or recording.taints is not taints:
            recording = groups.recorded[requirements] = _recording(groups, taints, requirements)
        # As Group.count does, which is too dear a call for every pod.
        for group, domain in recording.domains:
            counts = group.counts
            known = counts.get(domain, 0)
            if not known:
                group.occupied += 1
            counts[domain] = known + number
        for group in recording.hosts:
            group.hosts[host] = group.hosts.get(host, 0) + number

    def _refresh(self, class_: PodClass, known: ClassTopology) -> None:
        counted = self._counting(class_)
        chosen = {id(group) for group in counted.forward}
        own = class_.strict.requirements
        known.zonal = [(group, id(group) in chosen, own.of(group.key)) for group in known.owned if not group.per_host]
        known.hosts = [(group, id(group) in chosen) for group in known.owned if group.per_host]
        known.zonal += [(group, True, own.of(group.key)) for group in counted.inverse if not group.per_host]
        known.hosts += [(group, True) for group in counted.inverse if group.per_host]
        known.attracted_to_host = any(group.kind is Kind.AFFINITY for group, _ in known.hosts)
        known.counted = counted.forward
        known.full_hosts = [
            group.hosts
            for group, selected in known.hosts
            if group.kind is Kind.ANTI_AFFINITY or (group.kind is Kind.SPREAD and selected and group.max_skew == 1)
        ]
        known.host_domains = class_.strict.requirements.get(HOSTNAME)
        known.host_terms = (*known.hosts, known.host_domains) if known.hosts else ()
        known.recorded.clear()
        known.narrowed.clear()

    def _counting(self, class_: PodClass) -> "_Counting":
        """The groups that count pods with the labels of a class; groups are only ever added, so those that are new."""
        counted = self._by_labels.get(class_.label_key)
        if counted is None:
            counted = self._by_labels[class_.label_key] = _Counting()
        for groups, seen, chosen in (
            (self._forward, counted.seen_forward, counted.forward),
            (self._inverse, counted.seen_inverse, counted.inverse),
        ):
            if seen < len(groups):
                fresh = islice(groups.values(), seen, None)
                chosen += [group for group in fresh if group.selects(class_.namespace, class_.labels)]
        counted.seen_forward, counted.seen_inverse = len(self._forward), len(self._inverse)
        return counted

    # --- making groups --------------------------------------------------------------------------------------------

    def _own(self, class_: PodClass) -> list[Group]:
        spec = class_.spec
        groups = [
            self._spread_group(class_, constraint)
            for constraint in spec.topology_spread
            if self._respect or constraint.when_unsatisfiable == "DoNotSchedule"
        ]
        affinity, anti_affinity = list(spec.affinity), list(spec.anti_affinity)
        if self._respect:
            affinity += [preferred.term for preferred in spec.preferred_affinity]
            anti_affinity += [preferred.term for preferred in spec.preferred_anti_affinity]
        for kind, terms in ((Kind.AFFINITY, affinity), (Kind.ANTI_AFFINITY, anti_affinity)):
            for term in terms:
                group = Group(kind, term.topology_key, self._namespaces_of(class_.namespace, term), term.selector)
                groups.append(self._find(group, spec))
        return _distinct(groups)

    def _spread_group(self, class_: PodClass, constraint: TopologySpreadConstraint) -> Group:
        selector = constraint.selector
        if selector is not None and constraint.match_label_keys:
            selector = selector.including(
                *(
                    LabelExpression(key, IN, frozenset((class_.labels[key],)))
                    for key in constraint.match_label_keys
                    if key in class_.labels
                )
            )
        group = Group(
            Kind.SPREAD,
            constraint.topology_key,
            frozenset((class_.namespace,)),
            selector,
            constraint.max_skew,
            constraint.min_domains,
            NodeFilter(class_.spec, constraint),
        )
        return self._find(group, class_.spec)

    def _find(self, group: Group, spec: PodSpec) -> Group:
        known = self._forward.get(group.identity)
        if known is None:
            known = self._forward[group.identity] = group
            self._generation += 1
            group.chance = self._chance
            # Affinity has no taint policy, and Karpenter takes none for Honor.
            everywhere = group.node_filter is not None and not group.node_filter.honor_taints
            for domain in self._universe.domains(group.key, None if everywhere else spec.tolerations):
                group.register(domain)
            self._residents.count(group)
        return known

    def _inverse_group(self, namespace: str, spec: PodSpec, term: PodAffinityTerm) -> Group:
        group = Group(Kind.ANTI_AFFINITY, term.topology_key, self._namespaces_of(namespace, term), term.selector)
        known = self._inverse.get(group.identity)
        if known is None:
            known = self._inverse[group.identity] = group
            self._generation += 1
            for domain in self._universe.domains(group.key, spec.tolerations):
                group.register(domain)
        return known

    def _namespaces_of(self, namespace: str, term: PodAffinityTerm) -> frozenset[str]:
        if term.namespace_selector is None:
            return frozenset(term.namespaces) or frozenset((namespace,))
        matching = (
            known.metadata.name
            for known in self._namespaces.values()
            if term.namespace_selector.matches(known.metadata.labels)
        )
        return frozenset((*term.namespaces, *matching))


@lru_cache(maxsize=REMEMBERED_SPECS)
def _terms(spec: PodSpec) -> tuple[object, ...]:
    """What of a spec groups are made of. Most pods have nothing of it, and then all of them are alike."""
    terms = (
        spec.topology_spread,
        spec.affinity,
        spec.anti_affinity,
        spec.preferred_affinity,
        spec.preferred_anti_affinity,
    )
    if not any(terms):
        return ()
    return (*terms, spec.tolerations, spec.required_node_terms, frozenset(spec.node_selector.items()))


def _recording(groups: ClassTopology, taints: tuple[Taint, ...], requirements: RequirementSet) -> _Recording:
    """Which groups count a pod where (7.7)."""
    domains: list[tuple[Group, str]] = []
    hosts: list[Group] = []
    for group in groups.counted:
        if group.node_filter is not None and not group.node_filter.admits(taints, requirements.requirements):
            continue
        if group.per_host:
            hosts.append(group)
            continue
        left = requirements.requirements.get(group.key)
        if left is None:
            continue
        if group.kind is Kind.ANTI_AFFINITY or (not left.complement and len(left.values) == 1):
            domains += [(group, domain) for domain in left.values]
    for group in groups.owned_inverse:
        if group.per_host:
            hosts.append(group)
        elif (left := requirements.requirements.get(group.key)) is not None:
            domains += [(group, domain) for domain in left.values]
    return _Recording(taints, domains, hosts)


def _distinct(groups: list[Group]) -> list[Group]:
    return list({id(group): group for group in groups}.values())
