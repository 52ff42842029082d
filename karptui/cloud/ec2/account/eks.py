"""What EKS says of a cluster that its nodes must know to join it."""

from msgspec import Struct

from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling


class EksCluster(Struct, frozen=True):
    """`endpoint` is a URL and `ca_bundle` base64, `service_cidr` the range of services, `arn` the cluster's own name in
    AWS; each "" where EKS is silent."""

    endpoint: str = ""
    ca_bundle: str = ""
    service_cidr: str = ""
    arn: str = ""


async def describe_cluster(clients: AwsClients, name: str) -> EksCluster:
    """Ask eks:DescribeCluster. Raises CloudError; NotFound where EKS does not know the cluster."""
    eks = await clients.get("eks")
    with calling("eks", "DescribeCluster"):
        found = (await eks.describe_cluster(name=name))["cluster"]
    network = found.get("kubernetesNetworkConfig") or {}
    ipv6 = network.get("ipFamily") == "ipv6"
    return EksCluster(
        endpoint=found.get("endpoint") or "",
        ca_bundle=(found.get("certificateAuthority") or {}).get("data") or "",
        service_cidr=network.get("serviceIpv6Cidr" if ipv6 else "serviceIpv4Cidr") or "",
        arn=found.get("arn") or "",
    )
