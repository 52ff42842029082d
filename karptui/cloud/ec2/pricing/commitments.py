"""What the account has committed to pay for, as EC2 and Savings Plans tell it; each source for itself."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import CloudError
from karptui.model.commitment import Commitment

LINUX = ("Linux/UNIX", "Linux/UNIX (Amazon VPC)")
PLANS = {"Compute": "", "EC2Instance": "ec2InstanceFamily"}
"""Kinds of savings plans that cover nodes, and the field that narrows them."""
SHARED = ("default", "shared")


async def account_commitments(clients: AwsClients, region: str) -> tuple[tuple[Commitment, ...], tuple[str, ...]]:
    """All that are active, and a sentence for each kind that could not be asked for. Never raises a CloudError."""
    answers = await asyncio.gather(
        _asked("reserved instances", _reserved_instances(clients)),
        _asked("capacity reservations", _capacity_reservations(clients)),
        _asked("savings plans", _savings_plans(clients, region)),
    )
    found = tuple(entry for answer in answers if not isinstance(answer, str) for entry in answer)
    return found, tuple(answer for answer in answers if isinstance(answer, str))


async def _asked(what: str, question: Awaitable[list[Commitment]]) -> list[Commitment] | str:
    """The answer, or a sentence why there is none."""
    try:
        return await question
    except CloudError as error:
        return f"{what} are not known: {error}"


async def _reserved_instances(clients: AwsClients) -> list[Commitment]:
    ec2 = await clients.get("ec2")
    with calling("ec2", "DescribeReservedInstances"):
        answer = await ec2.describe_reserved_instances(Filters=[{"Name": "state", "Values": ["active"]}])
    return [
        Commitment(
            kind="reserved-instance",
            id=entry["ReservedInstancesId"],
            hourly=_hourly(entry),
            instance_type=entry["InstanceType"],
            zone=entry.get("AvailabilityZone") or "",
            count=entry.get("InstanceCount") or 1,
            ends=_seconds(entry.get("End")),
        )
        for entry in answer.get("ReservedInstances") or []
        if entry.get("ProductDescription") in LINUX and entry.get("InstanceTenancy", "default") in SHARED
    ]


def _hourly(entry: dict[str, Any]) -> float:
    """What an instance costs an hour: what was paid at first, spread over the term, and what is paid on."""
    term = float(entry.get("Duration") or 0) / 3600.0
    upfront = float(entry.get("FixedPrice") or 0) / term if term else 0.0
    recurring = sum(float(charge.get("Amount") or 0) for charge in entry.get("RecurringCharges") or [])
    return upfront + recurring + float(entry.get("UsagePrice") or 0)


async def _capacity_reservations(clients: AwsClients) -> list[Commitment]:
    ec2 = await clients.get("ec2")
    found: list[Commitment] = []
    with calling("ec2", "DescribeCapacityReservations"):
        paginator = ec2.get_paginator("describe_capacity_reservations")
        async for page in paginator.paginate(Filters=[{"Name": "state", "Values": ["active"]}]):
            for entry in page["CapacityReservations"]:
                # What a block costs is told only when it is bought: it is paid, and costs nothing more.
                block = entry.get("ReservationType") == "capacity-block"
                if entry.get("TotalInstanceCount"):
                    found.append(
                        Commitment(
                            kind="capacity-block" if block else "capacity-reservation",
                            id=entry["CapacityReservationId"],
                            instance_type=entry["InstanceType"],
                            zone=entry.get("AvailabilityZone") or "",
                            count=entry["TotalInstanceCount"],
                            ends=_seconds(entry.get("EndDate")),
                        )
                    )
    return found


async def _savings_plans(clients: AwsClients, region: str) -> list[Commitment]:
    plans = await clients.get("savingsplans")
    found: list[Commitment] = []
    asked: dict[str, Any] = {"states": ["active"]}
    while True:
        with calling("savingsplans", "DescribeSavingsPlans"):
            answer = await plans.describe_savings_plans(**asked)
        for entry in answer.get("savingsPlans") or []:
            field = PLANS.get(entry.get("savingsPlanType", ""))
            if field is None or (field and entry.get("region") != region):
                continue
            found.append(
                Commitment(
                    kind="savings-plan",
                    id=entry["savingsPlanId"],
                    hourly=float(entry["commitment"]),
                    family=entry.get(field, "") if field else "",
                    rates=await _rates(plans, entry["savingsPlanId"], region),
                    ends=_seconds(entry.get("end")),
                )
            )
        if not answer.get("nextToken"):
            return found
        asked["nextToken"] = answer["nextToken"]


async def _rates(plans: Any, plan: str, region: str) -> dict[str, float]:
    """USD an hour by instance type, for Linux on shared hardware."""
    filters = [
        {"name": "region", "values": [region]},
        {"name": "productDescription", "values": [LINUX[0]]},
        {"name": "tenancy", "values": ["shared"]},
        {"name": "productType", "values": ["EC2"]},
    ]
    asked: dict[str, Any] = {"savingsPlanId": plan, "filters": filters, "maxResults": 1000}
    found: dict[str, float] = {}
    while True:
        with calling("savingsplans", "DescribeSavingsPlanRates"):
            answer = await plans.describe_savings_plan_rates(**asked)
        for entry in answer.get("searchResults") or []:
            told = {item.get("name"): item.get("value") for item in entry.get("properties") or []}
            # Usage of a place that is reserved and empty has a rate of its own.
            if told.get("instanceType") and "BoxUsage" in entry.get("usageType", "BoxUsage"):
                found[told["instanceType"]] = float(entry["rate"])
        if not answer.get("nextToken"):
            return found
        asked["nextToken"] = answer["nextToken"]


def _seconds(told: datetime | str | None) -> float | None:
    if isinstance(told, str):
        told = datetime.fromisoformat(told.replace("Z", "+00:00"))
    return told.timestamp() if told is not None else None
