"""The embedded cluster's own process: API server, controllers and kubelets, with EC2 in a process beside.

`python -m karptui.lab.server`: the first line on stdin is its settings as JSON; when the API server answers it prints
one JSON line; what is asked of EC2 before that is there waits for it. Later lines on stdin set the clock: {"speed": 4}
or {"paused": true}. It ends when stdin does, so it never outlives whoever started it.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

from karptui.failure import Failure
from karptui.lab.clock import Clock
from karptui.lab.ec2.process import DEFAULT_REGION, Ec2Lab, start_ec2
from karptui.lab.manifests import CLUSTER

if TYPE_CHECKING:
    from karptui.lab.apiserver.server import ApiServer


async def serve(settings: dict[str, Any], lines: asyncio.Queue[str | None]) -> None:
    """Run until stdin ends. `settings`: seed, speed, port, api_only."""
    from karptui.lab.apiserver.server import ApiServer

    clock = Clock(speed=settings.get("speed", 1.0))
    token = secrets.token_urlsafe(24)
    server = ApiServer(token=token, clock=clock)
    ec2: asyncio.Task[Ec2Lab] | None = None
    machinery: asyncio.Task[None] | None = None
    try:
        url = f"http://127.0.0.1:{await _listen(server, settings.get('port', 0))}"
        ready: dict[str, Any] = {"url": url, "token": token}
        if not settings.get("api_only"):
            listener = socket.create_server(("127.0.0.1", 0))
            endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
            ec2 = asyncio.create_task(start_ec2(seed=settings["seed"], cluster=CLUSTER, clock=clock, listener=listener))
            ready |= {"ec2": endpoint, "queue": CLUSTER, "region": DEFAULT_REGION}
            await asyncio.sleep(0.05)  # EC2 loads in its process while the imports of the machinery hold this one
            machinery = asyncio.create_task(_run_cluster(settings, url, token, clock, endpoint, ec2))
        print(json.dumps(ready | {"clock": clock.state()}), flush=True)
        await _obey(lines, clock, ec2, machinery)
    finally:
        if machinery is not None:
            machinery.cancel()
            await asyncio.gather(machinery, return_exceptions=True)
        if ec2 is not None:
            ec2.cancel()
            for made in await asyncio.gather(ec2, return_exceptions=True):
                if isinstance(made, Ec2Lab):
                    await made.stop()
        await server.stop()


async def _run_cluster(
    settings: dict[str, Any], url: str, token: str, clock: Clock, endpoint: str, ec2: asyncio.Task[Ec2Lab]
) -> None:
    """Controllers, scheduler and kubelets; what EC2 has at `endpoint` becomes nodes as soon as it answers."""
    from karptui.lab.cluster.cluster import Cluster
    from karptui.lab.cluster.delays import Delays
    from karptui.lab.ec2.feed import Ec2Instances

    profile = Delays(**settings.get("delays", {}))
    feed = Ec2Instances(endpoint, DEFAULT_REGION)
    cluster = Cluster(url, token, clock, seed=settings["seed"], feed=feed, profile=profile)
    running = asyncio.ensure_future(cluster.run())
    try:
        await asyncio.wait((running, ec2), return_when=asyncio.FIRST_COMPLETED)
        if ec2.done():
            await ec2  # raises why it did not start
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _listen(server: "ApiServer", port: int) -> int:
    try:
        return await server.start(port=port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise Failure(f"port {port} cannot be used: {why}; choose another one") from error


async def _obey(
    lines: asyncio.Queue[str | None],
    clock: Clock,
    ec2: asyncio.Task[Ec2Lab] | None,
    machinery: asyncio.Task[None] | None,
) -> None:
    while True:
        reading = asyncio.ensure_future(lines.get())
        await asyncio.wait({reading, *([machinery] if machinery else [])}, return_when=asyncio.FIRST_COMPLETED)
        if machinery is not None and machinery.done():
            reading.cancel()
            await machinery  # raises what ended it
            return
        line = await reading
        if line is None:
            return
        wanted = json.loads(line)
        if "speed" in wanted:
            clock.set_speed(wanted["speed"])
        if "paused" in wanted:
            (clock.pause if wanted["paused"] else clock.resume)()
        if ec2 is not None:
            await (await ec2).set_clock(clock)
        print(json.dumps({"clock": clock.state()}), flush=True)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    settings = json.loads(await loop.run_in_executor(None, sys.stdin.readline))

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    # Not one of the loop's threads: those are waited for at the end, and a read cannot be called off.
    threading.Thread(target=read, daemon=True).start()
    loop.add_signal_handler(signal.SIGTERM, lines.put_nowait, None)
    await serve(settings, lines)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c is for whoever started us; we end when our stdin does
    try:
        asyncio.run(_main())
    except Failure as failure:
        sys.exit(str(failure))
    except BrokenPipeError:
        pass
