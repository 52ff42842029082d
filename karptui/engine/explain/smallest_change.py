"""What would have to be different for a pod that fits nowhere: the cheapest change that gives it a place."""

from collections.abc import Iterator, Sequence
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from karptui.engine.explain.changes import (
    AT_POOL,
    TENTATIVE,
    Change,
    ChangeKind,
    changed_pod,
    changed_pool,
    distinct,
    suggested,
)
from karptui.engine.explain.sentences import label_name
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pending import Batch, spec_errors
from karptui.engine.provisioning.pools import usable_pools
from karptui.engine.provisioning.solver import Solver
from karptui.engine.provisioning.state_nodes import state_nodes
from karptui.model.decision import PlannedClaim, PodFailure, Reason, Refusal
from karptui.model.nodepool import NodePool
from karptui.model.pod import Pod
from karptui.model.quantity import NANO, human, is_binary_resource
from karptui.model.snapshot import Snapshot

MOST_TRIALS = 96
"""Changes tried for one pod: enough for the obstacles of a handful of NodePools, two at a time."""

GIBI = 2**30 * NANO


class Remedy(Struct, frozen=True, gc=False):
    """Changes that together give a pod a place, and the place: a new node at `price` USD an hour, or `node` at none.

    `others` are pods of the same batch that the question left out; the pod is looked at alone.
    """

    changes: tuple[Change, ...]
    price: float = 0.0
    node: str = ""
    pool: str = ""
    instance_type: str = ""
    zone: str = ""
    capacity_type: str = ""


def smallest_change(snapshot: Snapshot, key: str) -> Remedy | None:
    """The cheapest single change, or where none helps the cheapest two; None where two do not help either."""
    return next(iter(remedies(snapshot, key)), None)


def remedies(snapshot: Snapshot, key: str, most: int = 8, crowded: bool = False) -> tuple[Remedy, ...]:
    """Changes that would place a pending pod, cheapest first: single ones, or pairs where no single one helps.

    The pod is looked at alone, on the nodes that are there. Empty where it has a place as it is, where its NodePools
    are not ready, and where nothing of what is tried helps. `crowded`: it found none in a round with other pods, so
    that a place which it has alone is one remedy, without changes.
    """
    pod = snapshot.pods.get(key)
    pools = {pool.key: pool for pool in usable_pools(snapshot)}
    if pod is None or not pools:
        return ()
    search = _Search(snapshot, pod, pools)
    failure = search.attempt(())
    if isinstance(failure, Remedy):
        return (failure,) if crowded else ()
    found = list(search.singles(failure)) or list(search.pairs())
    found.sort(key=lambda remedy: remedy.price)
    return tuple(found[:most])


def remedy_sentence(remedy: Remedy) -> str:
    """The changes, to be followed by what they lead to: `add us-west-2d to general`."""
    if not remedy.changes:
        return "wait for a later round: without the other pods of this one it has a place"
    return " and ".join(change_sentence(change) for change in remedy.changes)


def change_sentence(change: Change) -> str:
    """One change in the imperative."""
    name, values = label_name(change.key), ", ".join(change.values)
    match change.kind:
        case ChangeKind.DROP_SELECTOR:
            return f"drop the selector {name} = {values}"
        case ChangeKind.DROP_AFFINITY:
            return f"drop the node affinity on {name}"
        case ChangeKind.TOLERATE:
            return f"tolerate {values}"
        case ChangeKind.LOWER_REQUEST:
            return f"ask for {human(change.amount, change.key)} {change.key}, not {human(change.before, change.key)}"
        case ChangeKind.DROP_SPREAD:
            return f"drop the spread over {name}"
        case ChangeKind.DROP_POD_AFFINITY:
            return f"drop the pod affinity by {name}"
        case ChangeKind.DROP_POD_ANTI_AFFINITY:
            return f"drop the pod anti-affinity by {name}"
        case ChangeKind.DROP_HOST_PORTS:
            return "drop its host ports"
        case ChangeKind.WIDEN_POOL:
            return f"add {name} {values} to {change.pool}"
        case ChangeKind.LABEL_POOL:
            return f"label the nodes of {change.pool} {change.key}={change.values[0]}"
        case ChangeKind.RAISE_LIMIT:
            before, after = human(change.before, change.key), human(change.amount, change.key)
            return f"raise the {change.key} limit of {change.pool} from {before} to {after}"
        case ChangeKind.LOWER_MIN_VALUES:
            return f"lower minValues of {name} in {change.pool} from {change.before} to {change.amount}"
        case ChangeKind.OPEN_POOL:
            return f"drop the requirement on {name} from {change.pool}"
        case ChangeKind.LIFT_LIMITS:
            return f"lift the limits of {change.pool}"


