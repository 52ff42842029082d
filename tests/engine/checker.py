"""Checks a plan against Kubernetes' own rules, knowing nothing of how the engine came to it."""

from collections import Counter

from karptui.model.decision import Plan, PlannedClaim
from karptui.model.labels import ZONE
from karptui.model.node import RequirementSpec
from karptui.model.pod import Pod, PodSpec
from karptui.model.snapshot import Snapshot
from karptui.model.taints import tolerates
from tests.engine.placement_checker import sharing


def violations(snapshot: Snapshot, plan: Plan) -> list[str]:
    """Everything that is wrong with a plan; empty if nothing is."""
    found = _placed_once(snapshot, plan)
    for claim in plan.claims:
        found += _claim(snapshot, claim)
    for name, keys in plan.existing.items():
        found += _node(snapshot, name, [snapshot.pods[key] for key in keys])
    return found + _spread(snapshot, plan) + sharing(snapshot, plan)


def _placed_once(snapshot: Snapshot, plan: Plan) -> list[str]:
    told = Counter(key for claim in plan.claims for key in claim.pods)
    told.update(key for keys in plan.existing.values() for key in keys)
    told.update(list(plan.errors))
    told.update(list(plan.ignored))
    pending = {key for key, pod in snapshot.pods.items() if pod.provisionable}
    found = [f"{key} is told of {times} times" for key, times in told.items() if times != 1]
    return found + [f"{key} is not told of" for key in pending - told.keys()]


def _allows(specs: tuple[RequirementSpec, ...], key: str, value: str) -> bool:
    """Whether a node with this label value could come of a claim; a key that is not named is open."""
    return all(
        (value in spec.values) == (spec.operator == "In")
        for spec in specs
        if spec.key == key and spec.operator in ("In", "NotIn")
    )


def _claim(snapshot: Snapshot, claim: PlannedClaim) -> list[str]:
    found: list[str] = []
    pods = [snapshot.pods[key] for key in claim.pods]
    total = Counter[str]()
    for pod in pods:
        total.update(pod.requests)
    types = {type_.name: type_ for type_ in snapshot.catalogue.types}
    if not claim.instance_types:
        found.append(f"{claim.pods} get a claim without types")
    for name in claim.instance_types:
        type_ = types[name]
        short = [resource for resource, amount in total.items() if amount > type_.allocatable.get(resource, 0)]
        if short:
            found.append(f"{name} has too little {short} for {claim.pods}")
        offered = any(
            offering.available
            and _allows(claim.requirements, ZONE, offering.zone)
            and _allows(claim.requirements, "karpenter.sh/capacity-type", offering.capacity_type)
            for offering in type_.offerings
        )
        if not offered:
            found.append(f"{name} cannot be bought for {claim.pods}")
        found += [
            f"{name} does not go with {entry.key} of the claim"
            for entry in type_.requirements.values()
            if not any(_allows(claim.requirements, entry.key, value) for value in entry.values)
        ]
    for pod in pods:
        if not all(tolerates(pod.spec.tolerations, taint) for taint in claim.taints):
            found.append(f"{pod.key} does not tolerate the taints of {claim.node_pool}")
        for key, value in pod.spec.node_selector.items():
            pinned = [spec for spec in claim.requirements if spec.key == key and spec.operator == "In"]
            if not any(spec.values == (value,) for spec in pinned):
                found.append(f"{pod.key} wants {key}={value}, its claim leaves {pinned}")
    return found


def _node(snapshot: Snapshot, name: str, pods: list[Pod]) -> list[str]:
    node = snapshot.nodes[name]
    total = Counter[str]()
    for pod in [*pods, *(pod for pod in snapshot.pods.values() if pod.node_name == name)]:
        total.update(pod.requests)
    found = [
        f"{name} has too little {resource}"
        for resource, amount in total.items()
        if amount > node.allocatable.get(resource, 0)
    ]
    for pod in pods:
        if not all(tolerates(pod.spec.tolerations, taint) for taint in node.taints):
            found.append(f"{pod.key} does not tolerate the taints of {name}")
        found += [
            f"{pod.key} wants {key}={value}, not {name}"
            for key, value in pod.spec.node_selector.items()
            if node.metadata.labels.get(key) != value
        ]
    return found


def _zones(snapshot: Snapshot, plan: Plan) -> dict[str, str]:
    """The zone of every pod whose zone is certain."""
    zones = {
        key: snapshot.nodes[pod.node_name].zone for key, pod in snapshot.pods.items() if pod.node_name in snapshot.nodes
    }
    for name, keys in plan.existing.items():
        zones |= dict.fromkeys(keys, snapshot.nodes[name].zone)
    for claim in plan.claims:
        pinned = [spec.values for spec in claim.requirements if spec.key == ZONE and spec.operator == "In"]
        if pinned and len(pinned[0]) == 1:
            zones |= dict.fromkeys(claim.pods, pinned[0][0])
    return zones


def _spread(snapshot: Snapshot, plan: Plan) -> list[str]:
    """Hard zone spread, where all pods that count spread themselves and may go anywhere."""
    found: list[str] = []
    zones = _zones(snapshot, plan)
    universe = {offering.zone for type_ in snapshot.catalogue.types for offering in type_.offerings}
    placed = {key for claim in plan.claims for key in claim.pods}
    placed.update(key for keys in plan.existing.values() for key in keys)
    specs: dict[bytes, PodSpec] = {snapshot.pods[key].spec.key: snapshot.pods[key].spec for key in placed}
    for spec in specs.values():
        for constraint in spec.topology_spread:
            selector = constraint.selector
            if constraint.topology_key != ZONE or selector is None or constraint.when_unsatisfiable != "DoNotSchedule":
                continue
            counted = [pod for pod in snapshot.pods.values() if selector.matches(pod.metadata.labels)]
            if any(pod.spec.node_selector or pod.spec.topology_spread != (constraint,) for pod in counted):
                continue
            counts = Counter(zones[pod.key] for pod in counted if pod.key in zones)
            skew = max(counts.values(), default=0) - min(counts.get(zone, 0) for zone in universe)
            if skew > constraint.max_skew:
                found.append(f"skew {skew} over {dict(counts)} for {selector}")
    return found
