"""The embedded cluster's own process: API server, controllers and kubelets, with EC2 in a process beside.

`python -m karptui.lab.server`: the first line on stdin is its settings as JSON; when everything answers it prints one
JSON line. Later lines on stdin set the clock: {"speed": 4} or {"paused": true}. It ends when stdin does, so it never
outlives whoever started it.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from karptui.failure import Failure
from karptui.lab.clock import Clock
from karptui.lab.ec2.process import Ec2Lab, start_ec2
from karptui.lab.manifests import CLUSTER

if TYPE_CHECKING:
    from karptui.lab.apiserver.server import ApiServer


async def serve(settings: dict[str, Any], lines: asyncio.Queue[str | None]) -> None:
    """Run until stdin ends. `settings`: seed, speed, port, api_only."""
    clock = Clock(speed=settings.get("speed", 1.0))
    token = secrets.token_urlsafe(24)
    starting: asyncio.Task[Ec2Lab] | None = None
    if not settings.get("api_only"):
        starting = asyncio.create_task(start_ec2(seed=settings["seed"], cluster=CLUSTER, clock=clock))
        await asyncio.sleep(0.05)  # EC2 loads in its process while the imports below hold this one
    from karptui.lab.apiserver.server import ApiServer
    from karptui.lab.cluster.cluster import Cluster
    from karptui.lab.cluster.delays import Delays
    from karptui.lab.ec2.feed import Ec2Instances

    server = ApiServer(token=token, clock=clock)
    ec2: Ec2Lab | None = None
    machinery: asyncio.Task[None] | None = None
    try:
        url = f"http://127.0.0.1:{await _listen(server, settings.get('port', 0))}"
        ready: dict[str, Any] = {"url": url, "token": token}
        if starting is not None:
            ec2 = await starting
            feed = Ec2Instances(ec2.endpoint, ec2.region)
            profile = Delays(**settings.get("delays", {}))
            cluster = Cluster(url, token, clock, seed=settings["seed"], feed=feed, profile=profile)
            machinery = asyncio.create_task(cluster.run())
            ready |= {"ec2": ec2.endpoint, "queue": ec2.queue_name, "region": ec2.region}
        print(json.dumps(ready | {"clock": clock.state()}), flush=True)
        await _obey(lines, clock, ec2, machinery)
    finally:
        if machinery is not None:
            machinery.cancel()
            await asyncio.gather(machinery, return_exceptions=True)
        if starting is not None and ec2 is None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        if ec2 is not None:
            await ec2.stop()
        await server.stop()


async def _listen(server: "ApiServer", port: int) -> int:
    try:
        return await server.start(port=port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise Failure(f"port {port} cannot be used: {why}; choose another one") from error


async def _obey(
    lines: asyncio.Queue[str | None], clock: Clock, ec2: Ec2Lab | None, machinery: asyncio.Task[None] | None
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
            await ec2.set_clock(clock)
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
