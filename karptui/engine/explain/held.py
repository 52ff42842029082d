"""One plain sentence for what holds a node."""

from collections.abc import Callable

from karptui.engine.explain.sentences import sentence
from karptui.model.disruption import Held, Hold


def held_sentence(held: Held) -> str:
    """Why a node stays: `the PodDisruptionBudget shop/api allows no eviction of shop/api-7`."""
    return _TELLERS[held.code](held)


def fate_sentence(held: Held) -> str:
    """What becomes of the node, and why: `stays: …`, but one that is being deleted already `goes: …`."""
    return f"{'goes' if held.code is Hold.DELETING else 'stays'}: {held_sentence(held)}"


def _pods(held: Held) -> str:
    first, *others = held.objects
    return f"{first} and {len(others)} more pods" if others else first


def _fits_nowhere(held: Held) -> str:
    why = f": {sentence(held.reason)}" if held.reason is not None else f": {held.detail}" if held.detail else ""
    return f"{_pods(held)} would fit nowhere else{why}"


def _price(amount: float) -> str:
    return f"${amount:.4f}/h"


def _not_cheaper(held: Held) -> str:
    if not held.wanted:
        return "its price is not known, so nothing is cheaper"
    if not held.found:
        return f"there is no replacement to be had for less than {_price(held.wanted)}"
    return f"the cheapest replacement costs {_price(held.found)}, not less than {_price(held.wanted)}"


def _not_consolidatable(held: Held) -> str:
    if held.until is None:
        return "it is not marked Consolidatable"
    return f"pods came or went within consolidateAfter of NodePool {held.objects[0]}"


_CHANGES = {
    "churn": "nodes or pods have changed",
    "budget": "its disruption budget has closed",
    "scheduling": "its pods would now go elsewhere",
}

_TELLERS: dict[Hold, Callable[[Held], str]] = {
    Hold.NO_CLAIM: lambda held: "it has no NodeClaim, so Karpenter does not manage it",
    Hold.NO_NODE: lambda held: "its node has not joined the cluster",
    Hold.NOT_INITIALIZED: lambda held: "it is not initialized yet",
    Hold.DELETING: lambda held: "it is being deleted already",
    Hold.NOMINATED: lambda held: "it was just chosen for a pending pod",
    Hold.DO_NOT_DISRUPT: lambda held: "the node has the annotation karpenter.sh/do-not-disrupt",
    Hold.NO_POOL_LABEL: lambda held: "it has no label karpenter.sh/nodepool",
    Hold.NO_POOL: lambda held: f"its NodePool {held.objects[0]} is gone or has no instance types",
    Hold.POD_DO_NOT_DISRUPT: lambda held: f"pod {held.objects[0]} has the annotation karpenter.sh/do-not-disrupt",
    Hold.PDB: lambda held: f"the PodDisruptionBudget {held.objects[0]} allows no eviction of {held.detail}",
    Hold.SEVERAL_PDBS: lambda held: (
        f"{held.detail} has several PodDisruptionBudgets ({', '.join(held.objects)}), which cannot be evicted"
    ),
    Hold.STATIC: lambda held: f"NodePool {held.objects[0]} keeps a fixed number of nodes",
    Hold.UNKNOWN_TYPE: lambda held: f"its instance type {held.detail or '(none)'} is not on offer",
    Hold.NO_CAPACITY_TYPE: lambda held: "it has no label karpenter.sh/capacity-type",
    Hold.NO_ZONE: lambda held: "it has no label topology.kubernetes.io/zone",
    Hold.CONSOLIDATION_NEVER: lambda held: f"NodePool {held.objects[0]} has consolidateAfter Never",
    Hold.ONLY_WHEN_EMPTY: lambda held: f"NodePool {held.objects[0]} lets only empty nodes go",
    Hold.NOT_CONSOLIDATABLE: _not_consolidatable,
    Hold.BUDGET: lambda held: f"the budgets of NodePool {held.objects[0]} let no more nodes go for {held.detail}",
    Hold.NOT_REACHED: lambda held: "the time for a pass ran out before it was looked at",
    Hold.NO_POOLS_READY: lambda held: "no NodePool is ready to make nodes",
    Hold.PODS_FIT_NOWHERE: _fits_nowhere,
    Hold.UNINITIALIZED_TARGET: lambda held: f"{_pods(held)} would go to {held.detail}, which is not initialized yet",
    Hold.NEEDS_SEVERAL: lambda held: f"its pods would need {held.found:.0f} new nodes",
    Hold.NOT_CHEAPER: _not_cheaper,
    Hold.MIN_VALUES: lambda held: (
        f"cheaper types have {held.found:.0f} values of {held.detail}, minValues asks for {held.wanted:.0f}"
    ),
    Hold.SPOT_TO_SPOT: lambda held: "spot for spot is not enabled (SpotToSpotConsolidation)",
    Hold.TOO_FEW_TYPES: lambda held: (
        f"spot for spot needs {held.wanted:.0f} cheaper instance types, there are {held.found:.0f}"
    ),
    Hold.SCORE: lambda held: (
        f"it would save too little for what it disturbs: score {held.found:.2f}, {held.wanted:.2f} is asked for"
    ),
    Hold.CHANGED: lambda held: f"decided, and given up 15 s later: {_CHANGES.get(held.detail, held.detail)}",
}
