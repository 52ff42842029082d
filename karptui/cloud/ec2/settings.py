"""What the EC2 provider must know of the cluster; the names are those of Karpenter's settings."""

from msgspec import Struct


class ClusterSettings(Struct, frozen=True):
    """One cluster. `ca_bundle` is base64; `dns` the address of the kube-dns service and `service_cidr` the range of
    services, "" where not known; `kubernetes` is "1.N"; `queue` the interruption queue's name, "" for none."""

    name: str
    endpoint: str = ""
    ca_bundle: str = ""
    dns: str = ""
    service_cidr: str = ""
    kubernetes: str = "1.35"
    queue: str = ""
