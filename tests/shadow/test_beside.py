from pathlib import Path

import pytest

from karptui.shadow.memory import read_journal
from karptui.shadow.score import DISRUPTION_BAR, PROVISIONING_BAR, UNEXPLAINED_BAR, score_of
from tests.shadow.beside import audited_verbs, beside


@pytest.mark.karpenter
async def test_beside_a_real_karpenter_most_is_foreseen_and_nothing_is_written(tmp_path: Path) -> None:
    run = await beside(tmp_path)

    score = score_of(run.judged)
    judged = score.provisioning.judged + score.disruption.judged
    assert (score.provisioning.agreement or 0) >= PROVISIONING_BAR, score.causes
    assert (score.disruption.agreement or 0) >= DISRUPTION_BAR, score.causes
    assert score.unexplained <= UNEXPLAINED_BAR * judged
    assert audited_verbs(tmp_path) <= {"get", "list", "watch"}
    assert read_journal(tmp_path / "journal.jsonl")[0] == run.judged
