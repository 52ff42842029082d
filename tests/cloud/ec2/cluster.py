"""A cluster on the lab's EC2: its provider, a resolved NodeClass, and NodeClaims to launch."""

from itertools import count
from typing import Any

from msgspec.structs import replace

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.lab.ec2 import Ec2Lab
from karptui.model import labels
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import NodeClaim, NodeClassReference, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.quantity import parse

NUMBERS = count(1)
SPEC: dict[str, Any] = {
    "amiSelectorTerms": [{"alias": "al2023@latest"}],
    "role": "KarpenterNodeRole-lab",
    "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "lab"}}],
    "securityGroupSelectorTerms": [{"tags": {"karpenter.sh/discovery": "lab"}}],
}


class Clock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


def provider_of(
    lab: Ec2Lab, clock: Clock | None = None, queue: str = "", endpoint: str = "", **more: Any
) -> Ec2Provider:
    """A provider for the lab's cluster, as a new process would make it; `endpoint` is a proxy's in front of it.

    `more` are settings of the cluster.
    """
    own: dict[str, Any] = {"kubernetes": "1.35", "queue": queue} | more
    settings = ClusterSettings(
        lab.cluster,
        "https://127.0.0.1:6443",
        "Y2E=",
        "10.96.0.10",
        "10.96.0.0/12",
        **own,
    )
    account = replace(lab.account(), endpoint_url=endpoint or lab.endpoint)
    return Ec2Provider(account, settings, now=clock or Clock())


def node_class(**spec: Any) -> NodeClass:
    """A NodeClass that nobody has resolved yet."""
    return NodeClass(Metadata("default", uid="node-class-1", generation=1), "EC2NodeClass", SPEC | spec)


async def ready_node_class(provider: Ec2Provider, **spec: Any) -> NodeClass:
    """A NodeClass with the status that the provider resolved, as a controller writes it."""
    found = await provider.node_class_status(node_class(**spec))
    assert found.ready, found.conditions
    conditions = (*found.conditions, Condition("Ready", "True", "Ready", observed_generation=1))
    return replace(node_class(**spec), status=dict(found.status), conditions=conditions)


def claim(types: tuple[str, ...] = (), capacity_types: tuple[str, ...] = ("on-demand",), **more: Any) -> NodeClaim:
    """A NodeClaim with a UID of its own."""
    number = next(NUMBERS)
    requirements = [
        RequirementSpec(labels.CAPACITY_TYPE, "In", capacity_types),
        RequirementSpec(labels.ARCH, "In", ("amd64",)),
        RequirementSpec(labels.OS, "In", ("linux",)),
        RequirementSpec(labels.NODEPOOL, "In", ("default",)),
    ]
    if types:
        requirements.append(RequirementSpec(labels.INSTANCE_TYPE, "In", types))
    requirements += more.pop("requirements", [])
    own = {labels.NODEPOOL: "default", labels.EC2_NODE_CLASS: "default"}
    return NodeClaim(
        Metadata(f"default-{number}", uid=f"claim-{number}", labels=own),
        NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default"),
        tuple(requirements),
        requests={"cpu": parse("1"), "memory": parse("1Gi"), "pods": parse("3")},
        **more,
    )
