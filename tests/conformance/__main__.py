"""`python -m tests.conformance [scheduling|disruption|launches] [--add FOLDER]`: agreement with Karpenter by family."""

import argparse
from pathlib import Path

from karptui.report.conformance import Verdict, agreement, answered, judged, table
from tests.conformance.corpus import DISRUPTION, SCHEDULING, catalog, names, pack, scenario
from tests.conformance.launch_corpus import launch_catalogue, launch_names, launch_scenario, pack_launches

LAUNCHES = "launches"


def _decisions(kind: str) -> list[Verdict]:
    return [
        judged(name, question, *answered(question, catalog()))
        for name in names(kind)
        for question in (scenario(name, kind),)
    ]


def _launches() -> list[Verdict]:
    return [
        judged(name, question, *answered(question, launch_catalogue()))
        for name in launch_names()
        for question in (launch_scenario(name),)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("kind", nargs="?", default=SCHEDULING, choices=(SCHEDULING, DISRUPTION, LAUNCHES))
    parser.add_argument("--add", type=Path, metavar="FOLDER", help="pack the scenarios of a folder first")
    parser.add_argument("--brief", action="store_true", help="name what differs, without both sides")
    given = parser.parse_args()
    if given.add is not None:
        print(f"packed {pack(given.add) + pack_launches(given.add)} scenarios")
    verdicts = _launches() if given.kind == LAUNCHES else _decisions(given.kind)
    for verdict in verdicts:
        if verdict.difference is not None:
            level, ours, theirs = verdict.difference
            sides = "" if given.brief else f"\n  ours   {ours}\n  theirs {theirs}"
            print(f"{verdict.name}: differs in {level}{sides}")
    print("\n".join(table(verdicts)))
    return 0 if agreement(verdicts) == 1 else 1


raise SystemExit(main())
