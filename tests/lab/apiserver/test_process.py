"""The API server as a process: it starts, keeps lab time, and never outlives its parent."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
import yaml

from karptui.lab.apiserver.process import ApiServerFailed, start_api_server
from karptui.lab.clock import Clock
from tests.control_plane.client import RequestRefused
from tests.lab.apiserver.api import LIMIT_SECONDS, client_at


async def test_it_writes_a_kubeconfig_only_its_owner_can_read_and_cleans_up() -> None:
    server = await start_api_server()
    config = yaml.safe_load(server.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"].startswith(server.url)
    assert config["users"][0]["user"]["token"] == server.token
    assert server.kubeconfig.stat().st_mode & 0o077 == 0
    await server.stop()
    assert server.process.returncode == 0
    assert not server.kubeconfig.exists()
    await server.stop()


async def test_it_keeps_the_time_of_the_lab(tmp_path: Path) -> None:
    clock = Clock(start=1_000_000_000.0)
    clock.pause()
    server = await start_api_server(folder=tmp_path, clock=clock)
    try:
        async with client_at(server.url, server.token) as client:
            namespace = await client.get("/api/v1/namespaces/default")
            assert namespace["metadata"]["creationTimestamp"] == "2001-09-09T01:46:40Z"
            clock.adopt({**clock.state(), "lab": 1_000_000_060.0})
            await server.set_clock(clock.state())
            made = await client.create("/api/v1/namespaces", {"metadata": {"name": "later"}})
            assert made["metadata"]["creationTimestamp"] == "2001-09-09T01:47:40Z"
            await server.inject({"throttle": 1})
            with pytest.raises(RequestRefused, match="429"):
                await client.get("/api/v1/nodes")
    finally:
        await server.stop()


async def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'karptui.lab.apiserver', '--token-file', sys.argv[1]],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode().strip(), flush=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path / "token"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    ready = json.loads(await asyncio.wait_for(parent.stdout.readline(), LIMIT_SECONDS))
    child = int(await parent.stdout.readline())
    reader, writer = await asyncio.open_connection("127.0.0.1", ready["port"])
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    assert await asyncio.wait_for(reader.read(), LIMIT_SECONDS) == b""  # the child closed the connection: it ended
    writer.close()
    async with asyncio.timeout(LIMIT_SECONDS):
        while _runs(child):
            await asyncio.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


async def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    first = await start_api_server(folder=tmp_path / "one")
    try:
        with pytest.raises(ApiServerFailed, match=f"port {first.port} cannot be used"):
            await start_api_server(folder=tmp_path / "two", port=first.port)
    finally:
        await first.stop()
