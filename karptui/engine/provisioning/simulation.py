"""What becomes of pods when nodes go: rounds over one Snapshot, each without some nodes (spec/lifecycle.md 4.6)."""

from collections.abc import Iterable
from copy import copy
from typing import NamedTuple

from msgspec.structs import replace

from karptui.engine.provisioning.evictable import is_reschedulable, protected_until
from karptui.engine.provisioning.finish import Closed
from karptui.engine.provisioning.groundwork import Groundwork
from karptui.engine.provisioning.pending import Batch, unreadable
from karptui.engine.provisioning.pools import usable_pools
from karptui.engine.provisioning.solver import Absence, Solver
from karptui.engine.provisioning.state_nodes import StateNode, state_nodes
from karptui.model.decision import PodFailure
from karptui.model.metadata import condition, is_true
from karptui.model.node import NodeClaim
from karptui.model.pod import Pod
from karptui.model.snapshot import Snapshot


class Simulated(NamedTuple):
    """A world without some nodes.

    `moving` are their pods that were planned for; `landed` existing nodes with the pods they got, `claims` new ones;
    `stranded` the pods with no place that were not pending before; `unready` those of them that would have to go to a
    node that has not started.
    """

    moving: tuple[Pod, ...]
    claims: list[Closed]
    landed: tuple[tuple[str, tuple[Pod, ...]], ...]
    stranded: dict[str, PodFailure]
    unready: dict[str, str]

    @property
    def placements(self) -> dict[str, tuple[str, ...]]:
        """The pods that existing nodes got, by node, sorted."""
        return {name: tuple(sorted(pod.key for pod in pods)) for name, pods in self.landed}

    @property
    def fits(self) -> bool:
        """Whether every pod has a place, but for those that were pending anyway."""
        return not self.stranded and not self.unready


class Simulation:
    """One Snapshot, made ready for many questions. `nodes` are its state nodes, by name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.nodes = state_nodes(snapshot)
        self.state = {state.name: state for state in self.nodes}
        self.pools = usable_pools(snapshot)
        batch = Batch(snapshot, self.nodes)
        bound = (pod.spec for state in self.nodes for pod in state.movers)
        specs = {id(spec): spec for spec in (*bound, *(pod.spec for pod in batch.pods))}
        self.ground = Groundwork(snapshot, self.nodes, self.pools, specs.values())
        # What is wrong with specs that no API server would let through, so that no place can be looked for.
        self._faults = {spec.key: "; ".join(found) for spec in specs.values() if (found := unreadable(spec))}
        self._budgets = [snapshot.budgets[key] for key in sorted(snapshot.budgets)]
        self._lasting: dict[str, list[Pod]] = {}
        self._answers: dict[tuple[frozenset[str], int], Simulated] = {}
        self._set_clock(snapshot, batch)

    def at(self, now: float) -> "Simulation":
        """The same world with nothing changed but the time, which costs next to nothing."""
        twin = copy(self)
        snapshot = replace(self.snapshot, now=now)
        batch = Batch(snapshot, self.nodes)
        if batch.pods != self._batch.pods or batch.rescheduled != self._batch.rescheduled:
            twin._answers = {}
        twin._set_clock(snapshot, batch)
        return twin

    def _set_clock(self, snapshot: Snapshot, batch: Batch) -> None:
        """What hangs on the time: which pods may be moved, and which nodes are shielded."""
        self.snapshot = snapshot
        self._batch = batch
        self._moving: dict[str, list[Pod]] = {}
        self._pending = {pod.key for pod in batch.pods if pod.provisionable}
        self._deleting = {pod.key for pod in batch.rescheduled}
        self._waiting_ids = frozenset(
            id(pod) for pod in batch.pods if pod.phase == "Pending" or pod.key in self._deleting
        )
        self._shielded: int | None = None

    def without(self, names: Iterable[str], shield: bool) -> Simulated | None:
        """The world without these nodes; None where no NodePool could make a node, so that nothing is asked.

        `shield`: nodes that pods have come to or left within their pool's consolidateAfter take no pods that only move.
        """
        if not self.pools:
            return None
        gone = frozenset(names)
        moving = tuple(pod for name in sorted(gone) for pod in self._moving_from(self.state[name]))
        shielded = self._shield() if shield else 0
        known = self._answers.get((gone, shielded))
        if known is None or known.moving != moving:
            known = self._answers[gone, shielded] = self._simulated(gone, moving, shielded)
        return known

    def _simulated(self, gone: frozenset[str], moving: tuple[Pod, ...], shielded: int) -> Simulated:
        readable = moving
        faults: dict[str, str] = {}
        if self._faults:
            faults = {pod.key: fault for pod in moving if (fault := self._faults.get(pod.spec.key))}
            readable = tuple(pod for pod in moving if pod.key not in faults)
        batch = copy(self._batch)
        batch.pods = [*self._batch.pods, *readable]
        let_through = self._waiting_ids
        if shielded and any(pod.phase == "Pending" for pod in moving):
            let_through = let_through.union(id(pod) for pod in moving if pod.phase == "Pending")
        absence = Absence(gone, shielded, let_through)
        outcome = Solver(self.ground, batch, absence, fallback=True).run()
        unready = {
            pod.key: node.state.name
            for node in outcome.taken
            if not node.state.initialized
            for pod in node.pods
            if pod.key not in self._deleting and pod.key not in self._pending
        }
        stranded = {key: failure for key, failure in outcome.failures.items() if key not in self._pending}
        stranded.update((key, PodFailure((), fault)) for key, fault in faults.items())
        landed = tuple([(node.state.name, tuple(node.pods)) for node in outcome.taken])
        return Simulated(moving, outcome.claims, landed, stranded, unready)

    def _moving_from(self, state: StateNode) -> list[Pod]:
        known = self._lasting.get(state.name) or self._moving.get(state.name)
        if known is None:
            now = self.snapshot.now
            known = [pod for pod in state.movers if is_reschedulable(pod, self._budgets, now)]
            lasting = all(protected_until(pod) is None for pod in state.movers)
            (self._lasting if lasting else self._moving)[state.name] = known
        return known

    def _shield(self) -> int:
        if self._shielded is None:
            windows = {pool.key: pool.consolidate_after for pool in self.pools}
            names = [state.name for state in self.nodes if self._is_shielded(state, windows.get(state.node_pool))]
            self._shielded = self.ground.existing.mask(names)
        return self._shielded

    def _is_shielded(self, state: StateNode, window: float | None) -> bool:
        # Pods come to a node before it is initialized, and do not shield it until then.
        if state.claim is None or not window or not is_true(state.claim.conditions, "Initialized"):
            return False
        since = pod_event_of(state.claim)
        return since is not None and self.snapshot.now - since < window


def pod_event_of(claim: NodeClaim) -> float | None:
    """When a pod last came to a claim's node or left it; since it is initialized, where none ever did."""
    if claim.last_pod_event is not None:
        return claim.last_pod_event
    initialized = condition(claim.conditions, "Initialized")
    return initialized.changed if initialized is not None and initialized.status == "True" else None
