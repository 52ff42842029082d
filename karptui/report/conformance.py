"""Scenarios answered, and held against the answers that they come with: what `karptui conform` prints."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter
from typing import Any

from msgspec import Struct

from karptui.cloud.scenario import ScenarioError, is_scenario, snapshot_of
from karptui.compare import disruption, launches, scheduling
from karptui.model.snapshot import Snapshot
from karptui.report.expect import expect_of

Json = Mapping[str, Any]

LEVELS = {
    "scheduling": tuple(scheduling.LEVELS),
    "disruption": tuple(disruption.LEVELS),
    "launch": tuple(launches.PARTS),
}
"""The levels of agreement by kind of scenario, each harder than the one before."""

_COMPARISONS: Mapping[str, Callable[[Json, Json], tuple[str, object, object] | None]] = {
    "scheduling": scheduling.difference,
    "disruption": disruption.disruption_difference,
    "launch": launches.launch_difference,
}


class Verdict(Struct, frozen=True, gc=False):
    """What became of one scenario. `level` counts the levels that agree, None where there is no answer to compare with.

    `difference` is the first: level, ours, theirs; `problem` says why there is no answer; `seconds` are the engine's.
    """

    name: str
    kind: str
    level: int | None = None
    seconds: float = 0.0
    difference: tuple[str, object, object] | None = None
    problem: str = ""

    @property
    def family(self) -> str:
        """What the scenario is about: its name without the number."""
        return self.name.rpartition("-")[0] or self.name

    @property
    def agrees(self) -> bool:
        """Whether the answers are the same at every level."""
        return not self.problem and self.difference is None and self.level is not None

    @property
    def compared(self) -> bool:
        """Whether there was something to compare, or should have been."""
        return self.level is not None or self.problem != ""


def is_question(document: object) -> bool:
    """Whether a parsed file is a scenario of any kind."""
    launch = isinstance(document, Mapping) and document.get("kind") == "launch" and "nodeClaims" in document
    return launch or is_scenario(document)


def answered(scenario: Json, catalog: Json | None) -> tuple[dict[str, Any], float]:
    """Our answer in the `expect` shape, and the engine's seconds. Raises ScenarioError."""
    kind = scenario.get("kind", "scheduling")
    if kind not in LEVELS:
        raise ScenarioError(f"it asks about {kind}: conform answers {', '.join(LEVELS)}")
    if kind == "launch":
        return _launch(scenario, catalog)
    snapshot = snapshot_of(scenario, catalog)
    computed = (scenario.get("state") or {}).get("conditions") == "computed"
    begin = perf_counter()
    answer = _disruption(snapshot, computed) if kind == "disruption" else _scheduling(snapshot)
    seconds = perf_counter() - begin
    # As a reader of the file will see it: tuples are lists.
    return json.loads(json.dumps(answer)), seconds


def _launch(scenario: Json, catalog: Json | None) -> tuple[dict[str, Any], float]:
    """What is sent to EC2, with the seconds of status and launches together."""
    # Half a second of imports that other kinds do without.
    from karptui.compare.launch_answer import launch_answer

    if catalog is None:
        raise ScenarioError("it names types of EC2, and no catalogue was given: put ec2-catalog.json beside it")
    begin = perf_counter()
    try:
        answer = asyncio.run(launch_answer(dict(scenario), dict(catalog)))
    except (KeyError, TypeError, ValueError) as error:
        raise ScenarioError(f"it or its catalogue is malformed: {type(error).__name__}: {error}") from error
    return json.loads(json.dumps(answer)), perf_counter() - begin


def _scheduling(snapshot: Snapshot) -> dict[str, Any]:
    from karptui.engine.provisioning import plan

    return expect_of(plan(snapshot))


def _disruption(snapshot: Snapshot, computed: bool) -> dict[str, Any]:
    from karptui.engine.disruption import disrupt, with_conditions
    from karptui.report.disruption_expect import conditions_expect, disruption_expect

    if computed:
        snapshot = with_conditions(snapshot)
    written = disruption_expect(disrupt(snapshot))
    if computed:
        written["conditions"] = conditions_expect(snapshot)
    return written


def judged(name: str, scenario: Json, answer: Json, seconds: float) -> Verdict:
    """An answer held against the one that the scenario comes with, if it does."""
    kind = scenario.get("kind", "scheduling")
    theirs = scenario.get("expect")
    if theirs is None:
        return Verdict(name, kind, None, seconds)
    compare = _COMPARISONS[kind]
    try:
        found = compare(answer, theirs)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Verdict(name, kind, 0, seconds, problem=f"its `expect` is malformed: {error}")
    level = len(LEVELS[kind]) if found is None else LEVELS[kind].index(found[0])
    return Verdict(name, kind, level, seconds, found)


def agreement(verdicts: Iterable[Verdict]) -> float:
    """The share of the compared scenarios that agree at every level; 1 where none was compared."""
    compared = [verdict for verdict in verdicts if verdict.compared]
    return sum(verdict.agrees for verdict in compared) / len(compared) if compared else 1.0


def table(verdicts: list[Verdict]) -> Iterator[str]:
    """One line a family: how many agree, and the engine's time."""
    agree: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    total: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    for verdict in verdicts:
        for row in (verdict.family, "all"):
            agree[row] += verdict.agrees
            compared[row] += verdict.compared
            total[row] += 1
            seconds[row] += verdict.seconds
    families = sorted(name for name in total if name != "all")
    width = max(map(len, (*families, "family")))
    yield f"{'family':<{width}}{'scenarios':>11}{'compared':>10}{'agree':>7}{'ms':>10}"
    for row in (*families, "all") if families else ():
        counts = f"{total[row]:>11}{compared[row]:>10}{agree[row]:>7}"
        yield f"{row:<{width}}{counts}{seconds[row] * 1000:>10.1f}"


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data: one line of `conform -o json`."""
    levels = LEVELS.get(verdict.kind, ())
    written: dict[str, Any] = {
        "name": verdict.name,
        "family": verdict.family,
        "kind": verdict.kind,
        "agrees": verdict.agrees if verdict.compared else None,
        "level": verdict.level,
        "levels": list(levels),
        "seconds": round(verdict.seconds, 6),
        "difference": None,
    }
    if verdict.difference is not None:
        level, ours, theirs = verdict.difference
        written["difference"] = {"level": level, "ours": ours, "theirs": theirs}
    if verdict.problem:
        written["problem"] = verdict.problem
    return written
