"""Questions that once got another answer than Karpenter's, or are of a kind that the corpus lacks, get its answer."""

import json
from pathlib import Path

import pytest

from karptui.report.conformance import answered, judged
from tests.conformance.corpus import catalog

FOUND = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_a_question_that_went_wrong_once_gets_karpenters_answer(path: Path) -> None:
    question = json.loads(path.read_text())
    verdict = judged(path.stem, question, *answered(question, catalog()))
    assert verdict.agrees, f"{question['about']}: {verdict.problem or verdict.difference}"
