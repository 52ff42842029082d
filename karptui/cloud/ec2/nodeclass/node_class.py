"""An EC2NodeClass resolved: subnets, groups, images, reservations and instance profile, each with its condition."""

from collections.abc import Callable
from typing import Any

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.nodeclass.images import AliasEmpty, UnsupportedAlias, family_of, find_images
from karptui.cloud.ec2.nodeclass.network import Subnet, find_security_groups, find_subnets
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup, find_placement_group
from karptui.cloud.ec2.nodeclass.profile import ensure_profile
from karptui.cloud.ec2.nodeclass.reservations import Reservation, find_reservations
from karptui.cloud.ec2.own_tags import restricted_tag
from karptui.cloud.provider import CloudError, NotFound, Throttled, Unreachable
from karptui.model.metadata import Condition
from karptui.model.nodepool import NodeClass

VALIDATION = "ValidationSucceeded"


class Resolving:
    """One look at a NodeClass. `now` gives epoch seconds; with `only_look` no instance profile is made.

    What was not found is in `conditions`; the lists are as EC2 has them now. Methods raise CloudError only where asking
    again is all that helps: no answer, or too many questions.
    """

    def __init__(
        self,
        clients: AwsClients,
        node_class: NodeClass,
        cluster: ClusterSettings,
        region: str,
        now: Callable[[], float],
        only_look: bool = False,
    ) -> None:
        self.status: dict[str, Any] = {}
        self.conditions: list[Condition] = []
        self.subnets: tuple[Subnet, ...] = ()
        self.reservations: tuple[Reservation, ...] = ()
        self.group: PlacementGroup | None = None
        self._clients = clients
        self._node_class = node_class
        self._spec = node_class.spec
        self._cluster = cluster
        self._region = region
        self._now = now
        self._only_look = only_look

    async def resolve(self) -> None:
        """Everything but the validation, which needs the rest."""
        await self._images()
        if self._cluster.reserved_capacity:
            await self._reservations()
        await self._placement_group()
        await self._subnets()
        await self._security_groups()
        await self._instance_profile()

    def validate(self) -> bool:
        """Conditions of its own; False if there is nothing more to try."""
        if family_of(self._spec) == "AL2023" and not self._cluster.service_cidr:
            why = self._cluster.cidr_unknown
            told = f"the cluster's service CIDR is not known{f': {why}' if why else ''}"
            self.failed(VALIDATION, "ClusterCIDRResolutionFailed", told)
            return False
        for status in ("False", "Unknown"):
            unready = [entry.type for entry in self.conditions if entry.status == status]
            if unready:
                self.failed(VALIDATION, "DependenciesNotReady", f"not ready: {', '.join(unready)}", status)
                return False
        if tag := restricted_tag(self._spec):
            self.failed(VALIDATION, "TagValidationFailed", f"spec.tags sets {tag}, which is Karpenter's own")
            return False
        return True

    def found(self, type_: str) -> None:
        """All is well."""
        self.conditions.append(Condition(type=type_, status="True", reason=type_))

    def failed(self, type_: str, reason: str, message: str, status: str = "False") -> None:
        """Something is not there, or (Unknown) could not be told."""
        self.conditions.append(Condition(type=type_, status=status, reason=reason, message=message))

    async def _images(self) -> None:
        self.status["amis"] = []
        try:
            ec2, ssm = await self._clients.get("ec2"), await self._clients.get("ssm")
            found = await find_images(ec2, ssm, self._spec, self._cluster.kubernetes, self._now())
        except UnsupportedAlias as problem:
            self.failed("AMIsReady", "UnsupportedAlias", str(problem))
            return
        except AliasEmpty as problem:
            # Karpenter takes it for a failed question and asks again.
            self.failed("AMIsReady", "AwaitingReconciliation", str(problem), "Unknown")
            return
        except CloudError as problem:
            self._passed_or_raise("AMIsReady", "AMIResolutionFailed", problem)
            return
        self.status["amis"] = [image.to_status() for image in found]
        self._found_or("AMIsReady", bool(found), "AMINotFound", "no image matches spec.amiSelectorTerms")

    async def _reservations(self) -> None:
        self.status["capacityReservations"] = []
        terms: list[dict[str, Any]] = self._spec.get("capacityReservationSelectorTerms") or []
        try:
            if terms:
                self.reservations = await find_reservations(await self._clients.get("ec2"), terms, self._now())
        except CloudError as problem:
            self._passed_or_raise("CapacityReservationsReady", "CapacityReservationResolutionFailed", problem)
            return
        self.status["capacityReservations"] = [entry.to_status() for entry in self.reservations]
        self.found("CapacityReservationsReady")

    async def _placement_group(self) -> None:
        selector: dict[str, Any] = self._spec.get("placementGroupSelector") or {}
        try:
            if selector:
                self.group = await find_placement_group(await self._clients.get("ec2"), selector)
        except CloudError as problem:
            self._passed_or_raise("PlacementGroupReady", "PlacementGroupResolutionFailed", problem)
            return
        there = self.group is not None or not selector
        message = "no placement group matches spec.placementGroupSelector"
        self._found_or("PlacementGroupReady", there, "PlacementGroupNotFound", message)

    async def _subnets(self) -> None:
        self.status["subnets"] = []
        terms: list[dict[str, Any]] = self._spec.get("subnetSelectorTerms") or []
        try:
            self.subnets = await find_subnets(await self._clients.get("ec2"), terms)
        except CloudError as problem:
            self._passed_or_raise("SubnetsReady", "SubnetResolutionFailed", problem)
            return
        self.status["subnets"] = [
            {"id": subnet.id, "zone": subnet.zone} | ({"zoneID": subnet.zone_id} if subnet.zone_id else {})
            for subnet in self.subnets
        ]
        message = "no subnet matches spec.subnetSelectorTerms"
        self._found_or("SubnetsReady", bool(self.subnets), "SubnetsNotFound", message)

    async def _security_groups(self) -> None:
        self.status["securityGroups"] = []
        terms: list[dict[str, Any]] = self._spec.get("securityGroupSelectorTerms") or []
        try:
            found = await find_security_groups(await self._clients.get("ec2"), terms)
        except CloudError as problem:
            self._passed_or_raise("SecurityGroupsReady", "SecurityGroupResolutionFailed", problem)
            return
        self.status["securityGroups"] = [{"id": group.id, "name": group.name} for group in found]
        message = "no security group matches spec.securityGroupSelectorTerms"
        self._found_or("SecurityGroupsReady", bool(found), "SecurityGroupsNotFound", message)

    async def _instance_profile(self) -> None:
        node_class = self._node_class
        try:
            given = bool(self._spec.get("instanceProfile")) or self._only_look
            iam = None if given else await self._clients.get("iam")
            self.status["instanceProfile"] = await ensure_profile(
                iam,
                self._spec,
                node_class.status,
                self._cluster.name,
                self._region,
                node_class.name,
                node_class.metadata.uid,
            )
        except NotFound as problem:
            self.failed("InstanceProfileReady", "NodeRoleNotFound", str(problem))
            return
        except CloudError as problem:
            self._passed_or_raise("InstanceProfileReady", "InstanceProfileCreateFailed", problem)
            return
        self.found("InstanceProfileReady")

    def _found_or(self, type_: str, there: bool, reason: str, message: str) -> None:
        if there:
            self.found(type_)
        else:
            self.failed(type_, reason, message)

    def _passed_or_raise(self, type_: str, reason: str, problem: CloudError) -> None:
        if isinstance(problem, (Throttled, Unreachable)):
            raise problem
        self.failed(type_, reason, str(problem))
