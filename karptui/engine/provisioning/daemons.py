"""What DaemonSets take of a node before any other pod (spec/scheduling.md 3.6)."""

from collections.abc import Sequence
from typing import NamedTuple

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.classes import Amounts
from karptui.engine.provisioning.pools import Template
from karptui.engine.provisioning.relaxation import PREFER_NO_SCHEDULE_TOLERATION
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace, is_readable
from karptui.model.affinity import NodeSelectorTerm
from karptui.model.containers import HostPort
from karptui.model.pod import Pod
from karptui.model.quantity import Format
from karptui.model.requirements import Requirements, from_labels, from_selector_terms
from karptui.model.resources import Resources, merge
from karptui.model.snapshot import Snapshot
from karptui.model.taints import Taint, tolerates_all
from karptui.model.written import sum_formats


class DaemonGroup(NamedTuple):
    """The types of a template on which the same DaemonSets run, and what those take. `key` names them, sorted.

    `formats` says how amounts are written that are not written as their resource usually is.
    """

    key: str
    types: int
    overhead: Resources
    amounts: Amounts
    ports: tuple[HostPort, ...]
    formats: dict[str, Format]


class Daemon:
    """The representative pod of one DaemonSet. What fitting drops from it stays dropped, as in Karpenter."""

    def __init__(self, key: str, pod: Pod | None, snapshot: Snapshot) -> None:
        template = snapshot.daemon_sets[key].spec
        spec = pod.spec if pod is not None else template
        self.key = key
        self.requests = pod.requests if pod is not None else template.requests
        self.formats = pod.formats if pod is not None else template.formats
        self.ports = spec.host_ports
        self.tolerations = spec.tolerations
        self.selector = spec.node_selector
        stated = template.required_node_terms or spec.required_node_terms
        self.terms: tuple[NodeSelectorTerm, ...] = stated
        self.readable = all(
            is_readable(operator, values) for term in stated for _, operator, values in term.expressions
        )
        self.resource_claims = spec.resource_claims

    def strict(self) -> Requirements:
        """nodeSelector and the first required term that is left."""
        requirements = from_labels(self.selector)
        return requirements.merge(from_selector_terms(self.terms[0].expressions)) if self.terms else requirements

    def tolerates(self, taints: tuple[Taint, ...]) -> bool:
        """Whether it runs in spite of all of these taints."""
        return tolerates_all(self.tolerations, taints)


def daemons(snapshot: Snapshot) -> list[Daemon]:
    """One for every DaemonSet that takes part, by key; its newest pod stands for it, or else its template."""
    if not snapshot.daemon_sets:
        return []
    newest: dict[str, Pod] = {}
    for key in sorted(snapshot.pods):
        pod = snapshot.pods[key]
        if not pod.daemon:
            continue
        owner = pod.metadata.controller()
        if owner is None or owner.kind != "DaemonSet":
            continue
        name = f"{pod.metadata.namespace}/{owner.name}"
        known = newest.get(name)
        if known is None or pod.metadata.created > known.metadata.created:
            newest[name] = pod
    found = [Daemon(key, newest.get(key), snapshot) for key in sorted(snapshot.daemon_sets)]
    return [
        daemon
        for daemon in found
        if daemon.readable and not (daemon.resource_claims and snapshot.options.ignore_dra_requests)
    ]


def daemon_groups(
    template: Template, all_daemons: Sequence[Daemon], catalogue: PreparedCatalogue, space: RequirementSpace
) -> list[DaemonGroup]:
    """The template's types, divided by the set of DaemonSets that would run on them; in order of their keys."""
    parts: list[tuple[int, tuple[Daemon, ...]]] = [(template.types, ())]
    for daemon in all_daemons:
        if PREFER_NO_SCHEDULE_TOLERATION not in daemon.tolerations:
            daemon.tolerations = (*daemon.tolerations, PREFER_NO_SCHEDULE_TOLERATION)
        mask = _compatible(daemon, template, catalogue, space)
        divided: list[tuple[int, tuple[Daemon, ...]]] = []
        for types, members in parts:
            if types & mask:
                divided.append((types & mask, (*members, daemon)))
            if types & ~mask:
                divided.append((types & ~mask, members))
        parts = divided
    groups: list[DaemonGroup] = []
    for types, members in parts:
        overhead = merge(*(daemon.requests for daemon in members))
        ports = tuple(port for daemon in members for port in daemon.ports)
        key = ",".join(daemon.key for daemon in members)
        amounts = tuple(sorted(overhead.items()))
        groups.append(DaemonGroup(key, types, overhead, amounts, ports, sum_formats(members, overhead)))
    return sorted(groups, key=lambda group: group.key)


def _compatible(daemon: Daemon, template: Template, catalogue: PreparedCatalogue, space: RequirementSpace) -> int:
    """The template's types on which a daemon runs; drops OR terms of the daemon as it goes from type to type."""
    if not daemon.tolerates(template.pool.template.taints):
        return 0
    if len(daemon.terms) <= 1:
        return _strictly(daemon, template, space)
    mask = 0
    allowed = _strictly(daemon, template, space)
    for bit in catalogue.provider_order:
        if not template.types >> bit & 1:
            continue
        while not allowed >> bit & 1 and len(daemon.terms) > 1:
            daemon.terms = daemon.terms[1:]
            allowed = _strictly(daemon, template, space)
        mask |= allowed & 1 << bit
    return mask


def _strictly(daemon: Daemon, template: Template, space: RequirementSpace) -> int:
    wanted = space.intern(daemon.strict())
    if not isinstance(template.requirements.merge(wanted), RequirementSet):
        return 0
    return wanted.types & template.types
