"""`python -m tests.conformance [--add FOLDER]`: agreement with Karpenter by family, and the engine's time."""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from time import perf_counter

from karptui.cloud.scenario import snapshot_of
from karptui.engine.provisioning import plan
from karptui.report.expect import expect_of
from tests.conformance.comparison import difference
from tests.conformance.corpus import catalog, family, names, pack, scenario


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--add", type=Path, metavar="FOLDER", help="pack the scenarios of a folder first")
    given = parser.parse_args()
    if given.add is not None:
        print(f"packed {pack(given.add)} scenarios")
    agree: Counter[str] = Counter()
    total: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    for name in names():
        question = scenario(name)
        snapshot = snapshot_of(question, catalog())
        begin = perf_counter()
        answer = plan(snapshot)
        group = family(name)
        seconds[group] += perf_counter() - begin
        total[group] += 1
        found = difference(json.loads(json.dumps(expect_of(answer))), question["expect"])
        if found is None:
            agree[group] += 1
        else:
            print(f"{name}: differs in {found[0]}\n  ours   {found[1]}\n  theirs {found[2]}")
    print(f"{'family':<22}{'agree':>8}{'of':>6}{'ms':>9}")
    for group in sorted(total):
        print(f"{group:<22}{agree[group]:>8}{total[group]:>6}{seconds[group] * 1000:>9.1f}")
    print(f"{'all':<22}{agree.total():>8}{total.total():>6}{sum(seconds.values()) * 1000:>9.1f}")
    return 0 if agree.total() == total.total() else 1


raise SystemExit(main())
