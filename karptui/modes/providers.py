"""Which cloud stands behind active mode, made once the cluster is connected and can say what it is."""

import base64
import json
import re
from collections.abc import Awaitable, Callable

from msgspec import Struct

from karptui.cloud.provider import CloudProvider
from karptui.kube.connect import Connection
from karptui.kube.errors import KubeError


class Ec2Choice(Struct, frozen=True):
    """An account and a cluster in it; `cluster_name` None: that of the kubeconfig."""

    region: str
    cluster_name: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    queue: str = ""
    ask_prices: bool = True


def kwok(region: str) -> Callable[[Connection], Awaitable[CloudProvider]]:
    """Nodes without machines."""

    async def make(connection: Connection) -> CloudProvider:
        from karptui.cloud.kwok.provider import KwokProvider

        return KwokProvider(connection, region)

    return make


def ec2(choice: Ec2Choice) -> Callable[[Connection], Awaitable[CloudProvider]]:
    """EC2, with what its nodes must know of the cluster to join it."""

    async def make(connection: Connection) -> CloudProvider:
        from karptui.cloud.ec2.client import Account
        from karptui.cloud.ec2.provider import Ec2Provider
        from karptui.cloud.ec2.settings import ClusterSettings

        dns, authority = await _dns(connection), await _authority(connection)
        version = re.match(r"v?(\d+\.\d+)", await connection.server_version())
        settings = ClusterSettings(
            choice.cluster_name or connection.cluster_name,
            endpoint=connection.server,
            ca_bundle=authority,
            dns=dns,
            kubernetes=version[1] if version else ClusterSettings("").kubernetes,
            queue=choice.queue,
        )
        account = Account(choice.region, choice.endpoint_url, choice.profile)
        return Ec2Provider(account, settings, ask_prices=choice.ask_prices)

    return make


async def _dns(connection: Connection) -> str:
    """Address of the service kube-dns, "" where it cannot be read: nodes then find it out by themselves."""
    try:
        found = json.loads(await connection.request("GET", "/api/v1/namespaces/kube-system/services/kube-dns"))
        return str(found["spec"].get("clusterIP") or "")
    except (KubeError, KeyError, ValueError):
        return ""


async def _authority(connection: Connection) -> str:
    """The cluster's CA as base64, from where Kubernetes publishes it to every namespace."""
    try:
        path = "/api/v1/namespaces/kube-system/configmaps/kube-root-ca.crt"
        found = json.loads(await connection.request("GET", path))
        return base64.b64encode(str(found["data"]["ca.crt"]).encode()).decode()
    except (KubeError, KeyError, ValueError):
        return ""
