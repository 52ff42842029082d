from pathlib import Path

import pytest

from karptui.shadow.judged import PROVISION
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


@pytest.mark.karpenter
async def test_killed_beside_a_real_karpenter_it_goes_on_and_judges_nothing_twice(tmp_path: Path) -> None:
    run = await beside(tmp_path, kill=250.0, away=20.0)

    made = [name for entry in run.judged if entry.kind == PROVISION for name in entry.made]
    taken = [name for entry in run.judged if not entry.never for name in entry.taken]
    assert len(made) == len(set(made))
    assert len(taken) == len(set(taken))
    away = [entry for entry in run.judged if not entry.watched]
    # A journal says every ten seconds that somebody is there; a command that validates takes 15.7 s.
    assert all(run.killed - 11.0 < entry.at < run.back + 16.0 for entry in away)
    assert audited_verbs(tmp_path) <= {"get", "list", "watch"}
