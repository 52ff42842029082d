"""Start, watch and end the processes of a control plane, none of which may outlive the tests."""

import asyncio
import functools
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.control_plane.toolchain import ControlPlaneError

START_LIMIT = 60.0  # seconds; a start takes 3 to 8, even on two overloaded cores
STOP_LIMIT = 1.0
POLL_INTERVAL = 0.02
LOG_LINES = 15


class Process:
    """A program in a process group of its own; what it says goes to `<name>.log` in `folder`."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                list(command),
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        tell_guard(f"group {self.pid}")

    @property
    def pid(self) -> int:
        """Its id, which is its process group's too."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    async def wait_ready(self, url: str, ca: Path | None = None) -> None:
        """Return once `url` answers 200. Raises ControlPlaneError when the process ends or START_LIMIT passes first.

        Without `ca` the certificate is not checked: the components sign their health ports themselves.
        """
        context = ssl.create_default_context(cafile=ca)
        if ca is None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        # No proxy that the environment names: everything is on loopback.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        deadline = time.monotonic() + START_LIMIT
        while not await asyncio.to_thread(_answers, opener, url):
            if not self.running:
                raise ControlPlaneError(
                    f"{self.name} ended with {self._popen.returncode}; it said last:\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                why = f"{self.name} was not ready within {START_LIMIT:.0f} s; it said last:\n{self.tail()}"
                raise ControlPlaneError(why)
            await asyncio.sleep(POLL_INTERVAL)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def freeze(self) -> None:
        """Let it stand still with its connections open, as behind a broken network, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask it to end; `stop` waits for that."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._signal(signal.SIGKILL)
        self._popen.wait()
        tell_guard(f"-group {self.pid}")

    def stop(self) -> None:
        """End it: asked first, killed after STOP_LIMIT seconds. Does nothing when it has ended."""
        self.terminate()
        try:
            self._popen.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._popen.poll() is None:
            os.killpg(self.pid, number)


def _answers(opener: urllib.request.OpenerDirector, url: str) -> bool:
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 nobody listens on at the moment, all different."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def make_folder() -> Path:
    """A temporary folder with a short path: a Unix socket's may have 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="kp-", dir="/tmp"))
    tell_guard(f"folder {folder}")
    return folder


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    tell_guard(f"-folder {folder}")


@functools.cache
def _guard() -> subprocess.Popen[str]:
    file = Path(__file__).with_name("guard.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def tell_guard(line: str) -> None:
    pipe = _guard().stdin
    assert pipe is not None
    pipe.write(f"{line}\n")
    pipe.flush()
