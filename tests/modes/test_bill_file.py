"""What a cluster costs is kept from run to run, one file for each context and API server."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from karptui.modes.bill_file import HEADING, BillFile, KeptBill, bill_file
from karptui.modes.run import Run
from karptui.world import events
from karptui.world.bill_series import KEPT_MINUTES, MINUTE, POINT, pack
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

NOW = STARTED + 11.0


class Watching(Run):
    """A run over the recorded cluster, as if it were connected to a server."""

    def __init__(self, server: str = "https://one:6443", world: World | None = None) -> None:
        super().__init__()
        self.world = world or world_until(11.0)
        connection: Any = SimpleNamespace(context="prod", server=server)
        self.connection = connection
        self.time = NOW

    def now(self) -> float:
        return self.time


def problems(run: Run) -> list[str]:
    return [entry.message for entry in run.world.problems]


def kept(folder: Path, run: Watching, minutes: int = 1) -> KeptBill:
    """What a run keeps in so many minutes."""
    keeper = KeptBill(run, folder)
    assert keeper.ready
    keeper.remember()
    for _ in range(minutes):
        assert keeper.note()
        run.time += MINUTE
    return keeper


def test_a_later_run_knows_what_an_earlier_one_kept(tmp_path: Path) -> None:
    first = Watching()
    kept(tmp_path, first, 3)
    second = Watching()
    second.time = NOW + 3600.0
    kept(tmp_path, second, 0)
    hourly, known = second.world.ledger.past.average(second.time, 86400.0) or (0.0, 0.0)
    assert hourly == pytest.approx(first.world.ledger.hourly)
    assert known == 3 * MINUTE
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == len(HEADING) + 3 * POINT.size


def test_another_cluster_under_the_same_name_has_a_series_of_its_own(tmp_path: Path) -> None:
    kept(tmp_path, Watching(), 2)
    other = Watching("https://two:6443")
    kept(tmp_path, other, 0)
    assert other.world.ledger.past.average(other.time, 86400.0) is None


def test_nothing_is_kept_while_the_nodes_may_be_others(tmp_path: Path) -> None:
    run = Watching()
    run.sink(events.StreamChanged(NOW, "nodes", events.StreamState.STALE, "lost", NOW))
    keeper = KeptBill(run, tmp_path)
    keeper.remember()
    assert keeper.note()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"nonsense", HEADING + b"\xff" * 16, HEADING + pack([(NOW + 1e8, 1.0)])])
def test_a_damaged_file_is_one_sentence_and_a_new_beginning(tmp_path: Path, damage: bytes) -> None:
    file = bill_file(tmp_path, "prod", "https://one:6443")
    file.path.write_bytes(damage)
    run = Watching()
    kept(tmp_path, run, 2)
    (said,) = problems(run)
    assert "cannot be read" in said
    assert file.path.with_suffix(".damaged").read_bytes() == damage
    assert file.path.read_bytes()[: len(HEADING)] == HEADING
    assert not problems(_again(tmp_path))


def _again(folder: Path) -> Watching:
    run = Watching()
    run.time = NOW + 600.0
    kept(folder, run, 1)
    return run


def test_half_a_point_at_the_end_is_what_a_crash_leaves_and_no_damage(tmp_path: Path) -> None:
    kept(tmp_path, Watching(), 2)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-3])
    run = _again(tmp_path)
    assert not problems(run)
    assert run.world.ledger.past.average(run.time, 86400.0) == (pytest.approx(run.world.ledger.hourly), 2 * MINUTE)


def test_what_is_older_than_thirty_days_goes(tmp_path: Path) -> None:
    file = BillFile(tmp_path / "a.bill")
    old = NOW - 90 * 86400.0
    file.append(pack((old + MINUTE * index, 1.0) for index in range(60 * 24 * 60)))
    points, fault = file.read(NOW)
    assert (points, fault) == (b"", "")
    assert file.path.stat().st_size == len(HEADING)
    file.append(pack((NOW - MINUTE * index, 1.0) for index in range(2 * KEPT_MINUTES)))
    points, _ = file.read(NOW)
    assert len(points) <= (KEPT_MINUTES + 1) * POINT.size
    assert file.path.stat().st_size <= len(HEADING) + (KEPT_MINUTES + 1) * POINT.size


def test_a_folder_that_cannot_be_written_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "costs").write_text("a file")
    run = Watching()
    keeper = KeptBill(run, tmp_path / "costs")
    assert not keeper.remember()
    (said,) = problems(run)
    assert "cannot be read" in said


@pytest.mark.parametrize("context", ["../../etc/passwd", "arn:aws:eks:us-west-2:1:cluster/prod", "", "a" * 400])
def test_a_contexts_name_never_leads_out_of_the_folder(tmp_path: Path, context: str) -> None:
    file = bill_file(tmp_path, context, "https://one")
    assert file.path.parent == tmp_path
    file.append(pack([(NOW, 1.0)]))
    assert file.path.is_file()
