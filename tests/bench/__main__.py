"""`python -m tests.bench [NAME…]`: runs the main() of every module here that has one, or of those named."""

import ast
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent


def benchmarks() -> list[str]:
    """Modules of this folder that define main(), by name."""
    return [path.stem for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_") and _has_main(path)]


def _has_main(path: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in ast.parse(path.read_text()).body)


def main(asked: list[str]) -> int:
    """Each in a process of its own, so that no figure depends on what ran before."""
    known = benchmarks()
    unknown = [name for name in asked if name not in known]
    if unknown:
        print(f"there is no benchmark {unknown[0]}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    worst = 0
    for name in asked or known:
        print(f"== {name}", flush=True)
        begun = time.perf_counter()
        code = f"from tests.bench.{name} import main; main()"
        worst = max(worst, subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[1], check=False).returncode)
        print(f"   ({time.perf_counter() - begun:.1f} s)\n", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
