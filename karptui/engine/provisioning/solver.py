"""The loop: pods in order, each to an existing node, an open claim or a new one (spec/scheduling.md 6)."""

from collections import Counter

from karptui.engine.provisioning.catalogue import prepare
from karptui.engine.provisioning.claims import Claim, ClaimOrder
from karptui.engine.provisioning.classes import PodClass, PodClasses
from karptui.engine.provisioning.daemons import daemon_groups, daemons
from karptui.engine.provisioning.existing import ExistingNodes
from karptui.engine.provisioning.filtering import TypeFilter
from karptui.engine.provisioning.finish import Finishing
from karptui.engine.provisioning.joining import Joining
from karptui.engine.provisioning.limits import Limits
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.opening import Opening, Openings
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.pools import prefers_no_schedule, templates
from karptui.engine.provisioning.queue import PodQueue
from karptui.engine.provisioning.requirement_sets import RequirementSpace
from karptui.engine.provisioning.reservations import Reservations
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.topology.residents import Residents
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.engine.provisioning.topology.universe import Universe
from karptui.model.decision import Plan, PlannedClaim, PodFailure, Reason, Refusal, Relaxation
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod, PodSpec
from karptui.model.snapshot import Snapshot


class Solver:
    """One round over one Snapshot."""

    def __init__(self, snapshot: Snapshot, batch: Batch, nodes: list[StateNode], pools: list[NodePool]) -> None:
        options = snapshot.options
        self._snapshot = snapshot
        self._batch = batch
        catalogue = prepare(snapshot.catalogue)
        self._space = RequirementSpace(catalogue)
        min_values = MinValues(catalogue, self._space, options.min_values_policy)
        self._classes = PodClasses(snapshot, self._space, prefers_no_schedule(pools))
        specs: dict[int, PodSpec] = {id(pod.spec): pod.spec for pod in batch.pods}
        repelling = [pod.spec for pod in snapshot.pods.values() if pod.spec.anti_affinity and pod.node_name]
        self._classes.watch_labels([*specs.values(), *repelling])
        self._limits = Limits(pools, nodes, catalogue)
        reservations = Reservations(catalogue, options.gate("ReservedCapacity"))
        self._reservations = reservations
        all_daemons = daemons(snapshot)
        usable = templates(pools, self._space, catalogue, min_values)
        groups = [daemon_groups(template, all_daemons, catalogue, self._space) for template in usable]
        residents = Residents(snapshot, nodes, batch.pods, self._classes.label_keys)
        topology = Topology(snapshot, Universe(pools, catalogue), residents, self._space)
        self._topology = topology
        self._openings = Openings(
            usable, groups, catalogue, self._space, topology, self._limits, min_values, reservations
        )
        self._existing = ExistingNodes(nodes, all_daemons, self._space, snapshot, topology)
        self._order = ClaimOrder()
        self._joining = Joining(self._order, topology, TypeFilter(catalogue), min_values, reservations)
        self._finishing = Finishing(catalogue, self._space, min_values, options.max_instance_types)
        self._placed = 0
        self._relaxed: list[Relaxation] = []
        self._failed: dict[int, tuple[int, tuple[Reason, ...], tuple[Relaxation, ...]]] = {}

    def solve(self) -> Plan:
        """Places every pod that has a place."""
        class_of = {id(pod): self._classes.of(pod) for pod in self._batch.pods}
        self._topology.start(class_of.values())
        failures: dict[str, PodFailure] = {}
        left = Counter(class_.index for class_ in class_of.values())
        queue = PodQueue(self._batch.pods)
        while (pod := queue.pop()) is not None:
            class_ = class_of[id(pod)]
            failure = self._attempt(pod, class_)
            if failure is None:
                failures.pop(pod.key, None)
                left[class_.index] -= 1
                if not left[class_.index]:
                    self._joining.forget(class_)
            else:
                failures[pod.key] = failure
                queue.push(pod)
        claims: list[PlannedClaim] = []
        for claim in self._order.claims:
            planned = self._finishing.finish(claim)
            if isinstance(planned, PlannedClaim):
                claims.append(planned)
            else:
                failures.update((pod.key, PodFailure((planned,))) for pod in claim.pods)
        return Plan(
            claims=tuple(sorted(claims, key=lambda claim: claim.pods)),
            existing={
                node.state.name: tuple(sorted(pod.key for pod in node.pods))
                for node in self._existing.nodes
                if node.pods
            },
            errors={key: failures[key] for key in sorted(failures)},
            ignored=self._batch.ignored,
            relaxed=tuple(self._relaxed),
        )

    def _attempt(self, pod: Pod, class_: PodClass) -> PodFailure | None:
        """Tries a pod, and tries again with one preference fewer, until there is none (6.3)."""
        if class_.spec.resource_claims and self._snapshot.options.ignore_dra_requests:
            return PodFailure((Reason(Refusal.DRA),))
        known = self._failed.get(class_.index)
        if known is not None and known[0] == self._placed:
            # Nothing has changed since one like it failed.
            return PodFailure(known[1], relaxed=_said_of(pod, known[2]))
        variant: PodClass | None = class_
        relaxed: list[Relaxation] = []
        reasons: tuple[Reason, ...] = ()
        while variant is not None:
            answer = self._add(pod, variant, relaxed)
            if answer is None:
                self._placed += 1
                self._relaxed += relaxed
                return None
            reasons = answer
            if reasons[0].code is Refusal.RESERVED:
                break
            variant = self._classes.relaxed(variant)
            if variant is not None:
                relaxed.append(Relaxation(pod.key, *variant.relaxation))
        self._failed[class_.index] = (self._placed, reasons, tuple(relaxed))
        return PodFailure(reasons, relaxed=tuple(relaxed))

    def _add(self, pod: Pod, class_: PodClass, relaxed: list[Relaxation]) -> tuple[Reason, ...] | None:
        """One attempt without relaxing (6.4); None when the pod was placed."""
        groups = self._topology.of(class_)
        if self._existing.place(pod, class_) is not None:
            return None
        accepted = self._joining.find(class_, groups) if self._order.claims else None
        if accepted is not None:
            claim = accepted.claim
            before = claim.requirements
            claim.requirements, claim.types = accepted.requirements, accepted.types
            self._reserve(claim, accepted.reserved)
            self._settle(claim, pod, class_, groups, relaxed)
            self._order.raise_(claim, before)
            return None
        opening = self._openings.find(class_, groups, len(self._order.claims))
        if not isinstance(opening, Opening):
            return opening
        template = opening.template
        claim = Claim(len(self._order.claims), template, opening.requirements, self._openings.groups[template.index])
        claim.types = opening.types
        # Karpenter keeps this on the template, so every claim of the pool shows what the last one did.
        template.min_values_relaxed = opening.min_values_relaxed
        self._reserve(claim, opening.reserved)
        self._limits.take(template.name, opening.types)
        self._settle(claim, pod, class_, groups, relaxed)
        self._order.append(claim)
        return None

    def _reserve(self, claim: Claim, wanted: frozenset[str]) -> None:
        if wanted != claim.held:
            self._reservations.hold(wanted, claim.held)
            claim.held = wanted

    def _settle(
        self, claim: Claim, pod: Pod, class_: PodClass, groups: ClassTopology, relaxed: list[Relaxation]
    ) -> None:
        claim.add(pod, class_)
        claim.relaxed += relaxed
        self._topology.record(groups, claim.template.pool.template.taints, claim.requirements, claim.index)


def _said_of(pod: Pod, relaxed: tuple[Relaxation, ...]) -> tuple[Relaxation, ...]:
    return tuple(Relaxation(pod.key, step.kind, step.detail) for step in relaxed)


def no_pools(batch: Batch) -> Plan:
    """The answer where no NodePool is usable: existing nodes are not tried either (5.1)."""
    failure = PodFailure((Reason(Refusal.NO_POOLS),))
    return Plan(errors=dict.fromkeys(sorted(pod.key for pod in batch.pods), failure), ignored=batch.ignored)
