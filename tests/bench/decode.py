"""List and watch of 20,000 pods: connection, reflector, decode and World, from a server in another process."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.bench.pods import encoded, pages

PODS = 20_000
PAGE = 500
TARGETS = {"list": 2.0, "rss": 300.0, "watch": 15_000.0}


async def _serve() -> None:
    """Pages of pods, then a watch that says MODIFIED of each pod once and stays open; prints its port when ready."""
    pods = encoded(PODS)
    listed = pages(pods, PAGE)
    for number in range(len(listed) - 1):
        head = f'"metadata":{{"continue":"{number + 1}",'.encode()
        listed[number] = listed[number].replace(b'"metadata":{', head, 1)
    changed = [pod.replace(b'"resourceVersion":"', b'"resourceVersion":"9', 1) for pod in pods]
    stream = [b'{"type":"MODIFIED","object":' + pod + b"}\n" for pod in changed]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
            if "watch" in query:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
                for start in range(0, len(stream), 50):
                    writer.write(b"".join(stream[start : start + 50]))
                    await writer.drain()
                continue
            body = listed[int(query.get("continue", ["0"])[0])]
            length = str(len(body)).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + length + b"\r\n\r\n"
            )
            writer.write(body)
            await writer.drain()

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handled, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], sum(map(len, pods)) // PODS, flush=True)
    await server.serve_forever()


@asynccontextmanager
async def _server() -> AsyncIterator[tuple[str, int]]:
    """(URL, bytes a pod) of the server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.decode", "serve", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port, size = (await process.stdout.readline()).split()
        yield f"http://127.0.0.1:{int(port)}", int(size)
    finally:
        process.kill()
        await process.wait()


def _rss() -> float:
    """Peak resident memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _lateness(late: list[tuple[float, float]]) -> None:
    """How late every turn came, by the clock and by what this process itself did meanwhile."""
    while True:
        begun, used = time.perf_counter(), time.process_time()
        await asyncio.sleep(0.005)
        late.append((time.perf_counter() - begun - 0.005, time.process_time() - used - 0.005))


async def _settle() -> None:
    """As every run does until it has read the cluster."""
    from karptui.kube.garbage import set_aside

    while True:
        await asyncio.sleep(0.1)
        set_aside()


def _worst(late: list[tuple[float, float]]) -> str:
    clock, own = (sorted(column) for column in zip(*late, strict=True))
    place = int(len(late) * 0.99)
    return (
        f"p99 {clock[place] * 1000:.0f} ms, max {clock[-1] * 1000:.0f} ms; "
        f"by its own work p99 {own[place] * 1000:.0f} ms, max {own[-1] * 1000:.0f} ms"
    )


async def _measure(url: str) -> dict[str, float | str]:
    from karptui.kube.connect import connect
    from karptui.kube.decode import RESOURCES
    from karptui.kube.garbage import quiet_collection, set_aside
    from karptui.kube.reflector import Reflector
    from karptui.world.events import Change, Event, ObjectSeen
    from karptui.world.world import World

    quiet_collection()
    seen: dict[Change, int] = dict.fromkeys(Change, 0)
    everything, world = asyncio.Event(), World()

    def sink(event: Event) -> None:
        world.apply(event)
        if isinstance(event, ObjectSeen):
            seen[event.change] += 1
            if seen[Change.MODIFIED] == PODS:
                everything.set()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        config = {
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": {"server": url}}],
            "users": [{"name": "bench", "user": {"token": "t"}}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        }
        path.write_text(yaml.safe_dump(config))
        async with connect(str(path)) as connection:
            reflector = Reflector(connection, RESOURCES["pods"], sink)
            base, late = _rss(), list[tuple[float, float]]()
            ticking = asyncio.create_task(_lateness(late))
            settling = asyncio.create_task(_settle())
            begun, used = time.perf_counter(), time.process_time()
            await reflector.read()
            listing, listing_late = time.perf_counter() - begun, _worst(late)
            listing_used = time.process_time() - used
            settling.cancel()
            set_aside()
            world.dirty.clear()
            late.clear()
            begun, used = time.perf_counter(), time.process_time()
            watching = asyncio.create_task(reflector.run())
            await everything.wait()
            watch, watch_used = time.perf_counter() - begun, time.process_time() - used
            watching.cancel()
            ticking.cancel()
            return {
                "base": base,
                "rss": _rss(),
                "list": listing,
                "list_used": listing_used,
                "list_late": listing_late,
                "watch": PODS / watch,
                "watch_used": watch_used,
                "watch_late": _worst(late),
                "listed": seen[Change.ADDED],
            }


def main() -> None:
    """Print what a list and a watch of 20,000 pods cost."""

    async def run() -> None:
        async with _server() as (url, size):
            # A process of its own, so that the peak is that of reading alone.
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.decode", url, stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            found = json.loads(output)
        print(f"kube: {found['listed']:,} pods of {size:,} bytes, over loopback HTTP, pages of {PAGE}")
        listed, watched = (found[name] / PODS * 1e6 for name in ("list_used", "watch_used"))
        print(
            f"  list   {found['list']:6.2f} s         {listed:3.0f} us of CPU a pod    target {TARGETS['list']:.0f} s"
        )
        print(f"         loop late {found['list_late']}")
        rate = f"{found['watch']:6,.0f} events/s"
        print(f"  watch  {rate}  {watched:3.0f} us of CPU an event  target {TARGETS['watch']:,.0f}")
        print(f"         loop late {found['watch_late']}")
        print(f"  RSS    {found['rss']:6.0f} MiB peak ({found['base']:.0f} before)   target {TARGETS['rss']:.0f} MiB")

    asyncio.run(run())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(_serve())
        case [url]:
            print(json.dumps(asyncio.run(_measure(url))))
        case _:
            main()
