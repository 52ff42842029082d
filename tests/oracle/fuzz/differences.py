"""The fuzz run: questions asked of Karpenter and of us, and what differs, by family and level."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from karptui.cloud.scenario import ScenarioError
from karptui.compare.disruption import disruption_difference
from karptui.compare.scheduling import difference
from karptui.report.conformance import answered
from tests.conformance.corpus import DISRUPTION, SCHEDULING, catalog
from tests.oracle.asking import Oracle
from tests.oracle.build import OracleError
from tests.oracle.fuzz.draft import Json
from tests.oracle.fuzz.questions import bases, question
from tests.oracle.fuzz.shrinking import shrunk

Difference = tuple[str, object, object]


def ours(scenario: Json) -> dict[str, Any]:
    """Our answer; an exception becomes an answer that agrees with nothing."""
    try:
        return answered(scenario, catalog())[0]
    except ScenarioError as error:
        return _nothing(str(error), scenario)
    except Exception as error:  # whatever breaks is a difference, to be shown with its question
        return _nothing(f"{type(error).__name__}: {error}", scenario)


def _nothing(why: str, scenario: Json) -> dict[str, Any]:
    if scenario.get("kind") == DISRUPTION:
        return {"commands": [], "blocked": {"?": why}, "driftOnly": [], "budgets": {}}
    return {"newNodeClaims": [], "existingNodes": {"?": [why]}, "errors": {}, "ignored": {}}


def found(oracle: Oracle, scenario: Json) -> Difference | None:
    """The first difference between our answer and Karpenter's. Raises OracleError where Karpenter gives none."""
    compared = disruption_difference if scenario.get("kind") == DISRUPTION else difference
    return compared(ours(scenario), oracle.ask(scenario))


def fuzz(
    seeds: Sequence[int], families: Sequence[str], folder: Path | None, shrink: bool, kind: str = SCHEDULING
) -> int:
    """Ask the questions of these seeds; how many answers differ. Questions that differ go to `folder`."""
    candidates = bases(families, kind)
    asked, odd = Counter[str](), Counter[str]()
    unanswered = Counter[str]()
    with Oracle() as oracle:
        for seed in seeds:
            draft = question(seed, candidates, kind)
            family = draft.scenario["name"].rpartition("-")[0]
            asked[family] += 1
            if sum(asked.values()) % 100 == 0:
                print(f"{sum(asked.values())} asked, {sum(odd.values())} differ", file=sys.stderr, flush=True)
            try:
                different = found(oracle, draft.scenario)
                if different is not None and oracle.ask(draft.scenario) != oracle.ask(draft.scenario):
                    unanswered["Karpenter says one thing now and another then"] += 1
                    continue
            except OracleError as error:
                unanswered[str(error)[:100]] += 1
                continue
            if different is None:
                continue
            odd[f"{family}: {different[0]}"] += 1
            _show(oracle, draft.scenario, draft.steps, different, folder, shrink)
    totals = (sum(counts.values()) for counts in (asked, odd, unanswered))
    print("{} questions, {} differences, {} without an answer".format(*totals))
    for counts in (odd, unanswered):
        for what, count in counts.most_common():
            print(f"{count:6} {what}")
    return sum(odd.values())


def _show(
    oracle: Oracle, scenario: Json, steps: list[str], different: Difference, folder: Path | None, shrink: bool
) -> None:
    if shrink:

        def still(candidate: Json) -> bool:
            try:
                other = found(oracle, candidate)
            except OracleError:
                return False
            return other is not None and other[0] == different[0]

        scenario = shrunk(scenario, still)
        different = found(oracle, scenario) or different
    print(f"{scenario['name']} (of {scenario['about']}) differs in {different[0]}")
    for step in steps:
        print(f"    {step[:240]}")
    print(f"  ours   {different[1]!s:.1200}\n  theirs {different[2]!s:.1200}")
    sys.stdout.flush()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        answer = oracle.ask(scenario)
        (folder / f"{scenario['name']}.json").write_text(json.dumps({**scenario, "expect": answer}, indent=1))
