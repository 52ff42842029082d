"""What is sent to EC2 for a NodeClaim, against recorded answers of Karpenter's AWS provider v1.14.1.

data/launches.jsonl.z (zlib) holds the types first, then one scenario a line: those whose features the provider models.
Left out: AMI families other than AL2023 and Custom, capacity reservations, placement groups, networkInterfaces, nested
virtualisation, IPv6, dry runs, overlays, minValuesPolicy BestEffort, user data that only Karpenter's parser refuses,
and launches in which Karpenter makes templates or splits groups that the request does not need.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from karptui.cloud.ec2.client import Account
from karptui.cloud.ec2.facts import TypeFacts, from_description
from karptui.cloud.ec2.market import Market
from karptui.cloud.ec2.provider import Ec2Provider
from karptui.cloud.ec2.settings import ClusterSettings
from karptui.cloud.provider import CloudError, CreateError, InsufficientCapacity, Launched, NodeClassNotReady
from karptui.model.labels import ON_DEMAND
from karptui.model.metadata import Condition, Metadata
from karptui.model.node import NodeClaim, RequirementSpec
from karptui.model.nodepool import NodeClass
from karptui.model.resources import format_resources, parse_resources
from karptui.model.taints import Taint
from tests.cloud.ec2.fake_ec2 import Entry, FakeClients, overrides

LINES = zlib.decompress((Path(__file__).parent / "data" / "launches.jsonl.z").read_bytes()).splitlines()
CATALOGUE: Entry = json.loads(LINES[0])
SCENARIOS: list[Entry] = [json.loads(line) for line in LINES[1:]]
REGION = "us-east-1"
CLASSES: dict[type[CloudError], str] = {
    InsufficientCapacity: "InsufficientCapacityError",
    NodeClassNotReady: "NodeClassNotReadyError",
    CreateError: "CreateError",
}


def market(scenario: Entry) -> Market:
    wanted = scenario.get("instanceTypes")
    facts: list[TypeFacts] = []
    for entry in CATALOGUE["instanceTypes"]:
        name = entry["InstanceType"]
        if wanted is None or name in wanted:
            zones = {REGION: "".join(zone[-1] for zone in CATALOGUE["offerings"][name])}
            price = CATALOGUE["onDemandPrices"].get(name)
            facts.append(replace(from_description(entry), on_demand=price, offered=zones))

    def price_of(capacity_type: str, entry: TypeFacts, zone: str) -> float | None:
        # A spot price that was never read is the on-demand price.
        if capacity_type == ON_DEMAND or scenario.get("spotPrices") is False:
            return entry.on_demand
        return CATALOGUE["spotPrices"].get(entry.name, {}).get(zone)

    return Market(REGION, tuple(facts), price_of, "scenario", 0.0, False, tuple(CATALOGUE["zoneIDs"]))


def provider_of(scenario: Entry) -> Ec2Provider:
    told = scenario["settings"]
    cluster = ClusterSettings(
        told["clusterName"],
        told["clusterEndpoint"],
        told["clusterCABundle"] or "",
        told["clusterDNS"] or "",
        told["serviceCIDR"] or "",
        told["kubernetesVersion"],
    )
    provider = Ec2Provider(Account(REGION), cluster, now=lambda: 1_767_268_800.0)
    provider.use_market(market(scenario))
    for pool in scenario.get("unavailable", []):
        provider.unavailable.mark(pool["capacityType"], pool["instanceType"], pool["zone"])
    return provider


def claim_of(entry: Entry) -> NodeClaim:
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


def content(template: Entry) -> Entry:
    """A template without its name and tags of its own; user data as text."""
    data = dict(template["LaunchTemplateData"])
    text: str = data.get("UserData", "")
    if text and not text.startswith(("MIME-Version", "#", "<")):
        try:
            data["UserData"] = base64.b64decode(text, validate=True).decode()
        except ValueError:
            pass
    # How YAML quotes and where lines are empty mean nothing to whoever reads it.
    told = [line.replace("'", '"') for line in data.pop("UserData", "").splitlines() if line]
    if told:
        data["UserData"] = told
    return data


def sent(fleets: list[Entry], templates: list[Entry]) -> dict[str, Any]:
    """What matters of the calls: overrides, which types share a template, options, and what templates hold."""
    return {
        "overrides": [overrides(fleet) for fleet in fleets],
        "shared": [
            sorted(
                sorted({o["InstanceType"] for o in config["Overrides"]}) for config in fleet["LaunchTemplateConfigs"]
            )
            for fleet in fleets
        ],
        "options": [
            {
                key: fleet.get(key)
                for key in ("TargetCapacitySpecification", "SpotOptions", "OnDemandOptions", "Context")
            }
            for fleet in fleets
        ],
        "templates": sorted(json.dumps(content(template), sort_keys=True) for template in templates),
    }


def outcome(launched: Launched) -> dict[str, Any]:
    return {
        "labels": launched.labels,
        "providerID": launched.provider_id,
        "imageID": launched.image_id,
        "capacity": parse_resources(format_resources(launched.capacity)),
        "allocatable": parse_resources(format_resources(launched.allocatable)),
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario["name"] for scenario in SCENARIOS])
async def test_a_launch_is_what_karpenters_provider_sends(scenario: Entry) -> None:
    provider, clients = provider_of(scenario), FakeClients(scenario)
    provider.clients = clients  # pyright: ignore[reportAttributeAccessIssue]
    own, expected = scenario["nodeClass"], scenario["expect"]
    node_class = NodeClass(
        Metadata(own["metadata"]["name"], uid=own["metadata"]["uid"], generation=1),
        "EC2NodeClass",
        own["spec"],
        own.get("status", {}),
    )
    found = await provider.node_class_status(node_class)
    for key in ("subnets", "securityGroups", "amis"):
        assert [entry["id"] for entry in found.status[key]] == [  # pyright: ignore
            entry["id"] for entry in expected["nodeClass"].get(key) or []
        ]
    ready = Condition("Ready", "True" if found.ready else "False", observed_generation=1)
    node_class = replace(node_class, status=dict(found.status), conditions=(*found.conditions, ready))
    for asked, answer in zip(scenario["nodeClaims"], expected["launches"], strict=True):
        clients.ec2.fleets, clients.ec2.templates = [], []
        told: dict[str, Any] = {}
        try:
            told["nodeClaim"] = outcome(await provider.create(claim_of(asked), node_class))
        except CloudError as problem:
            told["error"] = CLASSES[type(problem)]
            told["reason"] = getattr(problem, "reason", None)
        wanted: dict[str, Any] = {}
        if "error" in answer:
            wanted = {"error": answer["error"]["class"], "reason": answer["error"].get("reason")}
        else:
            claim = answer["nodeClaim"]
            amounts = {key: parse_resources(claim[key]) for key in ("capacity", "allocatable")}
            wanted["nodeClaim"] = {key: claim[key] for key in ("labels", "providerID", "imageID")} | amounts
        assert told == wanted
        assert sent(clients.ec2.fleets, clients.ec2.templates) == sent(
            answer["createFleet"], answer["createLaunchTemplate"]
        )
