"""Our answer to a launch question: the provider's status of the NodeClass, its calls and its NodeClaims."""

from datetime import datetime
from time import perf_counter

from msgspec.structs import replace

from karptui.cloud.ec2.client import Account
from karptui.cloud.ec2.facts import TypeFacts, from_description
from karptui.cloud.ec2.market import Market
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched, NodeClassNotReady
from karptui.model.labels import ON_DEMAND
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.resources import format_resources, parse_resources
from karptui.model.taints import Taint
from karptui.report.conformance import Verdict
from tests.conformance.launch_comparison import PARTS, launch_difference
from tests.conformance.launch_corpus import launch_catalogue, launch_scenario
from tests.conformance.launch_fake import Entry, FakeClients

REGION = "us-east-1"
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


def market(scenario: Entry) -> Market:
    """The types, zones and prices that the question's EC2 knows."""
    catalogue = launch_catalogue()
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


def provider_of(scenario: Entry, clients: FakeClients) -> Ec2Provider:
    """The provider as the question's cluster configures it."""
    told = {"disableDryRun": True} | scenario["settings"]
    known: Entry = {SETTINGS[key]: "" if value is None else value for key, value in told.items() if key in SETTINGS}
    cluster = ClusterSettings(**known)
    now = datetime.fromisoformat(scenario["now"].replace("Z", "+00:00")).timestamp()
    provider = Ec2Provider(Account(REGION), cluster, now=lambda: now)
    provider.clients = clients  # pyright: ignore[reportAttributeAccessIssue]
    provider.use_market(market(scenario))
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


async def answered(scenario: Entry) -> Entry:
    """The answer in the shape of `expect`."""
    clients = FakeClients(scenario)
    provider = provider_of(scenario, clients)
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


async def judged_launch(name: str) -> Verdict:
    """Our answer to a question held against Karpenter's, with the seconds of status and launches together."""
    question = launch_scenario(name)
    begin = perf_counter()
    answer = await answered(question)
    seconds = perf_counter() - begin
    found = launch_difference(answer, question["expect"])
    level = len(PARTS) if found is None else list(PARTS).index(found[0])
    return Verdict(name, "launch", level, seconds, found)


async def _launch(provider: Ec2Provider, clients: FakeClients, asked: Entry, node_class: NodeClass) -> Entry:
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
