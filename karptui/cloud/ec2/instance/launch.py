"""One NodeClaim into one EC2 instance: launch templates, CreateFleet, and what its errors teach."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api import errors
from karptui.cloud.ec2.api.errors import calling, code_of
from karptui.cloud.ec2.instance.describe import launched_of
from karptui.cloud.ec2.instance.launch_plan import TEMPLATES_FAILED, Plan, Planner, fleet_request
from karptui.cloud.ec2.instance.tags import NAME_TAG
from karptui.cloud.ec2.instance.template import LaunchTemplates
from karptui.cloud.ec2.instance_type.facts import EFA
from karptui.cloud.ec2.nodeclass.images import family_of
from karptui.cloud.ec2.nodeclass.network import FreeAddresses
from karptui.cloud.ec2.nodeclass.node_class_hash import VERSION, node_class_hash
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup
from karptui.cloud.ec2.nodeclass.profile import PROFILE_ANNOTATION
from karptui.cloud.ec2.nodeclass.reservations import FreePlaces
from karptui.cloud.ec2.own_tags import CLAIM_TAG, CLAIM_UID_TAG
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched
from karptui.model import labels
from karptui.model.instance_type import InstanceType
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass
from karptui.world.remember import remember

HASH = "karpenter.k8s.aws/ec2nodeclass-hash"
HASH_VERSION = "karpenter.k8s.aws/ec2nodeclass-hash-version"
FLEET_FAILED = "Error creating fleet request: "
FLEET_WITHOUT_TEMPLATES = "Launch templates not found when creating fleet request: "
"""Karpenter's words in the Launched condition where the call as a whole fails; the reason's own follow."""


class TokenUsed(Exception):
    """EC2 has seen the claim's client token with another request: an earlier launch may have got through."""


KEPT_ATTEMPTS = 10_000
"""Of claims for which no capacity was found, and which are gone."""


