"""An EC2NodeClass resolved: subnets, security groups, images and instance profile, each with its condition."""

from typing import Any

from karptui.cloud.ec2.client import AwsClients
from karptui.cloud.ec2.images import UnsupportedAlias, find_images
from karptui.cloud.ec2.network import Subnet, find_security_groups, find_subnets
from karptui.cloud.ec2.profile import ensure_profile
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.cloud.provider import CloudError, NodeClassStatus, NotFound, Throttled, Unreachable
from karptui.model.metadata import Condition
from karptui.model.nodepool import NodeClass


async def resolve_node_class(
    clients: AwsClients, node_class: NodeClass, cluster: ClusterSettings, region: str
) -> tuple[NodeClassStatus, tuple[Subnet, ...]]:
    """The status and, for whoever counts free addresses, the subnets as they are now.

    What was not found is in the conditions. Raises CloudError only where asking again is all that helps: no answer,
    or too many questions.
    """
    resolving = _Resolving(clients, node_class, cluster, region)
    await resolving.images()
    subnets = await resolving.subnets()
    await resolving.security_groups()
    await resolving.instance_profile()
    resolving.validation()
    return NodeClassStatus(resolving.status, tuple(resolving.conditions)), subnets


class _Resolving:
    def __init__(self, clients: AwsClients, node_class: NodeClass, cluster: ClusterSettings, region: str) -> None:
        self.status: dict[str, Any] = {}
        self.conditions: list[Condition] = []
        self._clients = clients
        self._node_class = node_class
        self._spec = node_class.spec
        self._cluster = cluster
        self._region = region

    async def images(self) -> None:
        self.status["amis"] = []
        try:
            ec2, ssm = await self._clients.get("ec2"), await self._clients.get("ssm")
            found = await find_images(ec2, ssm, self._spec, self._cluster.kubernetes)
        except UnsupportedAlias as problem:
            self._failed("AMIsReady", "UnsupportedAlias", str(problem))
            return
        except CloudError as problem:
            self._passed_or_raise("AMIsReady", "AMIResolutionFailed", problem)
            return
        self.status["amis"] = [image.to_status() for image in found]
        self._found("AMIsReady", bool(found), "AMINotFound", "no image matches spec.amiSelectorTerms")

    async def subnets(self) -> tuple[Subnet, ...]:
        self.status["subnets"] = []
        try:
            found = await find_subnets(await self._clients.get("ec2"), self._spec.get("subnetSelectorTerms") or [])
        except CloudError as problem:
            self._passed_or_raise("SubnetsReady", "SubnetResolutionFailed", problem)
            return ()
        self.status["subnets"] = [
            {"id": subnet.id, "zone": subnet.zone} | ({"zoneID": subnet.zone_id} if subnet.zone_id else {})
            for subnet in found
        ]
        self._found("SubnetsReady", bool(found), "SubnetsNotFound", "no subnet matches spec.subnetSelectorTerms")
        return found

    async def security_groups(self) -> None:
        self.status["securityGroups"] = []
        terms = self._spec.get("securityGroupSelectorTerms") or []
        try:
            found = await find_security_groups(await self._clients.get("ec2"), terms)
        except CloudError as problem:
            self._passed_or_raise("SecurityGroupsReady", "SecurityGroupResolutionFailed", problem)
            return
        self.status["securityGroups"] = [{"id": group.id, "name": group.name} for group in found]
        message = "no security group matches spec.securityGroupSelectorTerms"
        self._found("SecurityGroupsReady", bool(found), "SecurityGroupsNotFound", message)

    async def instance_profile(self) -> None:
        node_class = self._node_class
        try:
            iam = None if self._spec.get("instanceProfile") else await self._clients.get("iam")
            self.status["instanceProfile"] = await ensure_profile(
                iam,
                self._spec,
                node_class.status,
                self._cluster.name,
                self._region,
                node_class.key,
                node_class.metadata.uid,
            )
        except NotFound as problem:
            self._failed("InstanceProfileReady", "NodeRoleNotFound", str(problem))
            return
        except CloudError as problem:
            self._passed_or_raise("InstanceProfileReady", "InstanceProfileCreateFailed", problem)
            return
        self._found("InstanceProfileReady", True, "", "")

    def validation(self) -> None:
        # The dry runs of the real controller are not made: a launch that cannot work says so when it is tried.
        unready = [entry.type for entry in self.conditions if entry.status != "True"]
        if unready:
            self._failed("ValidationSucceeded", "DependenciesNotReady", f"not ready: {', '.join(unready)}")
        else:
            self._found("ValidationSucceeded", True, "", "")

    def _found(self, type_: str, there: bool, reason: str, message: str) -> None:
        if there:
            self.conditions.append(Condition(type=type_, status="True", reason=type_))
        else:
            self._failed(type_, reason, message)

    def _failed(self, type_: str, reason: str, message: str) -> None:
        self.conditions.append(Condition(type=type_, status="False", reason=reason, message=message))

    def _passed_or_raise(self, type_: str, reason: str, problem: CloudError) -> None:
        if isinstance(problem, (Throttled, Unreachable)):
            raise problem
        self._failed(type_, reason, str(problem))
