"""EC2 for the lab, as whoever starts it sees it: a process of its own and the calls that steer it."""

import asyncio
import json
import socket
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

from karptui.cloud.ec2.api.client import Account
from karptui.failure import Failure
from karptui.lab.child import ended
from karptui.lab.clock import Clock

START_SECONDS = 30.0
STOP_SECONDS = 3.0
CALL_SECONDS = 10.0
DEFAULT_REGION = "us-east-1"


class Ec2LabError(Failure):
    """The lab's EC2 did not start or refused a call; the message is one sentence."""


class Ec2Lab:
    """A running EC2. `endpoint` is for every AWS service; `subnets` by zone."""

    def __init__(self, process: asyncio.subprocess.Process, made: dict[str, Any], region: str, cluster: str) -> None:
        import aiohttp

        self.region = region
        self.cluster = cluster
        self.endpoint: str = made["endpoint"]
        self.queue_url: str = made["queue_url"]
        self.queue_name: str = made["queue"]
        self.subnets: dict[str, str] = made["subnets"]
        self.security_group: str = made["security_group"]
        self.role: str = made["role"]
        self.instance_profile: str = made["instance_profile"]
        self._process = process
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS))
        self._errors: deque[str] = deque(maxlen=20)
        self._drain = asyncio.create_task(self._read_errors())

    def account(self) -> Account:
        """How a provider calls this EC2. Any credentials would do, but without some a client does not call."""
        return Account(self.region, self.endpoint, access_key_id="lab", secret_access_key="lab")

    async def set_capacity(
        self,
        instance_type: str | None = None,
        zone: str | None = None,
        capacity_type: str | None = None,
        *,
        left: int | None = 0,
        code: str = "",
        message: str = "",
    ) -> None:
        """Let the pools that match run out once `left` more instances were taken from them; None fills them again.

        What is not given matches every pool; with nothing given and `left` None all shortages end.
        """
        await self._call(
            "capacity",
            instance_type=instance_type,
            zone=zone,
            capacity_type=capacity_type,
            left=left,
            code=code,
            message=message,
        )

    async def interrupt(self, instance_id: str, kind: str = "spot") -> None:
        """Tell the queue that an instance will go: spot (it ends 120 lab seconds later), rebalance, scheduled-change,
        or stop. Raises Ec2LabError where that instance cannot be interrupted so."""
        await self._call("interrupt", instance_id=instance_id, kind=kind)

    async def fail(self, action: str, code: str, message: str, times: int = 1) -> None:
        """Let the next calls of an EC2 action fail with an error code ("CreateFleet", "RequestLimitExceeded" ...)."""
        await self._call("fault", action=action, code=code, message=message, times=times)

    async def set_clock(self, clock: Clock) -> None:
        """Keep this clock's time; call it again after the clock's speed changed or it was paused."""
        await self._call("clock", state=dict(clock.state()))

    async def stop(self) -> None:
        """End the process. Safe to call twice."""
        await self._session.close()
        if self._process.returncode is None:
            if self._process.stdin is not None:
                self._process.stdin.close()
            await ended(self._process, STOP_SECONDS)
        self._drain.cancel()
        await asyncio.gather(self._drain, return_exceptions=True)

    async def _call(self, what: str, **asked: Any) -> dict[str, Any]:
        import aiohttp

        try:
            async with self._session.post(f"{self.endpoint}/lab/{what}", json=asked) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise Ec2LabError(f"the lab's EC2 does not answer on {self.endpoint}: {problem}") from problem
        if "error" in answer:
            raise Ec2LabError(answer["error"])
        return answer

    async def _read_errors(self) -> None:
        # Whatever the server prints must be read, or it stops once the pipe is full.
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._errors.append(line.decode(errors="replace").rstrip())


async def start_ec2(
    *,
    region: str = DEFAULT_REGION,
    zones: Sequence[str] = (),
    seed: str = "talk",
    cluster: str = "lab",
    kubernetes: str = "1.35",
    clock: Clock | None = None,
    listener: socket.socket | None = None,
) -> Ec2Lab:
    """Start EC2, SQS, SSM and IAM on loopback with a cluster's subnets, group, images, role and queue in them.

    `zones` are the region's first four if none are given; the seed decides prices, pools and ids, and is the shipped
    catalogue's. `listener` is a socket that listens already, for callers that want the address before anything answers
    there; it is closed here. The process ends with this one. Raises Ec2LabError.
    """
    settings = {
        "region": region,
        "zones": list(zones) or [f"{region}{letter}" for letter in "abcd"],
        "seed": seed,
        "cluster": cluster,
        "kubernetes": kubernetes,
        "clock": dict(clock.state()) if clock else None,
        "listener": listener.fileno() if listener else None,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "karptui.lab.ec2.server",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl-c in the terminal is for whoever started us; we end when our stdin does.
        start_new_session=True,
        pass_fds=(listener.fileno(),) if listener else (),
    )
    if listener is not None:
        listener.close()  # or calls would wait in it when that process has died
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        made = json.loads(line)
    except (TimeoutError, ValueError, OSError) as problem:
        raise Ec2LabError(await _why_not(process)) from problem
    except asyncio.CancelledError:
        process.kill()
        raise
    return Ec2Lab(process, made, region, cluster)


async def _why_not(process: asyncio.subprocess.Process) -> str:
    await ended(process)
    assert process.stderr is not None
    lines = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
    return f"the lab's EC2 did not start: {lines[-1] if lines else f'no answer in {START_SECONDS:.0f} s'}"
