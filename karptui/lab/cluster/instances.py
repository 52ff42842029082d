"""The seam to the cloud: instances as they are seen from the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

State = Literal["pending", "running", "shutting-down", "terminated", "stopping", "stopped"]

UP: tuple[State, ...] = ("pending", "running")
GONE: tuple[State, ...] = ("terminated",)


@dataclass(frozen=True, slots=True)
class Instance:
    """One EC2 instance and what its user data tells the kubelet.

    `launched` is in lab epoch seconds; `capacity` and `allocatable` are quantities as text, as Node.status has them;
    `labels` and `taints` are those of --node-labels and --register-with-taints (without
    karpenter.sh/unregistered, see `karpenter`).
    """

    id: str
    zone: str
    instance_type: str
    private_dns_name: str
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]
    state: State = "running"
    launched: float = 0.0
    private_ip: str = ""
    zone_id: str = ""
    architecture: str = "amd64"
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()
    karpenter: bool = True
    """Whether the node registers with the taint karpenter.sh/unregistered, for Karpenter to take it over."""

    @property
    def provider_id(self) -> str:
        """As Node.spec.providerID has it."""
        return f"aws:///{self.zone}/{self.id}"

    @property
    def region(self) -> str:
        """The zone without its letter."""
        return self.zone.rstrip("abcdefghijklmnopqrstuvwxyz")

    @property
    def up(self) -> bool:
        """Whether its machine runs or is about to."""
        return self.state in UP


class InstanceFeed(Protocol):
    """Where instances come from."""

    def pictures(self) -> AsyncIterator[Sequence[Instance]]:
        """The first item at once, another one after every change: each is all instances that exist.

        Terminated ones may be listed or left out. An instance that was in no picture for as long as it lived has no
        node.
        """
        ...


def is_cloud(provider_id: str) -> bool:
    """Whether a Node's providerID says that an EC2 instance stands behind it."""
    return provider_id.startswith("aws:///")
