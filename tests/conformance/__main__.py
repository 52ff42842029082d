"""`python -m tests.conformance [scheduling|disruption] [--add FOLDER]`: agreement with Karpenter, family by family."""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path
from time import perf_counter
from typing import Any

from karptui.cloud.scenario import snapshot_of
from karptui.engine.provisioning import plan
from karptui.report.expect import expect_of
from tests.conformance.comparison import difference
from tests.conformance.corpus import DISRUPTION, SCHEDULING, catalog, family, names, pack, scenario
from tests.conformance.disruption import answered
from tests.conformance.disruption_comparison import disruption_difference

Difference = tuple[str, object, object] | None


def _scheduling(question: dict[str, Any]) -> tuple[Difference, float]:
    snapshot = snapshot_of(question, catalog())
    begin = perf_counter()
    answer = plan(snapshot)
    seconds = perf_counter() - begin
    return difference(json.loads(json.dumps(expect_of(answer))), question["expect"]), seconds


def _disruption(question: dict[str, Any]) -> tuple[Difference, float]:
    begin = perf_counter()
    answer = answered(question)
    return disruption_difference(answer, question["expect"]), perf_counter() - begin


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("kind", nargs="?", default=SCHEDULING, choices=(SCHEDULING, DISRUPTION))
    parser.add_argument("--add", type=Path, metavar="FOLDER", help="pack the scenarios of a folder first")
    parser.add_argument("--brief", action="store_true", help="name what differs, without both sides")
    given = parser.parse_args()
    if given.add is not None:
        print(f"packed {pack(given.add)} scenarios")
    ask = _scheduling if given.kind == SCHEDULING else _disruption
    agree: Counter[str] = Counter()
    total: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    for name in names(given.kind):
        found, took = ask(scenario(name, given.kind))
        group = family(name)
        seconds[group] += took
        total[group] += 1
        if found is None:
            agree[group] += 1
        else:
            sides = "" if given.brief else f"\n  ours   {found[1]}\n  theirs {found[2]}"
            print(f"{name}: differs in {found[0]}{sides}")
    print(f"{'family':<22}{'agree':>8}{'of':>6}{'ms':>9}")
    for group in sorted(total):
        print(f"{group:<22}{agree[group]:>8}{total[group]:>6}{seconds[group] * 1000:>9.1f}")
    print(f"{'all':<22}{agree.total():>8}{total.total():>6}{sum(seconds.values()) * 1000:>9.1f}")
    return 0 if agree.total() == total.total() else 1


raise SystemExit(main())