class _Search:
    """One pod tried again and again, with changes."""

    def __init__(self, snapshot: Snapshot, pod: Pod, pools: dict[str, NodePool]) -> None:
        bound = {name: entry for name, entry in snapshot.pods.items() if entry.node_name}
        self._snapshot = replace(snapshot, pods=bound)
        self._pod = pod
        self._pools = pools
        self._nodes = state_nodes(self._snapshot)
        self._ground = self._prepared(tuple(pools.values()), everything=True)
        self._catalogue = self._ground.catalogue
        self._trials = 0
        self._tried: set[frozenset[Change]] = set()
        self._failed: list[tuple[Change, PodFailure]] = []

    def _prepared(self, pools: Sequence[NodePool], everything: bool) -> Groundwork:
        return Groundwork(self._snapshot, self._nodes, list(pools), [self._pod.spec], places=everything)

    def attempt(self, changes: tuple[Change, ...]) -> Remedy | PodFailure:
        """The place that the pod gets with some changes, or why it gets none."""
        self._trials += 1
        pod, pools = self._pod, dict(self._pools)
        for change in changes:
            if change.kind in AT_POOL:
                pools[change.pool] = changed_pool(pools[change.pool], change)
            else:
                pod = changed_pod(pod, change, pools)
        errors = spec_errors(pod.spec, self._snapshot)
        if errors:
            return PodFailure((Reason(Refusal.REQUIREMENT),), message=errors[0])
        ground = self._ground
        if any(change.kind in AT_POOL for change in changes):
            # A change at the pool gives a pod no place on a node that is there; one at the pod might.
            both = any(change.kind not in AT_POOL for change in changes)
            ground = self._prepared(tuple(pools.values()), everything=both)
        answer = Solver(ground, Batch.of([pod])).solve()
        if answer.claims:
            return _on_new_node(changes, answer.claims[0])
        for name in answer.existing:
            return Remedy(changes, node=name)
        return answer.errors[pod.key]

    def singles(self, failure: PodFailure) -> Iterator[Remedy]:
        """The single changes that help."""
        for change in suggested(self._pod, self._pools, failure):
            yield from self._with((), change)

    def pairs(self) -> Iterator[Remedy]:
        """Pairs that help: after each change that did not, those that its new obstacles suggest."""
        for first, failure in list(self._failed):
            if first.kind in TENTATIVE:
                continue
            pod = changed_pod(self._pod, first, self._pools)
            pools = self._pools
            if first.kind in AT_POOL:
                pools = {**pools, first.pool: changed_pool(pools[first.pool], first)}
            for change in suggested(pod, pools, failure):
                if distinct((first, change)):
                    yield from self._with((first,), change)

    def _with(self, before: tuple[Change, ...], change: Change) -> Iterator[Remedy]:
        changes = frozenset((*before, change))
        if self._trials >= MOST_TRIALS or changes in self._tried:
            return
        self._tried.add(changes)
        answer = self.attempt((*before, change))
        if isinstance(answer, PodFailure):
            if not before:
                self._failed.append((change, answer))
        elif change.kind in TENTATIVE:
            smaller = self._narrowed(change, answer)
            if smaller is not None:
                yield from self._with(before, smaller)
        else:
            yield answer

    def _narrowed(self, change: Change, found: Remedy) -> Change | None:
        """As much of a tentative change as its result needed."""
        if found.pool != change.pool or not found.instance_type:
            return None
        place = self._catalogue.place(found.pool, found.instance_type)
        if place is None:
            return None
        type_ = self._catalogue.types[place]
        if change.kind is ChangeKind.OPEN_POOL:
            own = type_.requirements.of(change.key)
            chosen = {"topology.kubernetes.io/zone": found.zone, "karpenter.sh/capacity-type": found.capacity_type}
            values = frozenset((chosen[change.key],)) if change.key in chosen else own.values
            if not values:
                return None
            return Change(ChangeKind.WIDEN_POOL, change.key, tuple(sorted(values)), pool=change.pool)
        limits = self._pools[change.pool].limits or {}
        left = self._ground.limits.remaining(change.pool) or {}
        capacity = {**type_.capacity, "nodes": NANO}
        short = [name for name in sorted(limits) if capacity.get(name, 0) > left.get(name, 0)]
        if len(short) != 1:
            return None
        name = short[0]
        step = GIBI if is_binary_resource(name) else NANO
        needed = limits[name] - left[name] + capacity.get(name, 0)
        return Change(ChangeKind.RAISE_LIMIT, name, (), -(-needed // step) * step, limits[name], change.pool)


def _on_new_node(changes: tuple[Change, ...], claim: PlannedClaim) -> Remedy:
    cheapest = claim.instance_types[0] if claim.instance_types else ""
    price = claim.price if claim.price < inf else 0.0
    return Remedy(changes, price, "", claim.node_pool, cheapest, claim.zone, claim.capacity_type)
