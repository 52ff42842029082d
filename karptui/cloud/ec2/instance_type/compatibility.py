"""Which instance types a NodeClass cannot use at all (the spec's 1.2): they stay in the list with nothing on offer."""

from collections.abc import Mapping
from typing import Any

from karptui.cloud.ec2.instance_type.facts import TypeFacts
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.model import labels

NESTED_VIRTUALIZATION = "nested-virtualization"
EFA_ONLY = "efa-only"


def suits(facts: TypeFacts, family: str, spec: Mapping[str, Any], group: PlacementGroup | None) -> bool:
    """Whether nodes of this type can be what the NodeClass asks for; what is not known of a type is no obstacle."""
    if family == "AL2023" and facts.name.startswith("a1."):
        return False
    nested = (spec.get("cpuOptions") or {}).get("nestedVirtualization") == "enabled"
    if nested and facts.features is not None and NESTED_VIRTUALIZATION not in facts.features:
        return False
    if group is not None and facts.strategies is not None and group.strategy not in facts.strategies:
        return False
    # Bare metal has no hypervisor and fails too.
    if spec.get("connectionTracking") and facts.labels.get(labels.INSTANCE_HYPERVISOR) != "nitro":
        return False
    return _has_interfaces(facts, spec)


def efa_only(spec: Mapping[str, Any], card: int | None = None) -> int:
    """How many interfaces of the NodeClass carry EFA traffic only; `card` counts those of one network card."""
    return sum(
        entry.get("interfaceType") == EFA_ONLY and (card is None or entry.get("networkCardIndex", 0) == card)
        for entry in spec.get("networkInterfaces") or ()
    )


def _has_interfaces(facts: TypeFacts, spec: Mapping[str, Any]) -> bool:
    wanted: list[Mapping[str, Any]] = spec.get("networkInterfaces") or []
    network = facts.network
    if not wanted or network is None:
        return True
    if not network.cards or not network.ena or efa_only(spec) > network.efa:
        return False
    if (spec.get("ipPrefixCount") or 0) + 1 > network.addresses:
        return False
    for entry in wanted:
        card = entry.get("networkCardIndex", 0)
        if card >= len(network.cards) or entry.get("deviceIndex", 0) >= network.cards[card]:
            return False
    return True
