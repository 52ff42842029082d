"""`python -m tests.oracle build|corpus|fuzz|ask`: what the real Karpenter says to scenarios."""

import argparse
import json
import sys
from pathlib import Path

from karptui.report.conformance import Verdict, agreement, judged, table
from tests.conformance.corpus import DISRUPTION, SCHEDULING, family, names, scenario
from tests.oracle.asking import Oracle
from tests.oracle.build import OracleError, build
from tests.oracle.fuzz.differences import fuzz


def check_corpus(kind: str, families: list[str], brief: bool) -> int:
    """Ask every scenario of the corpus again: the oracle has to say what the corpus says."""
    verdicts: list[Verdict] = []
    with Oracle() as oracle:
        for name in names(kind):
            if families and family(name) not in families:
                continue
            question = scenario(name, kind)
            try:
                verdict = judged(name, question, oracle.ask(question), 0.0)
            except OracleError as error:
                verdict = Verdict(name, kind, 0, problem=str(error))
            verdicts.append(verdict)
            if verdict.problem:
                print(f"{name}: {verdict.problem}")
            elif verdict.difference is not None:
                level, ours, theirs = verdict.difference
                print(f"{name}: differs in {level}" + ("" if brief else f"\n  asked  {ours}\n  corpus {theirs}"))
    print("\n".join(table(verdicts)))
    return 0 if agreement(verdicts) == 1 else 1


def ask(paths: list[Path]) -> int:
    """Print what Karpenter says to scenario files."""
    with Oracle() as oracle:
        for path in paths:
            print(json.dumps(oracle.ask(json.loads(path.read_text())), indent=2))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the program that asks")
    corpus = commands.add_parser("corpus", help="ask every scenario of the corpus again")
    corpus.add_argument("kind", nargs="?", default=SCHEDULING, choices=(SCHEDULING, DISRUPTION))
    corpus.add_argument("--family", action="append", default=[], help="only these")
    corpus.add_argument("--brief", action="store_true", help="name what differs, without both sides")
    fuzzed = commands.add_parser("fuzz", help="ask new questions, of Karpenter and of karptui, and show what differs")
    fuzzed.add_argument("kind", nargs="?", default=SCHEDULING, choices=(SCHEDULING, DISRUPTION))
    fuzzed.add_argument("--seed", type=int, default=1, help="of the first question")
    fuzzed.add_argument("--count", type=int, default=200, help="how many questions")
    fuzzed.add_argument("--family", action="append", default=[], help="made of scenarios of these families only")
    fuzzed.add_argument("--to", type=Path, metavar="FOLDER", help="keep the questions that differ here")
    fuzzed.add_argument("--shrink", action="store_true", help="make the questions that differ small first")
    files = commands.add_parser("ask", help="print what Karpenter says to scenario files")
    files.add_argument("paths", nargs="+", type=Path)
    given = parser.parse_args()
    try:
        if given.command == "build":
            print(build())
            return 0
        if given.command == "corpus":
            return check_corpus(given.kind, given.family, given.brief)
        if given.command == "fuzz":
            seeds = range(given.seed, given.seed + given.count)
            return 1 if fuzz(seeds, given.family, given.to, given.shrink, given.kind) else 0
        return ask(given.paths)
    except OracleError as error:
        print(error, file=sys.stderr)
        return 1


raise SystemExit(main())
