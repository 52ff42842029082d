"""A recorded day watched as beside a cluster, with a journal, ended or killed in the middle and begun anew.

python -m tests.shadow.restarted [SHARE] [GAP SECONDS]     the whole day, and what became of each decision
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from karptui.modes.shadow import Chosen
from karptui.shadow.journal import Journal
from karptui.shadow.judged import Judged
from karptui.shadow.keeping import Keeping
from karptui.shadow.memory import read_journal, read_memory
from karptui.shadow.metrics import told_by, with_told
from karptui.shadow.recorded import Scraped, recorded_events
from karptui.shadow.score import score_of
from karptui.shadow.watch import Watch
from karptui.world.world import World
from tests.shadow.perturbed import Day, begun, cut, read, told, write

LOOK = 0.5
"""Seconds between two looks while nothing is heard."""


def watched(day: Day, journal: Path, *, until: float = 0.0, killed: bool = False) -> Watch:
    """Every line taken in as it would have been live, up to a time; then the journal is finished, or just left."""
    world = World()
    watch = Watch(world, world.apply, read_memory(journal), at_once=True)
    keeping = Keeping(watch.observer, Journal(journal))
    chosen = Chosen()
    at = 0.0
    for event in recorded_events(write(day, journal.with_suffix(".zst"))):
        at = _looked(watch, keeping, at, event.at)
        if isinstance(event, Scraped):
            watch.observer.karpenters = with_told(world.catalogue, told_by(event.text), event.at)
            continue
        keeping.before(event)
        watch.observer.before(event)
        world.apply(event)
        watch.observer.after(event)
        chosen.prepare(event, world)
        _catch_up(watch, keeping, at)
    at = _looked(watch, keeping, at, until)
    if not killed:
        watch.observer.finish()
        _catch_up(watch, keeping, at)
        keeping.close(at)
    return watch


def _looked(watch: Watch, keeping: Keeping, at: float, until: float) -> float:
    """Time goes on without anything being heard."""
    while at and watch.observer.watching.since is not None and at + LOOK < until:
        at += LOOK
        watch.observer.advance(at)
        _catch_up(watch, keeping, at)
    return max(at, until)


def _catch_up(watch: Watch, keeping: Keeping, at: float) -> None:
    rounds, cases = watch.catch_up()
    keeping.take(rounds, cases, at)


def restarted(day: Day, share: float, gap: float, journal: Path, *, killed: bool = False) -> list[Judged]:
    """Watched to a point, ended, and begun anew so many seconds later: every verdict that the journal has."""
    seconds = day[-1].at - day[0].at
    watched(cut(day, share), journal, until=day[0].at + share * seconds, killed=killed)
    watched(begun(day, share + gap / seconds), journal)
    return read_journal(journal)[0]


def main(arguments: list[str]) -> None:
    """Print what became of each decision that is no agreement, for each share of the day."""
    day = read()
    shares = [float(arguments[0])] if arguments else [place / 10 for place in range(1, 10)]
    gap = float(arguments[1]) if len(arguments) > 1 else 2.0
    for share in shares:
        for killed in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                found = restarted(day, share, gap, Path(folder) / "journal.jsonl", killed=killed)
            how = "killed" if killed else "ended"
            print(f"{how} at {share:.0%} for {gap:g} s: {told(score_of(found))}", flush=True)
            for entry in found:
                if not entry.verdict.agrees or not entry.watched:
                    at = datetime.fromtimestamp(entry.at, UTC)
                    print(f"    {at:%H:%M:%S.%f} {entry.kind} {entry.what}: {entry.verdict} {entry.cause}")


if __name__ == "__main__":
    main(sys.argv[1:])
