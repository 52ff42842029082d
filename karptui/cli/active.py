"""`karptui active`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cyclopts import Parameter

from karptui.cli.flags import Look, Output, WholeCluster

if TYPE_CHECKING:
    from karptui.modes.active import Rules
    from karptui.modes.providers import Ec2Choice, MakeProvider
    from karptui.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True)
class Brakes:
    """What karptui may do at most."""

    max_launches_per_minute: int | None = 120
    """New nodes in a minute; more wait."""
    max_nodes: int | None = None
    """NodeClaims altogether."""
    max_cost: float | None = None
    """USD an hour of all nodes."""
    disruption: bool = True
    """Whether nodes may be taken away to save money; --no-disruption leaves interruption and expiry alone."""
    repair: bool = False
    """Also replace nodes that stay unhealthy for half an hour."""


@Parameter(name="*")
@dataclass(frozen=True)
class Aws:
    """Which account and which cluster in it (--provider ec2)."""

    cluster_name: str | None = None
    """Name of the EKS cluster; that of the kubeconfig if not given."""
    region: str | None = None
    """AWS region; that of the settings if not given."""
    profile: str | None = None
    """Profile of the AWS configuration."""
    endpoint_url: str | None = None
    """Where AWS answers, for a simulator such as moto or the lab's EC2."""
    queue: str = ""
    """Name of the SQS queue with interruption messages."""
    shipped_prices: bool = False
    """Use the shipped types and prices instead of asking the account."""
    cluster_endpoint: str = ""
    """URL at which nodes reach the API server; that of eks:DescribeCluster or the kubeconfig if not given."""
    cluster_ca_bundle: str = ""
    """The cluster's CA as base64; the one Kubernetes publishes if not given."""
    service_cidr: str = ""
    """Range of the cluster's services; that of eks:DescribeCluster or the API server if not given."""
    reserved_enis: int = 0
    """Network interfaces that pods may not use."""
    vm_memory_overhead_percent: float = 0.075
    """Share of an instance's memory that its hypervisor keeps."""
    disable_aws_dry_run: bool = False
    """Do not try a NodeClass by dry runs of EC2 calls before it is used."""
    enable_zonal_shift: bool = False
    """Launch and end nothing in zones that ARC shifts the cluster's traffic away from."""


def active(
    *,
    provider: Literal["ec2", "kwok"],
    cluster: WholeCluster | None = None,
    aws: Aws | None = None,
    brakes: Brakes | None = None,
    policy: Literal["karpenter", "cheapest"] = "karpenter",
    dry_run: bool = False,
    take_over: bool = False,
    yes: bool = False,
    lease_namespace: str = "kube-system",
    look: Look | None = None,
    record: str | None = None,
    output: Output = None,
) -> int:
    """Be the cluster's controller in Karpenter's place: launch, consolidate, replace, drain.

    Refuses to start beside a running Karpenter. Ends with ctrl-c; nodes stay as they are.

    Parameters
    ----------
    provider
        ec2, or kwok: nodes without machines, for any cluster.
    policy
        karpenter: launch what Karpenter would. cheapest: under the same rules, nodes chosen by what they cost.
    dry_run
        Write nothing; list what would be written.
    take_over
        Stop a running Karpenter first, after a typed confirmation.
    yes
        Take over without asking.
    lease_namespace
        Where the Lease lies by which only one karptui writes.
    record
        Also write a recording to this file.
    output
        text or json; without it a screen where there is a terminal, else text.
    """
    from dataclasses import replace
    from pathlib import Path

    from karptui.cli.flags import options_of
    from karptui.cli.playing import play
    from karptui.cli.record import check_new
    from karptui.engine.cheapest import Policy
    from karptui.modes.active import Active
    from karptui.settings import costs_folder

    settings = (look or Look()).settings()
    if record:
        check_new(record)
    asked = cluster or WholeCluster()
    if take_over and not dry_run and not yes:
        confirm_take_over(asked)
    rules = rules_of(brakes or Brakes(), dry_run=dry_run, take_over=take_over and not dry_run, space=lease_namespace)
    rules = replace(rules, policy=Policy(policy))
    make = provider_of(provider, aws or Aws(), settings)
    run = Active(
        make,
        rules,
        asked.kubeconfig,
        asked.context,
        options_of(settings),
        Path(record) if record else None,
        settings.region,
    )
    if not dry_run:
        run.costs = costs_folder(settings)
    return play(lambda: run, settings, output, mode="ACTIVE")


