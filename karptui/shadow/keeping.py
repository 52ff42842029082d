"""What an Observer foresees, sees and judges, written to the journal as it comes (journal.py)."""

from collections.abc import Iterable, Sequence

from karptui.model.disruption import Held
from karptui.shadow.cases import Case
from karptui.shadow.journal import Entry, Foreseen, Journal, Nominated, Nothing, There, Watched
from karptui.shadow.judged import PROVISION
from karptui.shadow.observer import Observer
from karptui.shadow.passes import Supposed, says
from karptui.shadow.table import Round
from karptui.world import events

HEARTBEAT_SECONDS = 10.0


class Keeping:
    """Writes about one Observer to one journal. Nothing that was recalled from the journal is written anew."""

    def __init__(self, observer: Observer, journal: Journal) -> None:
        self._observer, self._journal = observer, journal
        self._standing: tuple[float, set[tuple[object, ...]]] = (0.0, set())
        self._nominated: dict[str, float] = {}
        self._beat = 0.0
        self._begun = False

    def before(self, event: events.Event) -> None:
        """What stands provisionally is written before the NodeClaim that it is about is taken in."""
        if isinstance(event, events.ObjectSeen) and event.resource == "nodeclaims":
            self._drafts()

    def _drafts(self) -> None:
        self._rounds(self._observer.rounds.table.new(), provisional=True)

    def take(self, rounds: Sequence[Round], cases: Iterable[Case], at: float) -> None:
        """What is new at a time: first what was foreseen, then what was seen, then verdicts."""
        self._drafts()
        self._rounds(rounds)
        since = self._observer.watching.since
        if since is not None and not self._begun:
            self._begun = True
            self._journal.write(Entry(there=There(since, self._observer.there)))
        for seen in self._observer.news():
            self._journal.write(Entry(seen=seen))
        self._commands()
        self._nominations()
        for case in cases:
            self._journal.write(Entry(judged=case.judged))
        if self._begun and at - self._beat >= HEARTBEAT_SECONDS:
            self.beat(at)

    def beat(self, at: float) -> None:
        """karptui is still there."""
        self._beat = at
        self._journal.write(Entry(watched=Watched(at, self._observer.sight.skew.seconds)))

    def close(self, at: float) -> None:
        """Finish the journal."""
        self.beat(at)
        self._journal.close()

    def _rounds(self, rounds: Iterable[Round], provisional: bool = False) -> None:
        for round_ in rounds:
            since = round_.stamped if round_.stamped != round_.at else None
            for claim in round_.plan.claims:
                what = f"{claim.node_pool}: {claim.instance_types[0]} {claim.capacity_type} {claim.zone}"
                told = Foreseen(round_.at, PROVISION, what, claim.pods, provisional, since, claim)
                self._journal.write(Entry(foreseen=told))

    def _commands(self) -> None:
        """What stands to be carried out, whenever that is something else than before."""
        standing = {says(entry.command): entry for entry in self._observer.passes.latest() if _stands(entry)}
        said = set(standing)
        at, before = self._standing
        if said == before:
            return
        began = max((entry.began for entry in standing.values()), default=self._observer.at)
        if not standing or began == at:
            self._journal.write(Entry(nothing=Nothing(began)))
        self._standing = (began, said)
        for entry in standing.values():
            command = entry.command
            what = f"{command.method} {', '.join(command.nodes)}"
            self._journal.write(Entry(foreseen=Foreseen(began, command.decision, what, command=command)))

    def _nominations(self) -> None:
        until = self._observer.sight.nominated
        fresh = {name: end for name, end in until.items() if self._nominated.get(name) != end}
        if fresh:
            self._nominated = dict(until)
            self._journal.write(Entry(nominated=Nominated(fresh)))


def _stands(entry: Supposed) -> bool:
    return not entry.closed and not isinstance(entry.outcome, Held)
