"""Rules about pods that share a place: ports, volumes, affinity, spread over nodes; and the limits of NodePools.

Like checker.py this knows Kubernetes' rules and nothing of the engine.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from msgspec import Struct

from karptui.model.affinity import PodAffinityTerm
from karptui.model.decision import Plan, PlannedClaim
from karptui.model.labels import HOSTNAME, ZONE
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot


class Place(Struct):
    """A node, existing or to come: the zones it may be in, the pods that ran there and those that are put there."""

    name: str
    zones: tuple[str, ...]
    residents: list[Pod]
    placed: list[Pod]

    @property
    def zone(self) -> str:
        """Its zone, "" where that is open."""
        return self.zones[0] if len(self.zones) == 1 else ""

    @property
    def pods(self) -> list[Pod]:
        """All that will be there."""
        return self.residents + self.placed


def places(snapshot: Snapshot, plan: Plan) -> list[Place]:
    """Every node there is, and one for every claim."""
    found = [
        Place(
            name,
            (node.zone,),
            [pod for pod in snapshot.pods.values() if pod.node_name == name],
            [snapshot.pods[key] for key in plan.existing.get(name, ())],
        )
        for name, node in snapshot.nodes.items()
    ]
    for number, claim in enumerate(plan.claims):
        found.append(Place(f"claim {number}", _zones(claim), [], [snapshot.pods[key] for key in claim.pods]))
    return found


def _zones(claim: PlannedClaim) -> tuple[str, ...]:
    stated = [spec.values for spec in claim.requirements if spec.key == ZONE and spec.operator == "In"]
    return stated[0] if stated else ()


def sharing(snapshot: Snapshot, plan: Plan) -> list[str]:
    """Everything that is wrong with who shares a place with whom; empty if nothing is."""
    there = places(snapshot, plan)
    found: list[str] = []
    for place in there:
        found += _ports(place)
        found += _volumes(snapshot, place)
        found += _crowded(snapshot, place)
    return [*found, *_lonely(there), *_too_near(there), *_limits(snapshot, plan)]


def _ports(place: Place) -> Iterator[str]:
    for index, pod in enumerate(place.pods):
        for other in place.pods[index + 1 :]:
            for port in pod.spec.host_ports:
                for taken in other.spec.host_ports:
                    both = port.ip == taken.ip or "0.0.0.0" in (port.ip, taken.ip)
                    if both and (port.port, port.protocol) == (taken.port, taken.protocol):
                        yield f"{pod.key} and {other.key} both take port {port.port} of {place.name}"


def _volumes(snapshot: Snapshot, place: Place) -> Iterator[str]:
    for pod in place.placed:
        for entry in pod.spec.volumes:
            claim = snapshot.volume_claims.get(f"{pod.metadata.namespace}/{entry.claim}")
            volume = snapshot.volumes.get(claim.volume_name) if claim is not None else None
            if volume is None:
                yield f"{pod.key} is placed, its claim {entry.claim} has no volume"
                continue
            zones = {
                value
                for term in volume.node_terms
                for key, operator, values in term.expressions
                if key == ZONE and operator == "In"
                for value in values
            }
            if zones and place.zone not in zones:
                yield f"{pod.key} goes to zone {place.zone or 'unknown'}, its volume is in {sorted(zones)}"


def _crowded(snapshot: Snapshot, place: Place) -> Iterator[str]:
    """Hard spread over nodes: a new node is always a domain with none, so no node holds more than maxSkew."""
    for pod in place.placed:
        for constraint in pod.spec.topology_spread:
            selector = constraint.selector
            if constraint.topology_key != HOSTNAME or constraint.when_unsatisfiable != "DoNotSchedule":
                continue
            if selector is None or not selector.matches(pod.metadata.labels):
                continue
            counted = [other for other in place.pods if selector.matches(other.metadata.labels)]
            # Constraints bind only those who state them, and Karpenter takes equal ones for one, whatever nodes the
            # pods that state them may go to: then some are not counted.
            stated = (pod.spec.topology_spread, pod.spec.node_selector)
            alike = all(
                (other.spec.topology_spread, other.spec.node_selector) == stated
                for other in snapshot.pods.values()
                if selector.matches(other.metadata.labels)
            )
            if alike and len(counted) > constraint.max_skew:
                yield f"{len(counted)} of {pod.key}'s kind on {place.name}, maxSkew is {constraint.max_skew}"


def _matches(term: PodAffinityTerm, pod: Pod) -> bool:
    return term.selector is not None and term.selector.matches(pod.metadata.labels)


def _lonely(there: list[Place]) -> list[str]:
    """Required pod affinity: one that matches shares the domain, but for the first of its kind where it may go.

    The kube-scheduler means the first anywhere; Karpenter also lets a pod begin anew that may not go where its kind is.
    """
    found: list[str] = []
    first: Counter[tuple[PodAffinityTerm, str]] = Counter()
    for place in there:
        for pod in place.placed:
            for term in pod.spec.affinity:
                if _accompanied(there, place, pod, term):
                    continue
                only = pod.spec.node_selector.get(ZONE, "") if term.topology_key == ZONE else ""
                first[term, only] += 1
                known = any(
                    _matches(term, other) for near in there if only in ("", near.zone) for other in near.residents
                )
                if not _matches(term, pod) or known or first[term, only] > 1:
                    found.append(f"{pod.key} is alone in {place.name}")
    return found


def _accompanied(there: list[Place], place: Place, pod: Pod, term: PodAffinityTerm) -> bool:
    """Whether one that matches is near, whichever of its zones the place will be in."""

    def matched(other_place: Place) -> bool:
        return any(other is not pod and _matches(term, other) for other in other_place.pods)

    if term.topology_key == HOSTNAME:
        return matched(place)
    certain = {other_place.zone for other_place in there if other_place.zone and matched(other_place)}
    return matched(place) or (bool(place.zones) and certain.issuperset(place.zones))


def _too_near(there: list[Place]) -> list[str]:
    """Required anti-affinity: on one node, and in one zone between what runs and what comes or keeps from each other.

    In a zone a pod that comes first may not know yet that it lands where another one keeps its kind away.
    """
    found: list[str] = []
    for place in there:
        for pod in place.placed:
            for other_place in there:
                for other in other_place.pods:
                    if other is pod:
                        continue
                    ours, theirs = _keeps_away(pod, other, HOSTNAME), _keeps_away(other, pod, HOSTNAME)
                    if other_place is place and (ours or theirs):
                        found.append(f"{pod.key} shares a node with {other.key}")
                    if not place.zone or place.zone != other_place.zone:
                        continue
                    ours, theirs = _keeps_away(pod, other, ZONE), _keeps_away(other, pod, ZONE)
                    if (ours and theirs) or ((ours or theirs) and other in other_place.residents):
                        found.append(f"{pod.key} and {other.key} are both in {place.zone}")
    return found


def _keeps_away(pod: Pod, other: Pod, key: str) -> bool:
    return any(term.topology_key == key and _matches(term, other) for term in pod.spec.anti_affinity)


def _limits(snapshot: Snapshot, plan: Plan) -> list[str]:
    """Whichever of its types every claim becomes, no pool gets more than it may have."""
    capacities = {type_.name: type_.capacity for type_ in snapshot.catalogue.types}
    found: list[str] = []
    for name, pool in snapshot.node_pools.items():
        limits: Mapping[str, int] = pool.limits or {}
        for resource, limit in limits.items():
            used = sum(
                node.capacity.get(resource, 0) for node in snapshot.nodes.values() if node.node_pool == name
            ) + sum(
                max(capacities[type_].get(resource, 0) for type_ in claim.instance_types)
                for claim in plan.claims
                if claim.node_pool == name
            )
            if used > limit and any(claim.node_pool == name for claim in plan.claims):
                found.append(f"{name} gets up to {used} of {resource}, its limit is {limit}")
    return found
