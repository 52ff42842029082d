"""EC2 behind the provider seam: a real account, or the lab's."""

import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from karptui.cloud.catalogue import DEFAULT_SEED
from karptui.cloud.ec2.account.known_cluster import AskAgain, KnownCluster
from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.ec2.instance.describe import (
    cluster_filters,
    describe,
    describe_by_claim,
    describe_by_id,
    instance_id_of,
    to_launched,
)
from karptui.cloud.ec2.instance.drift import drift_reason
from karptui.cloud.ec2.instance.launch import HASH, HASH_VERSION, Launcher, TokenUsed, create_error
from karptui.cloud.ec2.instance.tags import complete_tags
from karptui.cloud.ec2.instance.terminate import terminate
from karptui.cloud.ec2.instance.tidy import delete_profiles, profiles_in_use, template_names
from karptui.cloud.ec2.instance.validation import CACHED_SECONDS, dry_run
from karptui.cloud.ec2.instance_type.facts import EFA
from karptui.cloud.ec2.instance_type.measured import MeasuredMemory
from karptui.cloud.ec2.nodeclass.images import family_of
from karptui.cloud.ec2.nodeclass.launchable import check_ready
from karptui.cloud.ec2.nodeclass.node_class import VALIDATION, Resolving
from karptui.cloud.ec2.nodeclass.node_class_hash import VERSION, node_class_hash
from karptui.cloud.ec2.nodeclass.placement import PlacementGroup, find_placement_group
from karptui.cloud.ec2.nodeclass.reservations import FreePlaces, find_reservations
from karptui.cloud.ec2.own_tags import RESTRICTED_TAGS
from karptui.cloud.ec2.pricing.market import Market, shipped_market, with_overrides
from karptui.cloud.ec2.pricing.market_kept import KeptMarket
from karptui.cloud.ec2.queue.instance_status import InstanceStatus
from karptui.cloud.ec2.queue.interruption import SPOT_INTERRUPTED, InterruptionQueue, merged
from karptui.cloud.ec2.types_on_offer import TypesOnOffer, zone_ids
from karptui.cloud.ec2.unavailable import UnavailableOfferings
from karptui.cloud.ec2.zonal_shift import ZonalShift
from karptui.cloud.provider import (
    CloudError,
    CreateError,
    InsufficientCapacity,
    Interruption,
    LaidOver,
    Launched,
    Measured,
    NodeClassNotReady,
    NodeClassStatus,
    NotFound,
    as_it_is,
)
from karptui.cloud.together import together
from karptui.model.instance_type import Catalogue, InstanceType
from karptui.model.labels import SPOT
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass

PROFILE_SECONDS = 3600.0
"""How long an instance profile is kept that a NodeClass resolved to (spec/aws.md 4.9): a launch may be on its way."""

SETTLING_SECONDS = 60.0
"""How long an instance may exist that DescribeInstances does not show yet: AWS says seconds, and at times minutes."""


