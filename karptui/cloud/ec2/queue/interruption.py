"""The interruption queue: messages of EC2 and AWS Health, read by long poll (the spec's 5).

Reading a message hides it from every other reader: only who acts on it may read the queue.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from karptui.cloud.ec2.api.client import LONG_POLL_SECONDS, AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import CloudError, Interruption, NotFound, Throttled, Unreachable
from karptui.cloud.together import Together

BATCH = 10
VISIBILITY_SECONDS = 20
"""A message that is not acknowledged comes again after this long."""

SPOT_NOTICE = 120.0
"""Seconds between a spot interruption's warning and the instance's end."""

RETRY_SECONDS = 5.0

SPOT_INTERRUPTED = "spot_interrupted"
REBALANCE = "rebalance_recommendation"
SCHEDULED_CHANGE = "scheduled_change"
STOPPED = "instance_stopped"
TERMINATED = "instance_terminated"
UNHEALTHY = "instance_unhealthy"
RESERVATION_INTERRUPTED = "capacity_reservation_interrupted"

_STATES = {"stopping": STOPPED, "stopped": STOPPED, "shutting-down": TERMINATED, "terminated": TERMINATED}


def parse(body: str, receipt: str = "") -> Interruption | None:
    """The message of an EventBridge event, None where it is not one about an instance that goes."""
    try:
        event = json.loads(body)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("version") != "0":
        return None
    detail = event.get("detail")
    if not isinstance(detail, dict):
        return None
    at = _time(event.get("time"))
    match event.get("source"), event.get("detail-type"):
        case "aws.ec2", "EC2 Spot Instance Interruption Warning":
            return _about(SPOT_INTERRUPTED, detail, at, receipt, deadline=at + SPOT_NOTICE if at else None)
        case "aws.ec2", "EC2 Instance Rebalance Recommendation":
            return _about(REBALANCE, detail, at, receipt, disrupts=False)
        case "aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning":
            return _about(RESERVATION_INTERRUPTED, detail, at, receipt)
        case "aws.ec2", "EC2 Instance State-change Notification":
            kind = _STATES.get(str(detail.get("state")))
            return _about(kind, detail, at, receipt) if kind else None
        case "aws.health", "AWS Health Event":
            return _health(detail, at, receipt)
        case _:
            return None


def _about(kind: str, detail: dict[str, Any], at: float, receipt: str, **more: Any) -> Interruption | None:
    instance = detail.get("instance-id")
    if not isinstance(instance, str) or not instance:
        return None
    return Interruption(kind, (instance,), at, receipt=receipt, **more)


def _health(detail: dict[str, Any], at: float, receipt: str) -> Interruption | None:
    if detail.get("service") != "EC2" or detail.get("eventTypeCategory") != "scheduledChange":
        return None
    entities = detail.get("affectedEntities")
    if not isinstance(entities, list):
        return None
    found = [entity.get("entityValue") for entity in entities if isinstance(entity, dict)]
    instances = tuple(value for value in found if isinstance(value, str) and value)
    return Interruption(SCHEDULED_CHANGE, instances, at, receipt=receipt) if instances else None


def _time(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


@asynccontextmanager
async def merged(sources: Iterable[AsyncIterator[Interruption]]) -> AsyncIterator[AsyncIterator[Interruption]]:
    """Messages of several sources as they come; what one of them raises is raised, an end ends all."""
    found: asyncio.Queue[Interruption] = asyncio.Queue()

    async def read(source: AsyncIterator[Interruption]) -> None:
        async for message in source:
            found.put_nowait(message)
            await found.join()  # the next one is taken when this one has been acted on

    async def messages() -> AsyncIterator[Interruption]:
        while True:
            taking = asyncio.ensure_future(found.get())
            try:
                await asyncio.wait((taking, *reading), return_when=asyncio.FIRST_COMPLETED)
                if not taking.done():
                    for task in reading:
                        if task.done():
                            await task
                            return
                yield await taking
                found.task_done()
            finally:
                taking.cancel()

    reading = [asyncio.ensure_future(read(source)) for source in sources]
    try:
        yield messages()
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


class InterruptionQueue:
    """One queue, by name."""

    def __init__(self, clients: AwsClients, name: str) -> None:
        self._clients = clients
        self._name = name
        self._url = ""
        self._deleting = Together(self._delete, BATCH)

    async def messages(self) -> AsyncIterator[Interruption]:
        """Messages as they come, until cancelled. What is none of ours is deleted.

        A lost connection or throttling is waited out, since the queue keeps its messages; other failures are raised.
        """
        while True:
            try:
                received = await self._receive()
            except (Throttled, Unreachable):
                await asyncio.sleep(RETRY_SECONDS)
                continue
            read = [
                (entry["ReceiptHandle"], parse(entry.get("Body", ""), entry["ReceiptHandle"])) for entry in received
            ]
            if foreign := [receipt for receipt, message in read if message is None]:
                await self._delete(foreign)
            for _, message in read:
                if message is not None:
                    yield message

    async def acknowledge(self, receipt: str) -> None:
        """The message must not come again. Raises CloudError."""
        if not await self._deleting.get(receipt):
            raise CloudError(f"queue {self._name} did not delete a message, which comes again: see its status in AWS")

    async def stop(self) -> None:
        """Delete nothing more; who still waits for that gets a CloudError."""
        await self._deleting.stop()

    async def _receive(self) -> list[dict[str, Any]]:
        sqs = await self._clients.get("sqs")
        with calling("sqs", "ReceiveMessage"):
            answer = await sqs.receive_message(
                QueueUrl=await self._queue_url(),
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=VISIBILITY_SECONDS,
                WaitTimeSeconds=LONG_POLL_SECONDS,
            )
        return answer.get("Messages") or []

    async def _delete(self, receipts: list[str]) -> dict[str, bool]:
        """Whether each of at most ten messages is deleted."""
        sqs = await self._clients.get("sqs")
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        with calling("sqs", "DeleteMessage"):  # the right that the batch needs as well
            answer = await sqs.delete_message_batch(QueueUrl=await self._queue_url(), Entries=entries)
        return {receipts[int(entry["Id"])]: True for entry in answer.get("Successful") or ()}

    async def _queue_url(self) -> str:
        if not self._url:
            self._url = await queue_url(self._clients, self._name)
        return self._url


async def queue_url(clients: AwsClients, name: str) -> str:
    """Where the queue of this name answers. Raises CloudError; NotFound says what to do."""
    sqs = await clients.get("sqs")
    try:
        with calling("sqs", "GetQueueUrl"):
            return (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
    except NotFound as error:
        raise NotFound(f"there is no SQS queue {name} in this account and region: see --queue and --region") from error
