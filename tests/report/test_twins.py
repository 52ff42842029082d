"""The views of the screens on the command line: one moment of the recording in every form."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest

from karptui.failure import Failure
from karptui.report.twins.cost import cost_twin
from karptui.report.twins.explained import timeline_twin, why_twin
from karptui.report.twins.objects import decisions_twin, nodes_twin, pods_twin
from karptui.report.twins.standing import status_twin
from karptui.report.twins.twin import Form, Twin, written
from karptui.views.lists.overview import sentence
from karptui.views.timelines.progress import waiting
from karptui.world.world import World
from tests.tui.moment import decided
from tests.world.recorded import STARTED

Make = Callable[[World, float], Twin]
POD = "default/inflate-84d777bc48-6bpsq"
TWINS: dict[str, Make] = {
    "status": status_twin,
    "pods": pods_twin,
    "nodes": nodes_twin,
    "decisions": decisions_twin,
    "cost": cost_twin,
    "why pod": lambda world, now: why_twin(world, POD, now),
    "why decision": lambda world, now: why_twin(world, "D-00001", now),
    "timeline": lambda world, now: timeline_twin(world, POD, now),
}


@pytest.fixture(scope="module")
def world() -> World:
    return decided(2.4)


@pytest.mark.parametrize("name", TWINS)
def test_every_view_is_the_same_in_every_form(world: World, name: str) -> None:
    now = STARTED + 2.4
    twin = TWINS[name](world, now)
    forms: dict[Form, str] = {form: written(twin, form, world, now) for form in ("text", "json", "md", "csv")}
    assert all(text and not text.endswith("\n") for text in forms.values())
    assert twin.sentence in forms["text"]
    assert twin.sentence in forms["md"]
    found = json.loads(forms["json"])
    assert twin.sentence in (found.get("sentence"), found.get("title"))
    rows = list(csv.reader(io.StringIO(forms["csv"])))
    assert len(rows) == len(twin.table) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert json.loads(written(twin, "json", world, now, line=True)) == found
    assert not twin.names or not twin.table or tuple(twin.table[0]) == twin.names


def test_status_prints_the_sentence_of_the_overview(world: World) -> None:
    twin = status_twin(world, STARTED + 2.4)
    assert twin.sentence == sentence(world, waiting(world, STARTED + 2.4), [])
    assert twin.sentence in written(twin, "text", world, STARTED + 2.4).splitlines()


def test_names_of_values_say_their_units(world: World) -> None:
    for make in TWINS.values():
        for record in make(world, STARTED + 2.4).table:
            for name, value in record.items():
                if isinstance(value, float):
                    assert re.search(r"(Seconds|usdPerHour|usdPerMonth|UsdPerHour|Share|Change)$", name), name


def test_pods_that_wait_come_first_and_alone_if_asked(world: World) -> None:
    rows = pods_twin(world, STARTED + 2.4, only_pending=True).table
    assert len(rows) == 5
    assert all(row["pending"] for row in rows)


def test_a_label_gets_a_column(world: World) -> None:
    (box,) = pods_twin(world, STARTED + 2.4, labels=("app",)).boxes
    assert box.columns[-1] == "APP"
    assert {row[-1] for row in box.rows} == {"inflate"}


def test_the_instance_types_of_a_decision_are_its_csv(world: World) -> None:
    rows = why_twin(world, "D-00001", STARTED + 2.4).table
    assert sum(row["code"] == "chosen" for row in rows) == 1
    assert len(rows) > 100


def test_what_has_no_way_is_said(world: World) -> None:
    with pytest.raises(Failure, match="default has no timeline"):
        timeline_twin(world, "default", STARTED + 2.4)
    with pytest.raises(Failure, match="is called nope"):
        why_twin(world, "nope", STARTED + 2.4)