def rules_of(brakes: Brakes, *, dry_run: bool, take_over: bool, space: str) -> Rules:
    """What was allowed on the command line."""
    from karptui.control.safety import brakes as control
    from karptui.failure import Failure
    from karptui.modes.active import Rules

    for flag, value in (
        ("--max-launches-per-minute", brakes.max_launches_per_minute),
        ("--max-nodes", brakes.max_nodes),
        ("--max-cost", brakes.max_cost),
    ):
        if value is not None and value < 0:
            raise Failure(f"{flag} {value:g}: a brake cannot be below 0")
    limits = control.Brakes(brakes.max_launches_per_minute, brakes.max_nodes, brakes.max_cost, brakes.disruption)
    return Rules(limits, dry_run=dry_run, repair=brakes.repair, take_over=take_over, lease_namespace=space)


def provider_of(name: str, aws: Aws, settings: Settings) -> MakeProvider:
    """Makes the provider once the cluster is connected."""
    from karptui.modes.providers import ec2, kwok

    if name == "kwok":
        return kwok(aws.region or settings.region)
    return ec2(ec2_choice(aws, settings))


def ec2_choice(aws: Aws, settings: Settings) -> Ec2Choice:
    """What was asked for on the command line. Raises Failure."""
    from karptui.failure import Failure
    from karptui.modes.providers import Ec2Choice

    if not aws.vm_memory_overhead_percent >= 0 or aws.reserved_enis < 0:
        raise Failure("--vm-memory-overhead-percent and --reserved-enis cannot be below 0")
    if aws.service_cidr:
        _check_range(aws.service_cidr)
    for flag, url in (("--endpoint-url", aws.endpoint_url), ("--cluster-endpoint", aws.cluster_endpoint)):
        _check_url(flag, url or "")
    _check_authority(aws.cluster_ca_bundle)
    return Ec2Choice(
        region=aws.region,
        fallback_region=settings.region,
        cluster_name=aws.cluster_name,
        profile=aws.profile,
        endpoint_url=aws.endpoint_url,
        queue=aws.queue,
        ask_prices=not aws.shipped_prices,
        cluster_endpoint=aws.cluster_endpoint,
        cluster_ca_bundle=aws.cluster_ca_bundle,
        service_cidr=aws.service_cidr,
        reserved_enis=aws.reserved_enis,
        vm_memory_overhead=aws.vm_memory_overhead_percent,
        disable_dry_run=aws.disable_aws_dry_run,
        prices=settings.prices,
        zonal_shift=aws.enable_zonal_shift,
    )


def _check_url(flag: str, text: str) -> None:
    from urllib.parse import urlsplit

    from karptui.failure import Failure

    if text and not (urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname):
        raise Failure(f"{flag} {text}: that is no URL; give one such as https://10.0.0.1:443")


def _check_authority(text: str) -> None:
    from base64 import b64decode

    from karptui.failure import Failure

    try:
        b64decode(text, validate=True)
    except ValueError as error:
        why = "it is not base64; give what certificateAuthority.data of eks:DescribeCluster says"
        raise Failure(f"--cluster-ca-bundle: {why}") from error


def _check_range(text: str) -> None:
    from ipaddress import ip_network

    from karptui.failure import Failure

    try:
        ip_network(text)
    except ValueError as error:
        raise Failure(f"--service-cidr {text}: {error}; give a range such as 10.100.0.0/16") from error


def confirm_take_over(cluster: WholeCluster) -> None:
    """Say what would happen and let it be typed. Raises Failure if it was not."""
    import asyncio
    import sys

    from karptui.control.safety.other_controller import EXPLANATION
    from karptui.failure import Failure

    name, found = asyncio.run(_look(cluster))
    if not found:
        return
    print(f"{found}.\n{EXPLANATION}")
    if not sys.stdin.isatty():
        raise Failure("taking over needs a typed confirmation at a terminal, or --yes")
    typed = input(f"Type the cluster's name ({name}) to go on, anything else to stop: ")
    if typed.strip() != name:
        raise Failure("not confirmed; nothing has been changed")


async def _look(cluster: WholeCluster) -> tuple[str, str]:
    from karptui.control.safety.other_controller import find_other
    from karptui.kube.connect import connect

    async with connect(cluster.kubeconfig, cluster.context) as connection:
        return connection.cluster_name, (await find_other(connection)).sentence()
