"""docs/comparison.md: every feature has its row, and what karptui does not do has a reason."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"


def test_every_feature_is_compared_and_every_lack_of_ours_has_a_reason() -> None:
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| \d", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 74))
    assert {len(row) for row in rows} == {6}
    assert {row[4] for row in rows} <= {"yes", "partly", "no", "-"}
    assert all(len(row[5]) > 20 for row in rows if row[4] != "yes")
