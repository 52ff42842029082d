"""The loop: pods in order, each to an existing node, an open claim or a new one (spec/scheduling.md 6)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from karptui.engine.provisioning.claims import Claim, ClaimOrder
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.existing import ExistingNode, Places
from karptui.engine.provisioning.finish import Closed
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.joining import Joining
from karptui.engine.provisioning.opening import Opening, Openings
from karptui.engine.provisioning.pending import Batch
from karptui.engine.provisioning.queue import PodQueue
from karptui.engine.provisioning.reservations import Reservations
from karptui.engine.provisioning.topology.residents import Residents
from karptui.engine.provisioning.topology.tracker import ClassTopology, Topology
from karptui.model.decision import Plan, PodFailure, Reason, Refusal, Relaxation
from karptui.model.pod import Pod


class Absence(NamedTuple):
    """What a round imagines away: nodes, by name, and for most pods the nodes that are shielded."""

    nodes: frozenset[str] = frozenset()
    shielded: int = 0
    let_through: frozenset[int] = frozenset()
    """`id` of the pods that may go to shielded nodes."""


class Outcome(NamedTuple):
    """What a round came to: claims with their lists of types cut, nodes that got pods, and pods left over."""

    claims: list[Closed]
    taken: list[ExistingNode]
    failures: dict[str, PodFailure]
    unfinished: bool = False
    """The time was up before every pod had been tried."""


NOTHING_ABSENT = Absence()


class Solver:
    """One round: pods to places, on common ground."""

    def __init__(
        self, ground: Groundwork, batch: Batch, absence: Absence = NOTHING_ABSENT, fallback: bool = False
    ) -> None:
        """`fallback`: claims that get no reservation are made without (spec/lifecycle.md 4.6)."""
        snapshot = ground.snapshot
        self._snapshot = snapshot
        self._batch = batch
        self._absence = absence
        self._classes = ground.classes
        self._limits = ground.limits.without(ground.by_name[name] for name in absence.nodes)
        self._reservations = Reservations(ground.catalogue, snapshot.options.gate("ReservedCapacity"), fallback)
        # Karpenter leaves pods with volumes that it cannot resolve out of its books, and places them all the same.
        self._unresolved = {
            id(pod): class_ for pod in batch.pods if pod.spec.volumes and (class_ := self._classes.of(pod)).unresolved
        }
        tracked = [pod for pod in batch.pods if id(pod) not in self._unresolved] if self._unresolved else batch.pods
        residents = Residents(ground.residency, tracked, absence.nodes)
        self._topology = Topology(snapshot, ground.universe, residents, ground.space)
        for template in ground.templates:
            template.min_values_relaxed = False
        self._openings = Openings(
            ground.templates,
            ground.groups,
            ground.catalogue,
            ground.space,
            self._topology,
            self._limits,
            ground.min_values,
            self._reservations,
            ground.typeless,
        )
        existing = ground.existing
        self._places = Places(existing, self._topology, existing.mask(absence.nodes), absence.shielded)
        self._order = ClaimOrder()
        self._joining = Joining(self._order, self._topology, ground.filter, ground.min_values, self._reservations)
        self._finishing = ground.finishing
        self._typeless = ground.typeless
        self._placed = 0
        self._relaxed: list[Relaxation] = []
        self._failed: dict[tuple[int, bool], tuple[int, tuple[Reason, ...], tuple[Relaxation, ...]]] = {}

    def solve(self, expired: Callable[[], bool] | None = None) -> Plan:
        """Places every pod that has a place, until there is no more time."""
        outcome = self.run(expired)
        claims = [self._finishing.write(closed) for closed in outcome.claims]
        return Plan(
            claims=tuple(sorted(claims, key=lambda claim: claim.pods)),
            existing={node.state.name: tuple(sorted(pod.key for pod in node.pods)) for node in outcome.taken},
            errors={key: outcome.failures[key] for key in sorted(outcome.failures)},
            ignored=self._batch.ignored,
            relaxed=tuple(self._relaxed),
            unfinished=outcome.unfinished,
            typeless=self._typeless,
        )

    def run(self, expired: Callable[[], bool] | None = None) -> Outcome:
        """Places every pod that has a place, without writing the claims out."""
        pods, classes = self._batch.pods, self._classes
        # Rounds without some nodes come in numbers, about the same pods.
        class_of = classes.of_all(pods) if self._absence.nodes else {id(pod): classes.of(pod) for pod in pods}
        tracked = class_of
        if self._unresolved:
            tracked = {pod: class_ for pod, class_ in class_of.items() if pod not in self._unresolved}
        self._topology.start(dict.fromkeys(tracked.values()))
        class_of.update((pod, self._classes.untracked(class_)) for pod, class_ in self._unresolved.items())
        failures: dict[str, PodFailure] = {}
        left = Counter(class_of.values())
        queue = PodQueue(self._batch.pods)
        unfinished = False
        filling = self._places.any and not self._absence.shielded
        filled: PodClass | None = None
        for pod in queue:
            if expired is not None and expired():
                unfinished = True
                break
            class_ = class_of[id(pod)]
            if filling and class_ is not filled:
                filled = class_
                placed = self._fill(pod, class_, queue, class_of)
                if placed:
                    if failures:
                        for alike in placed:
                            failures.pop(alike.key, None)
                    left[class_] -= len(placed)
                    if not left[class_]:
                        self._joining.forget(class_)
                    continue
            failure = self._attempt(pod, class_)
            if failure is None:
                if failures:
                    failures.pop(pod.key, None)
                left[class_] -= 1
                if not left[class_]:
                    self._joining.forget(class_)
            else:
                failures[pod.key] = failure
                if class_.untracked:
                    left[class_] -= 1
                    class_of[id(pod)] = class_ = self._unresolved[id(pod)]
                    left[class_] += 1
                queue.push(pod)
        claims: list[Closed] = []
        for claim in self._order.claims:
            closed = self._finishing.close(claim)
            if isinstance(closed, Closed):
                claims.append(closed)
            else:
                failures.update((pod.key, PodFailure((closed,))) for pod in claim.pods)
        return Outcome(claims, self._places.taken(), failures, unfinished)

    def _fill(self, pod: Pod, class_: PodClass, queue: PodQueue, class_of: Mapping[int, PodClass]) -> list[Pod]:
        """Puts a pod, and those behind it in the queue that are alike, onto existing nodes; those that found a place.

        As one after the other would be. Not for one alone, nor for those that topology tells apart.
        """
        head = queue.head
        if head is None or class_of[id(head)] is not class_ or class_.spec.resource_claims:
            return []
        groups = self._topology.of(class_)
        if groups.zonal or groups.hosts:
            return []
        pods = [pod, *queue.alike(class_of, class_)]
        placed = self._places.fill(pods, class_, groups)
        if placed:
            self._placed += placed
            queue.drop(placed - 1)
        return pods[:placed]

    def _attempt(self, pod: Pod, class_: PodClass) -> PodFailure | None:
        """Tries a pod, and tries again with one preference fewer, until there is none (6.3)."""
        if class_.spec.resource_claims and self._snapshot.options.ignore_dra_requests:
            return PodFailure((Reason(Refusal.DRA),))
        let_through = not self._absence.shielded or id(pod) in self._absence.let_through
        if self._failed:
            known = self._failed.get((class_.index, let_through))
            if known is not None and known[0] == self._placed:
                # Nothing has changed since one like it failed.
                return PodFailure(known[1], relaxed=_said_of(pod, known[2]))
        reasons = self._add(pod, class_, (), let_through)
        if reasons is None:
            self._placed += 1
            return None
        return self._relax(pod, class_, reasons, let_through)

    def _relax(self, pod: Pod, class_: PodClass, reasons: tuple[Reason, ...], let_through: bool) -> PodFailure | None:
        """Tries a pod that failed without one preference after the other."""
        relaxed: list[Relaxation] = []
        variant: PodClass | None = class_
        while not reasons or reasons[0].code is not Refusal.RESERVED:
            variant = self._classes.relaxed(variant)
            if variant is None:
                break
            relaxed.append(Relaxation(pod.key, *variant.relaxation))
            answer = self._add(pod, variant, relaxed, let_through)
            if answer is None:
                self._placed += 1
                self._relaxed += relaxed
                return None
            reasons = answer
        self._failed[class_.index, let_through] = (self._placed, reasons, tuple(relaxed))
        return PodFailure(reasons, relaxed=tuple(relaxed))

    def _add(
        self, pod: Pod, class_: PodClass, relaxed: Sequence[Relaxation], let_through: bool
    ) -> tuple[Reason, ...] | None:
        """One attempt without relaxing (6.4); None when the pod was placed, no reasons while it can be relaxed."""
        groups = self._topology.of(class_)
        if self._places.any and self._places.place(pod, class_, let_through) is not None:
            return None
        order = self._order
        accepted = self._joining.find(class_, groups) if order.claims else None
        if accepted is not None:
            claim, claim.requirements, claim.types, reserved = accepted
            self._settle(claim, pod, class_, groups, relaxed, reserved)
            order.raise_(claim)
            return None
        # Reasons of one that can still give something up are never read.
        last = self._classes.relaxed(class_) is None
        opening = self._openings.find(class_, groups, len(order.claims), explain=last)
        if not isinstance(opening, Opening):
            return opening
        template = opening.template
        claim = Claim(len(order.claims), template, opening.requirements, self._openings.groups[template.index])
        claim.types = opening.types
        # Karpenter keeps this on the template, so every claim of the pool shows what the last one did.
        template.min_values_relaxed = opening.min_values_relaxed
        self._limits.take(template.name, opening.types)
        self._settle(claim, pod, class_, groups, relaxed, opening.reserved)
        order.append(claim)
        return None

    def _settle(
        self,
        claim: Claim,
        pod: Pod,
        class_: PodClass,
        groups: ClassTopology,
        relaxed: Sequence[Relaxation],
        reserved: frozenset[str],
    ) -> None:
        if reserved is not claim.held:
            self._reservations.hold(reserved, claim.held)
            claim.held = reserved
        claim.add(pod, class_)
        if relaxed:
            claim.relaxed += relaxed
        self._topology.record(groups, claim.template.taints, claim.requirements, claim.index)


def _said_of(pod: Pod, relaxed: tuple[Relaxation, ...]) -> tuple[Relaxation, ...]:
    return tuple(Relaxation(pod.key, step.kind, step.detail) for step in relaxed)


def no_pools(batch: Batch) -> Plan:
    """The answer where no NodePool is usable: existing nodes are not tried either (5.1)."""
    failure = PodFailure((Reason(Refusal.NO_POOLS),))
    return Plan(errors=dict.fromkeys(sorted(pod.key for pod in batch.pods), failure), ignored=batch.ignored)
