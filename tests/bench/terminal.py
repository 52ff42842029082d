"""What the whole program costs in a real terminal beside a large cluster: a process of its own on a pty of 120x36.

CPU and memory are those of its process; the API server it watches is this one and costs it nothing.
BENCH_MINUTES=10 asks whether memory stays flat over that time instead.
"""

import asyncio
import os
import signal
import statistics
import struct
import sys
import tempfile
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from tests.bench.fleet import fleet
from tests.bench.server import Server

PODS = int(os.environ.get("BENCH_PODS", "20000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
SCREENS = {"1": "Overview", "2": "Pods", "4": "Decisions", "8": "Log"}
RATES = (0, 100, 200, 1_000)
MINUTES = float(os.environ.get("BENCH_MINUTES", "0"))
"""Of the run that asks whether memory is flat; without it there is none, and with it nothing else."""

EVERY = 30.0
"""Seconds between two looks at memory."""

FLAT = 0.05
KEYS = 40
CURSOR = "m▸\x1b".encode()
"""The cursor's own mark, as only a list writes it."""

LIVE = b"LIVE"
"""What the head says once every list is there."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Terminal:
    """A program on a pty, everything it wrote and when."""

    def __init__(
        self, *arguments: str, home: str = "", kubeconfig: str = "", rows: int = 36, columns: int = 120
    ) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = os.forkpty()
        if not self.pid:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", HOME=home, KUBECONFIG=kubeconfig)
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", "karptui", *arguments])
        ioctl(self.fd, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.fd, False)
        self.bytes = 0
        self._tail = b""
        self._heard: list[tuple[bytes, asyncio.Future[float]]] = []
        asyncio.get_running_loop().add_reader(self.fd, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self.fd, 1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self.fd)
            return
        self.bytes += len(data)
        self._tail = (self._tail + data)[-(1 << 16) :]
        now = time.perf_counter()
        for words, heard in self._heard:
            if words in self._tail and not heard.done():
                heard.set_result(now)

    async def until(self, words: bytes, limit: float = 60.0) -> float:
        """When (perf_counter) these bytes were written, from now on. Raises TimeoutError."""
        self._tail = b""
        heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._heard.append((words, heard))
        try:
            return await asyncio.wait_for(heard, limit)
        finally:
            self._heard.remove((words, heard))

    async def answer(self, key: str, words: bytes) -> float:
        """Seconds from a key to what it paints."""
        waiting = asyncio.ensure_future(self.until(words, 5.0))
        await asyncio.sleep(0)
        begun = time.perf_counter()
        self.press(key)
        return await waiting - begun

    def press(self, key: str) -> None:
        """Type."""
        os.write(self.fd, key.encode())

    def cpu(self) -> float:
        """Seconds of CPU that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """MiB resident now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    async def end(self) -> None:
        """Leave it."""
        os.kill(self.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(asyncio.to_thread(os.waitpid, self.pid, 0), 10.0)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)


async def first_frames(folder: str) -> None:
    """Time from the start of the process to the first frame, and to the whole picture of 2,000 pods."""
    server = Server(fleet(2_000))
    await server.start()
    kubeconfig = Path(folder) / "small.json"
    kubeconfig.write_text(server.kubeconfig())
    for name, arguments in {"karptui": (), "karptui demo": ("demo",)}.items():
        words, frames, pictures, cpu = [], [], [], []
        for _ in range(5):
            terminal = Terminal(*arguments, home=folder, kubeconfig=str(kubeconfig))
            words.append(await terminal.until("connecting…".encode()) - terminal.started)
            frames.append(await terminal.until(b"Overview") - terminal.started)
            cpu.append(terminal.cpu())
            if name == "karptui":
                pictures.append(await terminal.until(b"NODES 80") - terminal.started)
            await terminal.end()
        print(f"{name}: first words {_times(words)}")
        print(f"{name}: first whole frame {_times(frames)}, of it CPU {_times(cpu)}   (target 600)")
        if pictures:
            print(f"{name}: 2,000 pods in the picture {_times(pictures)}   (target 2,000)")
    await server.stop()


def _times(seconds: list[float]) -> str:
    return f"min {min(seconds) * 1e3:.0f} ms, median {statistics.median(seconds) * 1e3:.0f} ms"


async def steady(folder: str) -> None:
    """CPU, bytes written, memory and the answer to a key, for each screen and rate."""
    server = Server(fleet(PODS))
    await server.start()
    kubeconfig = Path(folder) / "large.json"
    kubeconfig.write_text(server.kubeconfig())
    terminal = Terminal(home=folder, kubeconfig=str(kubeconfig))
    seen = await terminal.until(f"NODES {PODS // 25:,}".encode())
    print(f"{PODS:,} pods, {PODS // 25} nodes in the picture after {seen - terminal.started:.1f} s")
    await terminal.until(LIVE)
    await asyncio.sleep(5.0)
    first = terminal.memory()
    print(
        f"{'screen':<10}{'changes/s':>10}{'sent/s':>8}{'CPU %':>8}{'KiB/s':>8}{'RSS MiB':>9}   key to paint ms p50, p99"
    )
    for key in os.environ.get("BENCH_SCREENS", "".join(SCREENS)):
        terminal.press(key)
        for rate in [int(rate) for rate in os.environ.get("BENCH_RATES", ",".join(map(str, RATES))).split(",")]:
            server.rate = rate
            await asyncio.sleep(2.0)
            cpu, written, sent, begun = terminal.cpu(), terminal.bytes, server.sent, time.perf_counter()
            await asyncio.sleep(SECONDS)
            wall = time.perf_counter() - begun
            share, traffic = (terminal.cpu() - cpu) / wall, (terminal.bytes - written) / wall / 1024
            print(
                f"{SCREENS[key]:<10}{rate:>10,}{(server.sent - sent) / wall:>8,.0f}{share:>8.1%}{traffic:>8.1f}"
                f"{terminal.memory():>9.0f}   {await _answers(terminal, key)}",
                flush=True,
            )
    print(f"RSS {first:.0f} MiB at the beginning, {terminal.memory():.0f} MiB after {time.perf_counter() - seen:.0f} s")
    print("targets: 0/s 3 %, 200/s 10 %, 1,000/s 25 %; 40 KiB/s at 100/s; 300 MiB; 50 ms")
    await terminal.end()
    await server.stop()


async def lasting(folder: str) -> None:
    """Memory on the Overview at the highest rate of change, over a long time."""
    server = Server(fleet(PODS))
    await server.start()
    kubeconfig = Path(folder) / "large.json"
    kubeconfig.write_text(server.kubeconfig())
    terminal = Terminal(home=folder, kubeconfig=str(kubeconfig))
    await terminal.until(LIVE, 600.0)
    server.rate = RATES[-1]
    begun, seen = time.perf_counter(), [terminal.memory()]
    print(f"{'s':>6}{'changes':>10}{'CPU s':>8}{'RSS MiB':>9}")
    while (past := time.perf_counter() - begun) < MINUTES * 60:
        await asyncio.sleep(EVERY)
        seen.append(terminal.memory())
        print(f"{past + EVERY:>6.0f}{server.sent:>10,}{terminal.cpu():>8.1f}{seen[-1]:>9.1f}", flush=True)
    grown = [f"{seen[-1] / seen[at] - 1:+.1%} since minute {at * EVERY / 60:g}" for at in (0, 2, 4) if at < len(seen)]
    print(f"RSS {seen[-1]:.0f} MiB, at most {max(seen):.0f}: {', '.join(grown)}   (targets 300 MiB, {FLAT:.0%})")
    await terminal.end()
    await server.stop()


async def _answers(terminal: Terminal, screen: str) -> str:
    """p50 and p99 of the time between a key that moves the cursor and the painted cursor."""
    if screen != "2":  # the one list that is long enough whatever happens
        return "-"
    times = []
    for number in range(KEYS):
        await asyncio.sleep(0.05 + number % 7 * 0.013)  # at no fixed place between two ticks
        try:
            times.append(await terminal.answer("j", CURSOR))
        except TimeoutError:
            return "no answer"
    times.sort()
    terminal.press("g")
    return f"{times[len(times) // 2] * 1e3:6.1f} {times[int(len(times) * 0.99)] * 1e3:6.1f}"


async def measure() -> None:
    """Everything."""
    with tempfile.TemporaryDirectory() as folder:
        if MINUTES:
            await lasting(folder)
            return
        await first_frames(folder)
        await steady(folder)


def main() -> None:
    """Prints figures with their targets; a machine that does other work as well shows more CPU and longer times."""
    asyncio.run(measure())


if __name__ == "__main__":
    main()
