"""Our answer to a launch question: the provider's status of the NodeClass, its calls and its NodeClaims."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import Account
from karptui.cloud.ec2.instance_type.facts import TypeFacts, from_description
from karptui.cloud.ec2.pricing.market import Market
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched, NodeClassNotReady
from karptui.compare.launch_account import REGION, Entry, ScenarioClients
from karptui.model.labels import ON_DEMAND
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.resources import format_resources, parse_resources
from karptui.model.taints import Taint

CLASSES: dict[type[CloudError], str] = {
    InsufficientCapacity: "InsufficientCapacityError",
    NodeClassNotReady: "NodeClassNotReadyError",
    CreateError: "CreateError",
}
SETTINGS = {
    "clusterName": "name",
    "clusterEndpoint": "endpoint",
    "clusterCABundle": "ca_bundle",
    "clusterDNS": "dns",
    "serviceCIDR": "service_cidr",
    "kubernetesVersion": "kubernetes",
    "vmMemoryOverheadPercent": "vm_memory_overhead",
    "reservedENIs": "reserved_enis",
    "disableDryRun": "disable_dry_run",
    "reservedCapacity": "reserved_capacity",
    "minValuesPolicy": "min_values_policy",
}


def market(scenario: Entry, catalogue: Entry) -> Market:
    """The types, zones and prices that the question's EC2 knows."""
    wanted = scenario.get("instanceTypes")
    facts: list[TypeFacts] = []
    for entry in catalogue["instanceTypes"]:
        name = entry["InstanceType"]
        if wanted is None or name in wanted:
            zones = {REGION: "".join(zone[-1] for zone in catalogue["offerings"][name])}
            price = catalogue["onDemandPrices"].get(name)
            facts.append(replace(from_description(entry), on_demand=price, offered=zones))

    def price_of(capacity_type: str, entry: TypeFacts, zone: str) -> float | None:
        # A spot price that was never read is the on-demand price.
        if capacity_type == ON_DEMAND or scenario.get("spotPrices") is False:
            return entry.on_demand
        return catalogue["spotPrices"].get(entry.name, {}).get(zone)

    return Market(REGION, tuple(facts), price_of, "scenario", 0.0, False, tuple(catalogue["zoneIDs"]))


def provider_of(scenario: Entry, catalogue: Entry, clients: ScenarioClients) -> Ec2Provider:
    """The provider as the question's cluster configures it."""
    told = {"disableDryRun": True} | scenario["settings"]
    known: Entry = {SETTINGS[key]: "" if value is None else value for key, value in told.items() if key in SETTINGS}
    cluster = ClusterSettings(**known)
    now = datetime.fromisoformat(scenario["now"].replace("Z", "+00:00")).timestamp()
    provider = Ec2Provider(Account(REGION), cluster, now=lambda: now)
    provider.clients = clients
    provider.use_market(market(scenario, catalogue))
    for pool in scenario.get("unavailable", []):
        provider.unavailable.mark(pool["capacityType"], pool["instanceType"], pool["zone"])
    return provider


def node_class_of(scenario: Entry) -> NodeClass:
    """The question's NodeClass, not yet resolved."""
    own = scenario["nodeClass"]
    metadata = Metadata(own["metadata"]["name"], uid=own["metadata"]["uid"], generation=1)
    return NodeClass(metadata, "EC2NodeClass", own["spec"], own.get("status", {}))


def claim_of(entry: Entry) -> NodeClaim:
    """A NodeClaim of the question."""
    spec, metadata = entry["spec"], entry["metadata"]

    def taints(key: str) -> tuple[Taint, ...]:
        return tuple(Taint(taint["key"], taint.get("value", ""), taint["effect"]) for taint in spec.get(key, []))

    return NodeClaim(
        Metadata(
            metadata["name"],
            uid=metadata["uid"],
            labels=metadata.get("labels", {}),
            annotations=metadata.get("annotations", {}),
        ),
        requirements=tuple(
            RequirementSpec(item["key"], item["operator"], tuple(item.get("values", ())), item.get("minValues"))
            for item in spec["requirements"]
        ),
        requests=parse_resources(spec.get("resources", {}).get("requests")),
        taints=taints("taints"),
        startup_taints=taints("startupTaints"),
    )


async def launch_answer(scenario: Entry, catalogue: Entry) -> dict[str, Any]:
    """The answer in the shape of `expect`; `catalogue` is what EC2 says of the types, their zones and prices."""
    clients = ScenarioClients(scenario)
    provider = provider_of(scenario, catalogue, clients)
    node_class = node_class_of(scenario)
    answer: Entry = {"launches": []}
    found = await provider.node_class_status(node_class)
    calls = clients.ec2.take()
    ready = found.ready_condition
    conditions = (*found.conditions, replace(ready, observed_generation=1))
    answer["nodeClass"] = {
        **found.status,
        "conditions": {entry.type: {"status": entry.status, "reason": entry.reason} for entry in conditions},
        "hash": provider.node_class_hash(node_class),
    }
    if calls["createLaunchTemplate"] or calls["runInstances"]:
        answer["dryRun"] = calls
    node_class = replace(node_class, status=dict(found.status), conditions=conditions)
    for asked in scenario["nodeClaims"]:
        answer["launches"].append(await _launch(provider, clients, asked, node_class))
    return answer


async def _launch(provider: Ec2Provider, clients: ScenarioClients, asked: Entry, node_class: NodeClass) -> Entry:
    if (asked["spec"].get("nodeClassRef") or {}).get("name", node_class.name) != node_class.name:
        # A claim of a NodeClass that does not exist: its controller never gets as far as the provider.
        gone = Metadata(asked["spec"]["nodeClassRef"]["name"], deleted=1.0)
        node_class = NodeClass(gone, "EC2NodeClass")
    told: Entry = {}
    try:
        launched = await provider.create(claim_of(asked), node_class)
        told["nodeClaim"] = _claim_told(launched)
    except CloudError as problem:
        told["error"] = {"class": CLASSES.get(type(problem), "Error")}
        if isinstance(problem, CreateError):
            told["error"] |= {"reason": problem.reason, "conditionMessage": problem.condition_message}
    return clients.ec2.take() | told


def _claim_told(launched: Launched) -> Entry:
    return {
        "labels": launched.labels,
        "annotations": launched.annotations,
        "providerID": launched.provider_id,
        "imageID": launched.image_id,
        "capacity": format_resources(launched.capacity),
        "allocatable": format_resources(launched.allocatable),
    }
