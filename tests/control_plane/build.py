"""Build the control plane once and keep it in the user's cache: `python -m tests.control_plane.build`.

Set KUBEBUILDER_ASSETS to a folder with kube-apiserver and etcd (and, where wanted, kube-scheduler,
kube-controller-manager and `karpenter-crds.json`) to use those instead; then nothing is built.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import platformdirs

from tests.control_plane.toolchain import ControlPlaneError, find_go, version_of

SOURCES = Path(__file__).parent / "program"
CRD_FILE = "karpenter-crds.json"
KUBERNETES_VERSION = "v1.35.4"
KARPENTER_VERSION = "v1.14.1"
# Without a version the API server calls itself v0.0.0-master and clients that parse it stumble.
VARIABLES = {
    "k8s.io/component-base/version.gitVersion": KUBERNETES_VERSION,
    "k8s.io/component-base/version.gitMajor": "1",
    "k8s.io/component-base/version.gitMinor": "35",
    "sigs.k8s.io/karpenter/pkg/operator.Version": KARPENTER_VERSION,
}
# No debug information: less to compile, half the size.
FLAGS = (
    "-mod=readonly",
    "-buildvcs=false",
    "-trimpath",
    "-gcflags=all=-dwarf=false",
    "-ldflags=" + " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in VARIABLES.items())]),
)


def assets() -> Path | None:
    """The folder KUBEBUILDER_ASSETS names, or None. Raises ControlPlaneError when it lacks kube-apiserver or etcd."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    if not named:
        return None
    folder = Path(named)
    missing = [name for name in ("kube-apiserver", "etcd") if not (folder / name).exists()]
    if missing:
        raise ControlPlaneError(f"KUBEBUILDER_ASSETS is {folder}, but {' and '.join(missing)} cannot be found there.")
    return folder


def program_path() -> Path:
    """Where the program built from these sources is, or will be."""
    digest = hashlib.sha256("\n".join(FLAGS).encode())
    for source in sorted(SOURCES.iterdir()):
        if source.suffix in (".go", ".mod", ".sum"):
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return _cache() / digest.hexdigest()[:16] / "controlplane"


def build() -> Path:
    """Path of the program, built now unless it is in the cache. Raises ControlPlaneError when it cannot be built."""
    program = program_path()
    if program.exists():
        return program
    needed = version_of((SOURCES / "go.mod").read_text())
    go = find_go(needed, _cache())
    program.parent.mkdir(parents=True, exist_ok=True)
    partial = program.with_name(f"{program.name}.{os.getpid()}")
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    command = [go, "build", *FLAGS, "-o", partial, "."]
    try:
        done = subprocess.run(command, check=False, cwd=SOURCES, env=os.environ | settings)
        if done.returncode != 0:
            raise ControlPlaneError("The control plane for tests could not be built: what Go said is above.")
        partial.replace(program)  # atomic, so that two builds at once do no harm
    finally:
        partial.unlink(missing_ok=True)
    return program


def command_of(part: str) -> list[str] | None:
    """How `part` (`kube-apiserver`, `etcd`, `karpenter`, ...) is called, or None when KUBEBUILDER_ASSETS lacks it.

    Raises ControlPlaneError when nothing was built yet and that fails.
    """
    folder = assets()
    if folder is None:
        return [str(build()), part]
    return [str(folder / part)] if (folder / part).exists() else None


def crds_json() -> bytes:
    """Karpenter's CustomResourceDefinitions as one JSON list. Raises ControlPlaneError when they cannot be had."""
    folder = assets()
    if folder is None:
        return subprocess.run([build(), "crds"], check=True, capture_output=True).stdout
    file = folder / CRD_FILE
    if not file.exists():
        raise ControlPlaneError(
            f"KUBEBUILDER_ASSETS is {folder}, but {CRD_FILE} (a JSON list of them) is missing there."
        )
    return file.read_bytes()


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("karptui")) / "control-plane"


def main() -> int:
    try:
        folder = assets()
        if folder is not None:
            print(f"the control plane for tests is the one in {folder}")
        elif program_path().exists():
            print(f"the control plane for tests is built: {program_path()}")
        else:
            print(
                "building Kubernetes' control plane for the tests from Go modules, once: minutes of both cores",
                flush=True,
            )
            begun = time.monotonic()
            print(f"built {build()} in {time.monotonic() - begun:.0f} s")
    except ControlPlaneError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
