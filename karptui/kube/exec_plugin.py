"""Credentials from a program, as a kubeconfig's `exec` section names it (client.authentication.k8s.io).

kubernetes-asyncio's own runner lets the program read the terminal, waits for ever and never asks again, so this is
another one.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from karptui.kube.clean import clean
from karptui.kube.errors import ConnectError

TIMEOUT = 30.0
"""Seconds that a plugin gets: `aws eks get-token` takes about two; one that asks a question would never end."""


class ExecCredential(Struct, frozen=True):
    """What a plugin gave: a token, or a client certificate with its key (PEM). `expires` in epoch seconds."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: float | None = None


async def run_exec_plugin(
    section: Mapping[str, Any], cluster: Mapping[str, Any] | None = None, timeout: float = TIMEOUT
) -> ExecCredential:
    """Run the program of an `exec` section. `cluster` is handed to it where provideClusterInfo asks for that.

    Raises ConnectError.
    """
    command = str(section.get("command") or "")
    if not command:
        raise ConnectError("The kubeconfig's exec section names no command: add `command:` or use another context.")
    version = str(section.get("apiVersion") or "client.authentication.k8s.io/v1")
    arguments = [str(argument) for argument in section.get("args") or ()]
    stdout = await _output(command, arguments, _environment(section, version, cluster), section, timeout)
    return _credential(stdout, version, command)


def _environment(section: Mapping[str, Any], version: str, cluster: Mapping[str, Any] | None) -> dict[str, str]:
    environment = dict(os.environ)
    for entry in section.get("env") or ():
        if isinstance(entry, Mapping) and "name" in entry:
            environment[str(entry["name"])] = str(entry.get("value") or "")
    spec: dict[str, Any] = {"interactive": False}
    if section.get("provideClusterInfo") and cluster is not None:
        spec["cluster"] = dict(cluster)
    info = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    return environment


async def _output(
    command: str, arguments: list[str], environment: dict[str, str], section: Mapping[str, Any], timeout: float
) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *arguments,
            env=environment,
            # The terminal belongs to the screen: a plugin must not read from it.
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        hint = clean(" ".join(str(section.get("installHint") or "").split()), 500)
        advice = hint or "install it or mend the exec section of the kubeconfig"
        raise ConnectError(
            f"The credential plugin {clean(command)} cannot be started ({error.strerror}): {advice}"
        ) from error
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate()
    except TimeoutError:
        raise ConnectError(
            f"The credential plugin {clean(command)} did not answer within {timeout:g} s: "
            "run it in a shell to see what it waits for, then try again."
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        said = _last_line(stderr)
        raise ConnectError(
            f"The credential plugin {clean(command)} failed with code {process.returncode}"
            f"{f' ({said})' if said else ''}: log in again, for example `aws sso login`, then try again."
        )
    return stdout


def _last_line(text: bytes) -> str:
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return clean(lines[-1].strip(), 300) if lines else ""


def _credential(stdout: bytes, version: str, command: str) -> ExecCredential:
    def broken(why: str) -> ConnectError:
        return ConnectError(f"The credential plugin {clean(command)} {why}: update it or mend the kubeconfig.")

    try:
        answer = json.loads(stdout)
        status = answer["status"]
        answered = str(answer["apiVersion"])
    except (ValueError, KeyError, TypeError):
        raise broken("answered something that is no ExecCredential") from None
    if answered != version:
        raise broken(f"speaks {clean(answered)} where the kubeconfig says {clean(version)}")
    if not isinstance(status, dict):
        raise broken("answered no status")
    token, certificate, key = (
        str(status.get(name) or "") for name in ("token", "clientCertificateData", "clientKeyData")
    )
    if not token and not (certificate and key):
        raise broken("gave neither a token nor a certificate with its key")
    return ExecCredential(token, certificate, key, _expiry(status.get("expirationTimestamp")))


def _expiry(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp() if text else None
    except ValueError:
        return None
