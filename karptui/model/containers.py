"""Containers, as far as scheduling reads them. Resources are in nano-units (model/quantity.py)."""

from collections.abc import Iterable

from msgspec import Struct

from karptui.model.resources import Resources

ALWAYS = "Always"
"""The restartPolicy that makes an init container a sidecar."""

ANY_ADDRESSES = frozenset({"", "0.0.0.0", "::"})
"""Host addresses that stand for all of them."""


class HostPort(Struct, frozen=True, gc=False):
    """A port that a container takes on its node; an empty hostIP is 0.0.0.0."""

    ip: str
    port: int
    protocol: str = "TCP"

    def clashes(self, other: "HostPort") -> bool:
        """Whether two pods cannot hold both on one node."""
        if self.port != other.port or self.protocol != other.protocol:
            return False
        return self.ip == other.ip or self.ip in ANY_ADDRESSES or other.ip in ANY_ADDRESSES


class Container(Struct, frozen=True, gc=False):
    """A container or init container; `restart_policy` "Always" on an init container makes it a sidecar."""

    name: str = ""
    requests: Resources = {}
    limits: Resources = {}
    restart_policy: str = ""
    ports: tuple[HostPort, ...] = ()

    @property
    def sidecar(self) -> bool:
        """Whether it keeps running beside the containers, if it is an init container."""
        return self.restart_policy == ALWAYS


class ContainerStatus(Struct, frozen=True, gc=False):
    """What the kubelet says of a container's resources; `resources_requests` None: status has no `resources`."""

    name: str
    resources_requests: Resources | None = None
    allocated: Resources | None = None


def requests_from_limits(container: Container) -> Container:
    """The container with limits copied into absent requests, as an API server would do on creation."""
    if all(name in container.requests for name in container.limits):
        return container
    return Container(
        container.name,
        {**container.limits, **container.requests},
        container.limits,
        container.restart_policy,
        container.ports,
    )


def host_ports(containers: Iterable[Container]) -> tuple[HostPort, ...]:
    """The host ports of a pod's containers (init containers and sidecars do not count), in their order."""
    return tuple(port for container in containers for port in container.ports if port.port)
