"""Views as Markdown, JSON and CSV."""

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from karptui.views.forms import Export, as_csv, as_json, as_markdown

ROWS = (("shop/a|b", "Running"), ("shop/c", "two\nlines"))
EXPORTS = [Export("Pods 2", ("POD", "STATE"), ROWS), Export("Why", (), (), ("one", "two"))]


def test_markdown_has_a_table_for_a_list_and_lines_for_a_pane() -> None:
    text = as_markdown("pods", "2026-11-21", "two pods", EXPORTS)
    assert "| POD | STATE |" in text
    assert "| shop/a\\|b | Running |" in text
    assert "| shop/c | two lines |" in text
    assert "```text\none\ntwo\n```" in text


def test_json_names_the_cells_by_their_columns() -> None:
    found = json.loads(as_json("pods", "2026-11-21", "two pods", EXPORTS))
    assert found["boxes"][0]["rows"][0] == {"POD": "shop/a|b", "STATE": "Running"}
    assert found["boxes"][1]["lines"] == ["one", "two"]


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_csv_is_read_back_as_it_was_and_holds_no_formula(rows: list[tuple[str, str]]) -> None:
    rows = [(one.replace("\r", ""), other.replace("\r", "").replace("\0", "")) for one, other in rows]
    rows = [(one.replace("\0", ""), other) for one, other in rows]
    read = list(csv.reader(io.StringIO(as_csv(("A", "B"), rows))))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.startswith(("=", "@")) for row in read for cell in row)
