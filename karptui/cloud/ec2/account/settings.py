"""What the EC2 provider must know of the cluster; the names are those of Karpenter's settings."""

from msgspec import Struct


class ClusterSettings(Struct, frozen=True):
    """One cluster. `ca_bundle` is base64; `dns` the address of the kube-dns service and `service_cidr` the range of
    services, "" where not known, and then `cidr_unknown` says why; `kubernetes` is "1.N"; `queue` the interruption
    queue's name, "" for none.

    `vm_memory_overhead` is the share of memory that the hypervisor and the kernel keep; `reserved_enis` how many
    network interfaces pods may not use; `disable_dry_run` leaves out the calls that try a NodeClass before it is used;
    `zonal_shift` is the cluster's ARN where shifts of its zones are honoured, "" where not; `reserved_capacity` is the
    feature gate; `min_values_policy` is Strict or BestEffort.
    """

    name: str
    endpoint: str = ""
    ca_bundle: str = ""
    dns: str = ""
    service_cidr: str = ""
    cidr_unknown: str = ""
    kubernetes: str = "1.35"
    queue: str = ""
    vm_memory_overhead: float = 0.075
    reserved_enis: int = 0
    disable_dry_run: bool = False
    reserved_capacity: bool = True
    min_values_policy: str = "Strict"
    zonal_shift: str = ""

    @property
    def is_ipv6(self) -> bool:
        """Whether pods have IPv6 addresses: the kube-dns service has one then."""
        return ":" in self.dns
