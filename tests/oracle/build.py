"""Build the program that asks Karpenter once, and keep it in the user's cache: `python -m tests.oracle build`.

Where Karpenter leaves a choice to the order of a Go map, scenarios of the corpus take the smallest name
(tests/conformance/README.md, "ties"). So the program is built against a copy of the module in the cache, in which these
loops go through the names in order; nothing else differs.
"""

import hashlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

import platformdirs

from tests.control_plane.toolchain import find_go, version_of

PROGRAM = Path(__file__).parent / "program"
MODULE = "sigs.k8s.io/karpenter"
FLAGS = ("-buildvcs=false", "-ldflags=-s -w")
SETTINGS = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOWORK": "off"}

PACKAGE = Path("pkg/controllers/provisioning/scheduling")
ORDERED = {
    "topologygroup.go": {
        "for domain := range t.domains {": "for _, domain := range keysInOrder(t.domains) {",
        "range nodeDomains.Values() {": "range inOrder(nodeDomains.Values()) {",
    },
    "scheduler.go": {"lo.Values(groups)": "valuesInOrder(groups)"},
}
"""By file of PACKAGE: loops over a map, and what goes through its keys in order."""

ORDER = """package scheduling

import (
	"maps"
	"os"
	"slices"
)

// KARPENTER_TIES=largest turns the order round, which shows whether an answer hangs on it.
var largestFirst = os.Getenv("KARPENTER_TIES") == "largest"

func inOrder(names []string) []string {
	slices.Sort(names)
	if largestFirst {
		slices.Reverse(names)
	}
	return names
}

func keysInOrder[V any](from map[string]V) []string { return inOrder(slices.Collect(maps.Keys(from))) }

func valuesInOrder[V any](from map[string]V) []V {
	var found []V
	for _, name := range keysInOrder(from) {
		found = append(found, from[name])
	}
	return found
}
"""


class OracleError(Exception):
    """Why Karpenter cannot be asked, in a sentence for whoever wanted to."""


def cache() -> Path:
    """The folder of everything that is built here."""
    return Path(platformdirs.user_cache_dir("karptui")) / "oracle"


def program_path() -> Path:
    """Where the program built from these sources is, or will be."""
    digest = hashlib.sha256("\n".join((*FLAGS, ORDER, repr(ORDERED))).encode())
    for source in sorted(PROGRAM.iterdir()):
        if source.suffix in (".go", ".mod", ".sum"):
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return cache() / digest.hexdigest()[:16] / "oracle"


def build() -> Path:
    """Path of the program, built now unless it is in the cache. Raises OracleError when it cannot be built."""
    program = program_path()
    if program.exists():
        return program
    go = find_go(version_of((PROGRAM / "go.mod").read_text()), cache())
    module = _module_in_order(go)
    program.parent.mkdir(parents=True, exist_ok=True)
    settings = program.parent / "go.mod"
    settings.write_text((PROGRAM / "go.mod").read_text() + f"\nreplace {MODULE} => {module}\n")
    shutil.copyfile(PROGRAM / "go.sum", program.parent / "go.sum")
    partial = program.with_name(f"{program.name}.{os.getpid()}")
    _go(go, "build", f"-modfile={settings}", *FLAGS, "-o", str(partial), ".")
    partial.replace(program)  # atomic, so that two builds at once do no harm
    return program


def _module_in_order(go: Path) -> Path:
    """A copy of Karpenter's module in which ties go to the smallest name."""
    _go(go, "mod", "download", MODULE)
    source = Path(_go(go, "list", "-m", "-f", "{{.Dir}}", MODULE).strip())
    edits = hashlib.sha256((ORDER + repr(ORDERED)).encode()).hexdigest()[:8]
    copy = cache() / f"{source.name}-{edits}"
    if copy.exists():
        return copy
    partial = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.copytree(source / "pkg", partial / "pkg", ignore=shutil.ignore_patterns("*_test.go"), copy_function=_copied)
    _copied(source / "go.mod", partial / "go.mod")
    for folder in (partial, *(path for path in partial.rglob("*") if path.is_dir())):
        folder.chmod(folder.stat().st_mode | stat.S_IWUSR)
    for name, edits_of_file in ORDERED.items():
        file = partial / PACKAGE / name
        text = file.read_text()
        for before, after in edits_of_file.items():
            if before not in text:
                raise OracleError(f"Karpenter's {name} is not as expected: {before!r} is not in it.")
            text = text.replace(before, after)
        file.write_text(text)
    (partial / PACKAGE / "order.go").write_text(ORDER)
    partial.replace(copy)
    return copy


def _copied(source: Path | str, target: Path | str) -> None:
    shutil.copyfile(source, target)  # without the mode: files of Go's module cache cannot be written


def _go(go: Path, *arguments: str) -> str:
    done = subprocess.run(
        [go, *arguments], check=False, cwd=PROGRAM, env=os.environ | SETTINGS, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise OracleError(f"`go {arguments[0]}` failed for the program that asks Karpenter: what Go said is above.")
    return done.stdout
