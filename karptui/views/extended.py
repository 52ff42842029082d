"""Extended resources of nodes: GPUs and what else device plugins offer."""

from collections.abc import Iterable, Mapping

from karptui.model.node import Node
from karptui.world.world import World

_NETWORK = "vpc.amazonaws.com"
"""Addresses and interfaces that the VPC's own controllers hand out: nobody asks for them to get a node."""


def is_extended(name: str) -> bool:
    """Whether a resource is one outside Kubernetes' own: `nvidia.com/gpu`, `aws.amazon.com/neuron`."""
    domain, slash, _ = name.partition("/")
    return bool(slash) and domain != _NETWORK and not domain.endswith("kubernetes.io")


def extended_of(resources: Mapping[str, int]) -> tuple[str, ...]:
    """Names of those that there are any of."""
    return tuple(name for name, amount in resources.items() if "/" in name and amount > 0 and is_extended(name))


def extended_shares(world: World, node: Node) -> tuple[tuple[str, float], ...]:
    """(name, share that is asked for) of each that a node has, the fullest first."""
    names = extended_of(node.allocatable)
    if not names:
        return ()
    asked = world.usage.requested.get(node.key, {})
    shares = [(name, asked.get(name, 0) / node.allocatable[name]) for name in names]
    return tuple(sorted(shares, key=lambda entry: (-entry[1], entry[0])))


def short_extended(name: str) -> str:
    """`gpu` for `nvidia.com/gpu`."""
    return name.rpartition("/")[2]


def extended_title(names: Iterable[str]) -> str:
    """What a column for these is called: `GPU`, or `DEVICES` where they are of several kinds."""
    kinds = {short_extended(name).upper() for name in names}
    return kinds.pop() if len(kinds) == 1 else "DEVICES"
