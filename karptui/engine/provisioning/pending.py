"""Which pods a round is about (spec/scheduling.md 1)."""

from collections.abc import Sequence
from functools import lru_cache

from karptui.engine.provisioning.classes import REMEMBERED_SPECS, pod_requirements
from karptui.engine.provisioning.evictable import is_reschedulable
from karptui.engine.provisioning.requirement_sets import is_readable
from karptui.engine.provisioning.state_nodes import StateNode
from karptui.engine.provisioning.volumes import volume_errors
from karptui.model.labels import IN, NODEPOOL, validate_requirement
from karptui.model.pod import Pod, PodSpec
from karptui.model.snapshot import Snapshot

OPTED_OUT = "the pod's requirements exclude every node of a NodePool"


class Batch:
    """The pods to place, in the API's order: pending ones, then those of deleting nodes; and those left out, why."""

    def __init__(self, snapshot: Snapshot, nodes: Sequence[StateNode]) -> None:
        self.pods: list[Pod] = []
        self.ignored: dict[str, str] = {}
        self.rescheduled: list[Pod] = []
        checked: dict[bytes, str] = {}
        for key in sorted([key for key, pod in snapshot.pods.items() if not pod.node_name and pod.provisionable]):
            pod = snapshot.pods[key]
            error = checked.get(pod.spec.key)
            if error is None:
                error = checked[pod.spec.key] = "; ".join(spec_errors(pod.spec, snapshot))
            if pod.spec.volumes:
                error = "; ".join(part for part in (error, *volume_errors(pod, snapshot)) if part)
            if error:
                self.ignored[key] = error
            else:
                self.pods.append(pod)
        budgets = [snapshot.budgets[key] for key in sorted(snapshot.budgets)]
        for state in nodes:
            if not state.deleting or state.node is None:
                continue
            for pod in state.movers:
                if is_reschedulable(pod, budgets, snapshot.now):
                    # Karpenter does not validate these; no API server lets an unreadable one through.
                    error = "; ".join(unreadable(pod.spec))
                    if error:
                        self.ignored[pod.key] = error
                    else:
                        self.rescheduled.append(pod)
        self.pods += self.rescheduled

    @classmethod
    def of(cls, pods: Sequence[Pod]) -> "Batch":
        """A batch of exactly these pods, without asking whether they would be tried."""
        batch = cls.__new__(cls)
        batch.pods, batch.ignored, batch.rescheduled = list(pods), {}, []
        return batch


def spec_errors(spec: PodSpec, snapshot: Snapshot) -> tuple[str, ...]:
    """Why Karpenter does not provision for pods of this spec; empty if it does (1.3)."""
    return _spec_errors(spec, snapshot.options.preference_policy != "Ignore")


@lru_cache(maxsize=REMEMBERED_SPECS)
def _spec_errors(spec: PodSpec, respect: bool) -> tuple[str, ...]:
    errors: list[str] = []
    for key, value in sorted(spec.node_selector.items()):
        errors += validate_requirement(key, IN, (value,))
    for term in spec.required_node_terms:
        if term.match_fields:
            errors.append("node selector terms with matchFields are not supported")
        for key, operator, values in term.expressions:
            errors += validate_requirement(key, operator, values)
    errors += unreadable(spec)
    if errors:
        return tuple(errors)
    wanted = pod_requirements(spec, respect).get(NODEPOOL)
    if wanted is not None and not wanted.complement and not wanted.values:
        return (OPTED_OUT,)
    return ()


def unreadable(spec: PodSpec) -> list[str]:
    """Node affinity that means nothing at all, whoever asks."""
    terms = [*spec.required_node_terms, *(preferred.term for preferred in spec.preferred_node_terms)]
    return [
        f"key {key} has operator {operator} with {len(values)} values, which means nothing"
        for term in terms
        for key, operator, values in term.expressions
        if not is_readable(operator, values)
    ]
