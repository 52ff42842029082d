"""The embedded cluster, as whoever starts it sees it: a process, a kubeconfig, a clock, and EC2's moods."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

from karptui.failure import Failure
from karptui.lab.child import ended
from karptui.lab.clock import Clock
from karptui.lab.kubeconfig import write_kubeconfig

START_SECONDS = 60.0
STOP_SECONDS = 5.0


class Lab:
    """Started with `start_lab`. `clock` keeps the cluster's time here too; `kubeconfig` lets kubectl in."""

    def __init__(
        self, process: asyncio.subprocess.Process, ready: dict[str, Any], folder: Path, kubeconfig: Path
    ) -> None:
        self.url: str = ready["url"]
        self.token: str = ready["token"]
        self.ec2: str = ready.get("ec2", "")
        self.queue: str = ready.get("queue", "")
        self.region: str = ready.get("region", "")
        self.kubeconfig = kubeconfig
        self.clock = Clock()
        self.clock.adopt(ready["clock"])
        self._process = process
        self._folder = folder
        self._errors: deque[str] = deque(maxlen=20)
        self._reading = asyncio.create_task(self._read_errors())

    async def set_speed(self, speed: float) -> None:
        """Let the cluster's time pass `speed` times as fast."""
        await self._tell({"speed": speed})

    async def pause(self, paused: bool = True) -> None:
        """Stop or start the cluster's time."""
        await self._tell({"paused": paused})

    async def interrupt(self, instance_id: str) -> None:
        """Let EC2 reclaim a spot instance: a warning now, the end two minutes later. Raises Failure."""
        await self._ec2("interrupt", instance_id=instance_id)

    async def set_capacity(
        self, instance_type: str | None, zone: str | None, capacity_type: str | None, left: int
    ) -> None:
        """Let EC2 have only `left` more instances of a pool (None: of every one). Raises Failure."""
        await self._ec2("capacity", instance_type=instance_type, zone=zone, capacity_type=capacity_type, left=left)

    async def wait(self) -> None:
        """Until the cluster's process ends."""
        await self._process.wait()

    @property
    def last_words(self) -> str:
        """What the process last said on stderr."""
        return self._errors[-1] if self._errors else ""

    async def stop(self) -> None:
        """End the cluster and remove its folder. Safe to call twice."""
        if self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.close()
            await ended(self._process, STOP_SECONDS)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self.kubeconfig.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    async def _tell(self, line: dict[str, Any]) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        await self._process.stdin.drain()
        self.clock.adopt(json.loads(await self._process.stdout.readline())["clock"])

    async def _ec2(self, what: str, **asked: Any) -> None:
        import aiohttp

        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{self.ec2}/lab/{what}", json=asked) as response,
            ):
                answer = await response.json()
        except aiohttp.ClientError as error:
            raise Failure(f"the lab's EC2 does not answer on {self.ec2}: {error}") from error
        if "error" in answer:
            raise Failure(answer["error"])

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._errors.append(line.decode(errors="replace").rstrip())


async def start_lab(
    *,
    seed: str = "talk",
    speed: float = 1.0,
    port: int = 0,
    api_only: bool = False,
    kubeconfig: Path | None = None,
    delays: dict[str, Any] | None = None,
) -> Lab:
    """Start the cluster's process and wait until it answers. Raises Failure."""
    settings = {"seed": seed, "speed": speed, "port": port, "api_only": api_only, "delays": delays or {}}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "karptui.lab.server",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # ctrl-c in the terminal is for us; it ends when its stdin does
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    try:
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        await process.stdin.drain()
        # Not `wait_for`, which in Python 3.11 loses a cancellation that comes with the answer.
        async with asyncio.timeout(START_SECONDS):
            ready = json.loads(await process.stdout.readline())
    except (TimeoutError, ValueError, OSError) as error:
        await ended(process)
        words = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        raise Failure(f"the embedded cluster did not start: {words[-1] if words else 'it said nothing'}") from error
    except asyncio.CancelledError:
        process.kill()
        raise
    folder = Path(tempfile.mkdtemp(prefix="karptui-lab-"))
    path = write_kubeconfig(kubeconfig or folder / "kubeconfig", url=ready["url"], token=ready["token"])
    return Lab(process, ready, folder, path)
