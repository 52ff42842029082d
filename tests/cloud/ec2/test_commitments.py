"""Reserved instances, capacity reservations and savings plans, as AWS' APIs tell them. moto has none of them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from aiohttp import web

from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.ec2.pricing.commitments import account_commitments
from karptui.model.commitment import Commitment

ENDS = "2027-01-01T00:00:00.000Z"
RESERVED = f"""<DescribeReservedInstancesResponse><requestId>1</requestId><reservedInstancesSet><item>
<reservedInstancesId>ri-1</reservedInstancesId><instanceType>m5.large</instanceType><duration>31536000</duration>
<fixedPrice>87.6</fixedPrice><usagePrice>0.0</usagePrice><instanceCount>4</instanceCount>
<productDescription>Linux/UNIX</productDescription><state>active</state><instanceTenancy>default</instanceTenancy>
<end>{ENDS}</end><recurringCharges><item><frequency>Hourly</frequency><amount>0.03</amount></item></recurringCharges>
</item><item><reservedInstancesId>ri-2</reservedInstancesId><instanceType>m5.large</instanceType>
<productDescription>Windows</productDescription><instanceTenancy>default</instanceTenancy></item>
</reservedInstancesSet></DescribeReservedInstancesResponse>"""
PLACES = """<DescribeCapacityReservationsResponse><requestId>1</requestId><capacityReservationSet><item>
<capacityReservationId>cr-1</capacityReservationId><instanceType>c5.large</instanceType>
<availabilityZone>us-east-1a</availabilityZone><totalInstanceCount>2</totalInstanceCount><state>active</state>
<reservationType>default</reservationType></item></capacityReservationSet></DescribeCapacityReservationsResponse>"""
DENIED = """<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized</Message></Error>
</Errors><RequestID>1</RequestID></Response>"""
PLAN = {
    "savingsPlanId": "sp-1",
    "savingsPlanType": "Compute",
    "commitment": "1.5",
    "state": "active",
    "end": ENDS,
}
OTHER_REGION = PLAN | {"savingsPlanType": "EC2Instance", "ec2InstanceFamily": "m5", "region": "eu-west-1"}
RATES = [
    {"rate": "0.066", "usageType": "BoxUsage:m5.large", "properties": [{"name": "instanceType", "value": "m5.large"}]},
    {"rate": "0.9", "usageType": "UnusedBox:m5.large", "properties": [{"name": "instanceType", "value": "m5.large"}]},
]


@asynccontextmanager
async def account(denied: tuple[str, ...] = ()) -> AsyncIterator[AwsClients]:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("DescribeSavingsPlans"):
            if "DescribeSavingsPlans" in denied:
                text = json.dumps({"message": "not allowed"})
                kind = {"x-amzn-ErrorType": "AccessDeniedException"}
                return web.Response(status=403, text=text, content_type="application/json", headers=kind)
            return web.json_response({"savingsPlans": [PLAN, OTHER_REGION]})
        if request.path.endswith("DescribeSavingsPlanRates"):
            page = (await request.json()).get("nextToken")
            return web.json_response(
                {"searchResults": RATES[1:]} if page else {"searchResults": RATES[:1], "nextToken": "2"}
            )
        action = parse_qs(await request.text())["Action"][0]
        if action in denied:
            return web.Response(status=403, text=DENIED, content_type="text/xml")
        return web.Response(text={"DescribeReservedInstances": RESERVED}.get(action, PLACES), content_type="text/xml")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    clients = AwsClients(Account("us-east-1", url, access_key_id="test", secret_access_key="test"))
    try:
        yield clients
    finally:
        await clients.close()
        await runner.cleanup()


async def test_what_is_paid_in_advance_is_read_from_the_account() -> None:
    async with account() as clients:
        found, unknown = await account_commitments(clients, "us-east-1")
    assert unknown == ()
    ends = 1798761600.0
    assert found == (
        Commitment(kind="reserved-instance", id="ri-1", hourly=0.04, instance_type="m5.large", count=4, ends=ends),
        Commitment(kind="capacity-reservation", id="cr-1", instance_type="c5.large", zone="us-east-1a", count=2),
        Commitment(kind="savings-plan", id="sp-1", hourly=1.5, rates={"m5.large": 0.066}, ends=ends),
    )


async def test_a_missing_right_hides_one_kind_and_is_told_in_a_sentence() -> None:
    async with account(("DescribeReservedInstances", "DescribeSavingsPlans")) as clients:
        found, unknown = await account_commitments(clients, "us-east-1")
    assert [entry.id for entry in found] == ["cr-1"]
    assert len(unknown) == 2
    assert unknown[0].startswith("reserved instances are not known: ") and "ec2:DescribeReservedInstances" in unknown[0]
    assert unknown[1].startswith("savings plans are not known: ") and "savingsplans:DescribeSavingsPlans" in unknown[1]
