"""Where the control plane comes from: the cache, a new build, or the folder KUBEBUILDER_ASSETS names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.control_plane.build import CRD_FILE, assets, command_of, crds_json, program_path
from tests.control_plane.toolchain import ControlPlaneError, version_of

ROOT = Path(__file__).parents[2]


def run_build(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.control_plane.build"]
    settings = {name: value for name, value in os.environ.items() if name != "KUBEBUILDER_ASSETS"} | environment
    return subprocess.run(command, check=False, cwd=ROOT, env=settings, capture_output=True, text=True)


@pytest.fixture
def own_binaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("kube-apiserver", "etcd"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go version go1.26.6 linux/amd64", (1, 26, 6)),
        ("module x\n\ngo 1.27\n", (1, 27, 0)),
        ("go version devel", ()),
    ],
)
def test_the_version_of_go_is_read_from_what_it_says_and_from_go_mod(text: str, version: tuple[int, ...]) -> None:
    assert version_of(text) == version


def test_a_program_in_the_cache_needs_no_go(tmp_path: Path) -> None:
    if not program_path().exists():
        pytest.skip("nothing was built: KUBEBUILDER_ASSETS is used")
    done = run_build(PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"the control plane for tests is built: {program_path()}\n"


def test_without_any_go_the_build_says_what_to_do(tmp_path: Path) -> None:
    done = run_build(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path), PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "put Go on PATH, or set KUBEBUILDER_ASSETS" in done.stderr


def test_a_folder_of_ones_own_is_used_as_it_is(own_binaries: Path) -> None:
    done = run_build(KUBEBUILDER_ASSETS=str(own_binaries))
    assert (done.returncode, done.stdout) == (0, f"the control plane for tests is the one in {own_binaries}\n")
    assert command_of("etcd") == [str(own_binaries / "etcd")]
    assert command_of("karpenter") is None


def test_a_folder_without_definitions_says_which_file_is_missing(own_binaries: Path) -> None:
    with pytest.raises(ControlPlaneError, match=CRD_FILE):
        crds_json()
    (own_binaries / CRD_FILE).write_text("[]")
    assert crds_json() == b"[]"


def test_a_folder_without_the_api_server_is_refused(own_binaries: Path) -> None:
    (own_binaries / "kube-apiserver").unlink()
    with pytest.raises(ControlPlaneError, match="kube-apiserver cannot be found there"):
        assets()
    done = run_build(KUBEBUILDER_ASSETS=str(own_binaries))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