class Launcher:
    """Launches for one cluster. `now` gives epoch seconds."""

    def __init__(
        self,
        cluster: ClusterSettings,
        unavailable: UnavailableOfferings,
        places: FreePlaces,
        now: Callable[[], float],
    ) -> None:
        self.templates = LaunchTemplates(now)
        self.addresses = FreeAddresses()
        self._planners: dict[str, Planner] = {}
        self._cluster = cluster
        self._unavailable = unavailable
        self._places = places
        self._attempts: dict[str, int] = {}

    async def launch(
        self,
        ec2: Any,
        claim: NodeClaim,
        node_class: NodeClass,
        types: Mapping[str, InstanceType],
        group: PlacementGroup | None = None,
    ) -> Launched:
        """Raises InsufficientCapacity, NodeClassNotReady, CreateError, TokenUsed, or a CloudError of the call."""
        planner = self.planner_of(claim.node_pool)
        choice = planner.choose(claim, types)
        subnets = self.addresses.choose(node_class.status.get("subnets") or [], self._unavailable)
        plan = planner.plan(claim, node_class, choice, types, subnets, group)
        taken = dict(plan.configs.addresses)
        for subnet, addresses in taken.items():
            self.addresses.take(subnet, addresses)
        try:
            instance = await self._instance(ec2, claim, plan)
            taken.pop(_override(instance).get("SubnetId", ""), None)
        finally:
            for subnet, addresses in taken.items():
                self.addresses.give_back(subnet, addresses)
        self._attempts.pop(claim.metadata.uid, None)
        return self._launched(instance, plan, claim, node_class)

    def use(self, cluster: ClusterSettings) -> None:
        """Launch for the cluster as it is now."""
        if cluster is not self._cluster:
            self._cluster, self._planners = cluster, {}

    def planner_of(self, pool: str) -> Planner:
        """A NodePool's own: the claims of one are much alike, while each pool may see other types."""
        planner = self._planners.get(pool)
        if planner is None:
            planner = self._planners[pool] = Planner(self._cluster)
        return planner

    def next_attempt(self, claim: NodeClaim) -> None:
        """The next launch for this claim is a new request: the answer to this one is known."""
        uid = claim.metadata.uid
        remember(self._attempts, uid, self._attempts.get(uid, 0) + 1, KEPT_ATTEMPTS)

    async def _instance(self, ec2: Any, claim: NodeClaim, plan: Plan) -> dict[str, Any]:
        answer = await self._answer(ec2, claim, plan)
        failures: list[dict[str, Any]] = answer.get("Errors") or []
        self._learn(plan, failures)
        instances: list[dict[str, Any]] = answer.get("Instances") or []
        if not instances or not instances[0].get("InstanceIds"):
            self.next_attempt(claim)
            raise _failed(failures)
        return instances[0]

    async def _answer(self, ec2: Any, claim: NodeClaim, plan: Plan) -> dict[str, Any]:
        """What EC2 says to the fleet. Raises CreateError, TokenUsed."""
        for retried in (False, True):
            try:
                return await self._create_fleet(ec2, claim, plan)
            except CreateError:
                raise
            except CloudError as problem:
                gone = _code(problem) == errors.TEMPLATE_GONE_CODE
                if retried or not gone:
                    raise create_error(problem, FLEET_WITHOUT_TEMPLATES if gone else FLEET_FAILED) from problem
            # Somebody deleted a template behind our back: make them anew, once.
            self.templates.forget(plan.configs.templates)
        raise AssertionError("the second try returns or raises")

    def _own_tags(self, claim: NodeClaim, plan: Plan) -> dict[str, str]:
        # At launch, not later: this is how an instance is found again when we die before writing its id down.
        own = {CLAIM_TAG: claim.key, CLAIM_UID_TAG: claim.metadata.uid}
        return own if NAME_TAG in plan.tags else own | {NAME_TAG: claim.key}

    async def _create_fleet(self, ec2: Any, claim: NodeClaim, plan: Plan) -> dict[str, Any]:
        try:
            await self.templates.ensure(ec2, plan.configs.templates.values())
        except CloudError as problem:
            raise create_error(problem, TEMPLATES_FAILED) from problem
        request = fleet_request(plan, self._own_tags(claim, plan))
        try:
            with calling("ec2", "CreateFleet"):
                return await ec2.create_fleet(ClientToken=self._token(claim), **request)
        except CloudError as problem:
            if _code(problem) == errors.TOKEN_REUSED_CODE:
                raise TokenUsed from problem
            raise

    def _token(self, claim: NodeClaim) -> str:
        # EC2 answers a token that it knows with the fleet that it made then, so a crash does not launch twice.
        attempt = self._attempts.get(claim.metadata.uid, 0)
        digest = blake2b(f"{self._cluster.name}/{claim.metadata.uid}".encode(), digest_size=16).hexdigest()
        return f"{digest}-{attempt}"

    def _learn(self, plan: Plan, failures: list[dict[str, Any]]) -> None:
        """Remember what had no capacity, also when the fleet got its instance elsewhere."""
        reserved, group, partition = plan.configs.reservations, plan.placement.group, plan.placement.partition
        for failure in failures:
            code = failure.get("ErrorCode", "")
            override = _override(failure)
            pool = (override.get("InstanceType", ""), override.get("AvailabilityZone", ""))
            if code == errors.SUBNET_CODE and override.get("SubnetId"):
                self._unavailable.mark_subnet(override["SubnetId"])
            if code == errors.SPOT_ROLE_CODE:
                self._unavailable.mark_capacity_type(labels.SPOT)
            elif group and errors.SPREAD_LIMIT in failure.get("ErrorMessage", "") and pool[1]:
                for candidate in plan.choice.candidates:
                    self._unavailable.mark(plan.capacity_type, candidate.type.name, pool[1], group)
            elif code in errors.CAPACITY_CODES and plan.capacity_type == labels.RESERVED:
                if pool in reserved:
                    self._places.exhaust(reserved[pool].reservation_id)
            elif code in errors.CAPACITY_CODES and pool[0]:
                self._unavailable.mark(plan.capacity_type, *pool, group, partition)

    def _launched(self, instance: Mapping[str, Any], plan: Plan, claim: NodeClaim, node_class: NodeClass) -> Launched:
        override = _override(instance)
        subnet_zone = {entry["id"]: zone for zone, entry in plan.subnets.items()}
        zone = override.get("AvailabilityZone") or subnet_zone.get(override.get("SubnetId", ""), "")
        type_name = instance.get("InstanceType") or override.get("InstanceType", "")
        subnet = plan.subnets.get(zone) or {}
        reserved = plan.configs.reservations.get((type_name, zone))
        if reserved is not None:
            self._places.take(reserved.reservation_id)
        return launched_of(
            instance_id=instance["InstanceIds"][0],
            type_name=type_name,
            zone=zone,
            zone_id=subnet.get("zoneID", ""),
            capacity_type=plan.capacity_type,
            image=override.get("ImageId", ""),
            tags=plan.tags | self._own_tags(claim, plan),
            instance_type=plan.types.get(type_name),
            efa=bool(claim.requests.get(EFA)),
            annotations=self.annotations(node_class),
            subnet=subnet.get("id", ""),
            placement=plan.placement,
            reserved=reserved,
        )

    def annotations(self, node_class: NodeClass) -> dict[str, str]:
        """What a NodeClaim is told of the NodeClass that it was launched by."""
        known = node_class.metadata.annotations
        found = {key: known[key] for key in (HASH, HASH_VERSION) if key in known}
        if HASH not in found:
            family = family_of(node_class.spec)
            found = {HASH: node_class_hash(node_class.spec, family, self._cluster.ca_bundle), HASH_VERSION: VERSION}
        if profile := node_class.status.get("instanceProfile"):
            found[PROFILE_ANNOTATION] = profile
        return found


def create_error(problem: CloudError, stage: str = "") -> CreateError:
    """A failed call as the reason why the launch failed; `stage` begins the condition's message."""
    cause = problem.__cause__
    code = code_of(cause) if cause is not None else ""
    told = f"{code} {errors.message_of(cause)}" if cause is not None else str(problem)
    reason, sentence = errors.reason(told)
    return CreateError(reason, str(problem), f"{stage}{sentence}")


def _override(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return (entry.get("LaunchTemplateAndOverrides") or {}).get("Overrides") or {}


def _code(problem: CloudError) -> str:
    return code_of(problem.__cause__) if problem.__cause__ is not None else ""


def _failed(failures: list[dict[str, Any]]) -> CloudError:
    """Why a fleet launched nothing: a want of capacity only if every error is one."""
    told = sorted({f"{failure.get('ErrorCode')}: {failure.get('ErrorMessage')}" for failure in failures})
    text = "; ".join(told)[:300] or "EC2 returned neither an instance nor an error"
    capacity = errors.CAPACITY_CODES | {errors.SPOT_ROLE_CODE}
    if failures and all(failure.get("ErrorCode") in capacity for failure in failures):
        return InsufficientCapacity(f"EC2 has no capacity for any of the instance types asked for: {text}")
    reason, sentence = errors.reason("; ".join(told))
    return CreateError(reason, f"EC2 launched nothing: {text}", sentence)
