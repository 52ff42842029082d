"""Which cloud stands behind active mode, made once the cluster is connected and can say what it is."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from karptui.cloud.ec2.account.eks import EksCluster, describe_cluster
from karptui.cloud.provider import CloudError, CloudProvider, NotFound
from karptui.kube.connect import Connection
from karptui.kube.errors import KubeError

if TYPE_CHECKING:
    from karptui.cloud.ec2.account.settings import ClusterSettings
    from karptui.cloud.ec2.api.client import Account


class Ec2Choice(Struct, frozen=True):
    """An account and a cluster in it. What is "" or None is found out: from the kubeconfig, EKS and the API server.

    `endpoint_url` is where AWS answers, for a simulator; `prices` are a person's own, USD an hour; the other names are
    those of Karpenter's settings.
    """

    region: str | None = None
    fallback_region: str = "us-east-1"
    cluster_name: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    queue: str = ""
    ask_prices: bool = True
    cluster_endpoint: str = ""
    cluster_ca_bundle: str = ""
    service_cidr: str = ""
    reserved_enis: int = 0
    vm_memory_overhead: float = 0.075
    disable_dry_run: bool = False
    prices: dict[str, float] = {}
    zonal_shift: bool = False


MakeProvider = Callable[[Connection], AbstractAsyncContextManager[CloudProvider]]
"""A provider for as long as it is used: what it opened is closed after that."""


def kwok(region: str) -> MakeProvider:
    """Nodes without machines."""

    @asynccontextmanager
    async def make(connection: Connection) -> AsyncIterator[CloudProvider]:
        from karptui.cloud.kwok.provider import KwokProvider

        yield KwokProvider(connection, region)

    return make


def ec2(choice: Ec2Choice) -> MakeProvider:
    """EC2, with what its nodes must know of the cluster to join it."""

    @asynccontextmanager
    async def make(connection: Connection) -> AsyncIterator[CloudProvider]:
        from karptui.cloud.ec2.account.account_check import check_account
        from karptui.cloud.ec2.api.client import Account
        from karptui.cloud.ec2.pricing.market_kept import quotes_file
        from karptui.cloud.ec2.provider import Ec2Provider

        account = Account(region_of(choice, connection), choice.endpoint_url, choice.profile)
        settings = await settings_of(choice, account, connection)
        # A simulator's answers are nobody's to keep.
        quotes = (
            quotes_file(account.region, choice.profile or os.environ.get("AWS_PROFILE"))
            if choice.endpoint_url is None
            else None
        )
        provider = Ec2Provider(
            account,
            settings,
            ask_prices=choice.ask_prices,
            prices=choice.prices,
            quotes=quotes,
            ask_again=lambda known: _asked_again(known, choice, account, connection),
        )
        try:
            await check_account(provider.clients, choice.queue)
            await provider.shift.check()
            yield provider
        finally:
            # Its launch templates stay: whoever holds the Lease next may use them by now, and collects the rest.
            await provider.leave()

    return make


def region_of(choice: Ec2Choice, connection: Connection) -> str:
    """The region that was asked for, else that of the cluster's ARN, of the environment, of the settings."""
    environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return choice.region or connection.cluster_region or environment or choice.fallback_region


async def settings_of(choice: Ec2Choice, account: "Account", connection: Connection) -> "ClusterSettings":
    """What was given, else what EKS says, else what the API server tells. Raises KubeError, CloudError."""
    from karptui.cloud.ec2.account.settings import ClusterSettings

    name = choice.cluster_name or connection.cluster_name
    known, unknown = EksCluster(), ""
    if choice.zonal_shift or not (choice.service_cidr and choice.cluster_endpoint):
        known, unknown = await _eks(account, name)
    cidr, no_cidr = (choice.service_cidr, "") if choice.service_cidr else await _services(known, unknown, connection)
    if choice.zonal_shift and not known.arn:
        raise CloudError(f"zonal shifts are of clusters that EKS knows: {unknown or 'it does not tell an ARN'}")
    return ClusterSettings(
        name,
        endpoint=choice.cluster_endpoint or known.endpoint or connection.server,
        ca_bundle=choice.cluster_ca_bundle or await _authority(connection) or known.ca_bundle,
        dns=await _dns(connection),
        service_cidr=cidr,
        cidr_unknown=no_cidr,
        kubernetes=await _kubernetes(connection) or ClusterSettings("").kubernetes,
        queue=choice.queue,
        reserved_enis=choice.reserved_enis,
        vm_memory_overhead=choice.vm_memory_overhead,
        disable_dry_run=choice.disable_dry_run,
        zonal_shift=known.arn if choice.zonal_shift else "",
    )


async def _asked_again(
    known: "ClusterSettings", choice: Ec2Choice, account: "Account", connection: Connection
) -> "ClusterSettings":
    """What may have changed: the version, by an upgrade; and the range of services where nobody knew it. Raises
    KubeError."""
    found = replace(known, kubernetes=await _kubernetes(connection) or known.kubernetes)
    if not found.service_cidr:
        cidr, unknown = await _services(*await _eks(account, known.name), connection)
        found = replace(found, service_cidr=cidr, cidr_unknown=unknown)
    return found


async def _kubernetes(connection: Connection) -> str:
    """The API server's version as "1.N", "" where it tells none. Raises KubeError."""
    version = re.match(r"v?(\d+\.\d+)", await connection.server_version())
    return version[1] if version else ""


async def _services(known: EksCluster, unknown: str, connection: Connection) -> tuple[str, str]:
    """The range of services as EKS or the API server tells it, or why it is not known."""
    if cidr := known.service_cidr or await _service_cidr(connection):
        return cidr, ""
    return "", f"{unknown or 'EKS does not say it'}; the API server has no ServiceCIDR either; give --service-cidr"


async def _eks(account: "Account", name: str) -> "tuple[EksCluster, str]":
    """What EKS knows of the cluster, and why it is nothing."""
    from karptui.cloud.ec2.api.client import AwsClients

    clients = AwsClients(account)
    try:
        return await describe_cluster(clients, name), ""
    except NotFound:
        return EksCluster(), f"EKS has no cluster {name} in {account.region} (--cluster-name)"
    except CloudError as error:
        return EksCluster(), str(error)
    finally:
        await clients.close()


async def _service_cidr(connection: Connection) -> str:
    """The first range of the cluster's default ServiceCIDR (served since Kubernetes 1.33), "" where it is not told."""
    try:
        path = "/apis/networking.k8s.io/v1/servicecidrs/kubernetes"
        return str(json.loads(await connection.request("GET", path))["spec"]["cidrs"][0])
    except (KubeError, KeyError, IndexError, ValueError):
        return ""


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