class Ec2Provider:
    """One cluster's EC2. Implements `karptui.cloud.provider.CloudProvider`.

    `ask_prices` takes types, zones and spot prices from the account; without it the shipped catalogue is used,
    with spot prices made up from `seed`. `now` gives epoch seconds (the lab's clock may run faster than real time);
    `prices` are a person's own, USD an hour, by `TYPE` or `TYPE/spot`; `quotes` is the file in which what the account
    said is kept from run to run; `ask_again` tells what has become of the cluster since it was asked about.
    """

    def __init__(
        self,
        account: Account,
        cluster: ClusterSettings,
        *,
        ask_prices: bool = False,
        seed: str = DEFAULT_SEED,
        now: Callable[[], float] = time.time,
        prices: Mapping[str, float] | None = None,
        quotes: Path | None = None,
        ask_again: AskAgain | None = None,
    ) -> None:
        self.clients = AwsClients(account)
        self.unavailable = UnavailableOfferings(now)
        self._cluster = cluster
        self._known = KnownCluster(cluster, ask_again, now)
        self._region = account.region
        self._now = now
        shipped = None if ask_prices else with_overrides(shipped_market(account.region, seed), prices or {})
        self._market: Market | None = shipped
        self._asked = KeptMarket(account, now, prices or {}, quotes) if ask_prices else None
        self._places = FreePlaces(now)
        self._measured = MeasuredMemory(now)
        self.shift = ZonalShift(self.clients, cluster.zonal_shift, now)
        self._offer = TypesOnOffer(cluster, self.unavailable, self._places, self._measured, self.shift)
        self._launcher = Launcher(cluster, self.unavailable, self._places, now)
        self._groups: dict[str, PlacementGroup | None] = {}
        self._tried: dict[str, float] = {}
        self._queue = InterruptionQueue(self.clients, cluster.queue) if cluster.queue else None
        self._node_classes: dict[str, NodeClass] = {}
        self._seen: dict[str, Launched] = {}
        self._unsettled: dict[str, float] = {}
        self._profiles: dict[str, float] = {}
        self._status = InstanceStatus(self.clients, now)
        self._by_id, self._by_claim = together(self._ec2, describe_by_id), together(self._ec2, describe_by_claim)
        self._ending = together(self._ec2, terminate)

    @property
    def node_class(self) -> str:
        """EC2NodeClass."""
        return "EC2NodeClass"

    async def _ec2(self) -> Any:
        return await self.clients.get("ec2")

    async def instance_types(self, node_class: NodeClass, measured: Collection[Measured] = ()) -> Catalogue:
        """What NodePools with this NodeClass can buy now; the same object as long as nothing changed."""
        self._node_classes[node_class.name] = node_class
        market, group = await self._known_market(), await self._special(node_class)
        self._measured.learn(node_class, measured, lambda: self._offer.types(market, node_class, group))
        return self._offer.catalogue(market, node_class, group)

    async def create(
        self, claim: NodeClaim, node_class: NodeClass, *, new: bool = False, laid_over: LaidOver = as_it_is
    ) -> Launched:
        """Launch an instance for a claim, or find the one launched for it before: never two for one UID.

        One that the claim names already gets the tags that it lacks.
        """
        if claim.provider_id:
            return await self._completed(claim)
        check_ready(node_class)
        self._node_classes[node_class.name] = node_class
        try:
            earlier = None if new else await self._launched_before(claim, node_class, laid_over)
            if earlier is not None:
                return earlier
            launched = await self._launch(claim, node_class, laid_over)
        except (CreateError, InsufficientCapacity, NodeClassNotReady):
            raise
        except CloudError as problem:
            raise create_error(problem) from problem
        self._seen[launched.instance_id] = launched
        self._unsettled.pop(claim.metadata.uid, None)
        return launched

    async def get(self, provider_id: str) -> Launched:
        """An instance that has not ended. Raises NotFound."""
        instance_id = instance_id_of(provider_id)
        seen = self._seen.get(instance_id)
        if seen is not None and self.shift.covers(seen):
            return seen  # what ails the zone is not made worse by asking about it
        found = await self._by_id.get(instance_id)
        if found is None:
            raise NotFound(f"instance {instance_id} has ended")
        return self._launched(found)

    async def list(self) -> list[Launched]:
        """Every instance of this cluster that has not ended."""
        found = await describe(await self._ec2(), cluster_filters(self._cluster.name))
        launched = [self._launched(entry) for entry in found]
        shifted = {key: entry for key, entry in self._seen.items() if self.shift.covers(entry)}
        self._seen = shifted | {entry.instance_id: entry for entry in launched}
        return launched

    async def delete(self, provider_id: str) -> None:
        """End an instance; repeat until it raises NotFound."""
        instance_id = instance_id_of(provider_id)
        await self._check_shift(provider_id)
        was = await self._ending.get(instance_id)
        if was is None:
            raise NotFound(f"instance {instance_id} has ended")
        if isinstance(was, CloudError):
            raise was

    async def tidy(self, node_classes: Collection[NodeClass], claims: Collection[NodeClaim]) -> None:
        """Delete instance profiles and launch templates of NodeClasses other than these, and those of no use."""
        ec2 = await self._ec2()
        names = {node_class.name for node_class in node_classes}
        await self._launcher.templates.tidy(ec2, await template_names(ec2, self._cluster.name), names)
        now = self._now()
        self._profiles = {name: at for name, at in self._profiles.items() if now - at < PROFILE_SECONDS}
        kept = profiles_in_use(node_classes, claims) | self._profiles.keys()
        uids = {node_class.metadata.uid for node_class in node_classes}
        iam = await self.clients.get("iam")
        await delete_profiles(iam, self._region, self._cluster.name, uids, kept)

    async def node_class_status(self, node_class: NodeClass, *, only_look: bool = False) -> NodeClassStatus:
        """Resolve a NodeClass: subnets, groups, images, reservations and profile; and try it."""
        cluster = await self._known.look()
        self._launcher.use(cluster)
        resolving = Resolving(self.clients, node_class, cluster, self._region, self._now, only_look)
        await resolving.resolve()
        self._launcher.addresses.described(resolving.subnets)
        self._places.described(resolving.reservations)
        self._groups[_selector(node_class)] = resolving.group
        if resolving.validate():
            if only_look:  # the dry runs need a launch template, which would have to be made
                resolving.found(VALIDATION)
            else:
                await self._try(node_class, resolving)
        if (profile := resolving.status.get("instanceProfile")) and not only_look:
            self._profiles[str(profile)] = self._now()
        conditions = tuple(resolving.conditions)
        return NodeClassStatus(resolving.status, conditions, self.node_class_hash(node_class), VERSION)

    async def is_drifted(self, claim: NodeClaim, node_class: NodeClass) -> str:
        """Why the claim's instance no longer is what its NodeClass asks for ("AMIDrift" ...), or ""."""
        market, group = await self._known_market(), await self._special(node_class)
        types = self._offer.types(market, node_class, group)
        # As garbage collection last saw it: what an instance is does not change in minutes.
        instance_id = instance_id_of(claim.provider_id)
        instance = self._seen.get(instance_id)
        if instance is None or not instance.security_groups:  # the answer to a launch does not tell them
            instance = self._seen[instance_id] = await self.get(claim.provider_id)
        return drift_reason(claim, self._hashed(node_class), instance, types.get(claim.instance_type), group)

    async def interruptions(self) -> AsyncGenerator[Interruption]:
        """Messages of the queue, if there is one, and what EC2 says of the instances' own status; until cancelled."""
        sources = [self._status.messages()] + ([self._queue.messages()] if self._queue is not None else [])
        async with merged(sources) as messages:
            async for message in messages:
                if message.kind == SPOT_INTERRUPTED:
                    await self._remember_interrupted(message)
                seen = (self._seen.get(instance_id) for instance_id in message.instance_ids)
                yield replace(message, claims={entry.instance_id: entry.claim for entry in seen if entry is not None})

    async def acknowledge(self, interruption: Interruption) -> None:
        """The message has been acted on and must not come again."""
        if self._queue is not None and interruption.receipt:
            await self._queue.acknowledge(interruption.receipt)

    def use_market(self, market: Market) -> None:
        """Take types and prices from here from now on; not part of the seam."""
        self._market, self._asked = market, None

    def node_class_hash(self, node_class: NodeClass) -> str:
        """What Karpenter writes into the NodeClass' hash annotation (version v5); not part of the seam."""
        return node_class_hash(node_class.spec, family_of(node_class.spec), self._cluster.ca_bundle)

    async def close(self) -> None:
        """Delete this process' launch templates and ask nothing more; not part of the seam."""
        try:
            await self._launcher.templates.delete_all(await self._ec2())
        except CloudError:
            # Somebody who leaves because of a lost connection leaves templates behind, which cost nothing.
            pass
        await self.leave()

    async def leave(self) -> None:
        """Ask nothing more and close the clients; not part of the seam."""
        if self._asked is not None:
            await self._asked.stop()
        for questions in (self._by_id, self._by_claim, self._ending):
            await questions.stop()
        await self.shift.stop()
        if self._queue is not None:
            await self._queue.stop()
        await self.clients.close()

    async def _try(self, node_class: NodeClass, resolving: Resolving) -> None:
        """The dry runs, unless this very NodeClass passed them lately."""
        if self._cluster.disable_dry_run:
            resolving.found(VALIDATION)
            return
        resolved = replace(node_class, status=resolving.status)
        key = f"{node_class.metadata.uid} {self.node_class_hash(node_class)} {resolving.status}"
        now = self._now()
        if now - self._tried.get(key, float("-inf")) > CACHED_SECONDS:
            types = self._offer.types(await self._known_market(), resolved, resolving.group)
            ec2 = await self._ec2()
            launcher = self._launcher
            refused = await dry_run(ec2, launcher.planner_of(""), launcher.templates, resolved, types, resolving.group)
            if refused is not None:
                resolving.failed(VALIDATION, refused.reason, refused.message)
                return
            self._tried = {known: at for known, at in self._tried.items() if now - at <= CACHED_SECONDS} | {key: now}
        resolving.found(VALIDATION)

    async def _special(self, node_class: NodeClass) -> PlacementGroup | None:
        """The NodeClass' placement group; it and the free places of reservations are asked for where not known yet,
        and zonal shifts now and then."""
        await self.shift.look()
        status, spec = node_class.status, node_class.spec
        listed = status.get("capacityReservations") or [] if self._cluster.reserved_capacity else []
        if not all(self._places.knows(entry["id"]) for entry in listed):
            terms = [{"id": entry["id"]} for entry in listed]
            self._places.described(await find_reservations(await self._ec2(), terms, self._now()))
        selector = _selector(node_class)
        if selector and self._groups.get(selector) is None:
            ec2 = await self._ec2()
            self._groups[selector] = await find_placement_group(ec2, spec["placementGroupSelector"])
        return self._groups.get(selector) if selector else None

    def _hashed(self, node_class: NodeClass) -> NodeClass:
        """With the hash annotations that Karpenter would have written."""
        if HASH in node_class.metadata.annotations:
            return node_class
        own = {HASH: self.node_class_hash(node_class), HASH_VERSION: VERSION}
        annotations = node_class.metadata.annotations | own
        return replace(node_class, metadata=replace(node_class.metadata, annotations=annotations))

    async def _launch(self, claim: NodeClaim, node_class: NodeClass, laid_over: LaidOver) -> Launched:
        market, group = await self._known_market(), await self._special(node_class)
        types = self._offer.types(market, node_class, group, laid_over)
        ec2 = await self._ec2()
        try:
            return await self._launcher.launch(ec2, claim, node_class, types, group)
        except TokenUsed:
            # An earlier launch of this claim asked for something else: either it made an instance, or it failed. An
            # instance may be minutes old before EC2 tells of it, so only after a while there is none.
            earlier = await self._launched_before(claim, node_class, laid_over)
            if earlier is not None:
                return earlier
            now, uid = self._now(), claim.metadata.uid
            if now - self._unsettled.setdefault(uid, now) > SETTLING_SECONDS:
                self._launcher.next_attempt(claim)
                del self._unsettled[uid]
            message = "an earlier launch of this NodeClaim is not settled yet; it is looked up before the next try"
            raise CreateError("LaunchFailed", message) from None

    async def _completed(self, claim: NodeClaim) -> Launched:
        """The claim's instance, with its tags. Raises NotFound."""
        await self._check_shift(claim.provider_id)
        instance_id = instance_id_of(claim.provider_id)
        found = await self._by_id.get(instance_id)
        if found is None:
            raise NotFound(f"instance {instance_id} has ended")
        await complete_tags(await self._ec2(), found, claim, self._cluster.name)
        return self._launched(found)

    async def _check_shift(self, provider_id: str) -> None:
        """Raises CloudError for what is better left alone now."""
        if self.shift.zones and self.shift.covers(await self.get(provider_id)):
            told = "is in a zone that traffic is shifted away from: it is left alone"
            raise CloudError(f"instance {instance_id_of(provider_id)} {told}")

    async def _launched_before(self, claim: NodeClaim, node_class: NodeClass, laid_over: LaidOver) -> Launched | None:
        """The same as the launch itself would have answered."""
        found = await self._by_claim.get(claim.metadata.uid)
        if found is None:
            return None
        market = await self._known_market()
        ids, group = zone_ids(market, node_class), self._groups.get(_selector(node_class))
        types = self._offer.types(market, node_class, group, laid_over)
        launched = to_launched(found, lambda name, _: types.get(name), ids, efa=bool(claim.requests.get(EFA)))
        return replace(launched, annotations=self._launcher.annotations(node_class))

    def _launched(self, entry: dict[str, Any]) -> Launched:
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags") or []}
        node_class = self._node_classes.get(tags.get(RESTRICTED_TAGS[-1], ""))
        ids = zone_ids(self._market, node_class) if self._market and node_class else {}
        return to_launched(entry, self._type_of, ids)

    def _type_of(self, name: str, node_class_name: str) -> InstanceType | None:
        node_class = self._node_classes.get(node_class_name)
        if node_class is None or self._market is None:
            return None
        group = self._groups.get(_selector(node_class))
        return self._offer.types(self._market, node_class, group).get(name)

    async def _remember_interrupted(self, message: Interruption) -> None:
        for instance_id in message.instance_ids:
            seen = self._seen.get(instance_id)
            if seen is None:
                try:
                    # Launched a moment ago, maybe by a process that died before it could write that down.
                    seen = self._seen[instance_id] = await self.get(f"aws:///-/{instance_id}")
                except CloudError:
                    continue
            self.unavailable.mark(SPOT, seen.instance_type, seen.zone)

    async def _known_market(self) -> Market:
        """Types and prices as they are known now."""
        if self._asked is not None:
            self._market = await self._asked.get()
        assert self._market is not None
        return self._market


def _selector(node_class: NodeClass) -> str:
    selector: dict[str, str] = node_class.spec.get("placementGroupSelector") or {}
    return selector.get("id") or selector.get("name") or ""
