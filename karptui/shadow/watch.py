"""One Karpenter in the shadow, as whoever runs it sees it: what is foreseen, the cases, the inputs; and the World told.

`before` and `after` an event, `advance` as time goes on; `catch_up` after either tells what is new.
"""

from karptui.shadow.cases import ANSWERS_KEPT, Case, Cases
from karptui.shadow.inputs import Inputs
from karptui.shadow.memory import Memory
from karptui.shadow.observer import Observer
from karptui.shadow.table import Round
from karptui.shadow.telling import Sink, Teller
from karptui.world.world import World

EVIDENCE_KEPT = 100
"""Latest cases of each kind of which the whole cluster is kept, for bundles."""


class Watch:
    """Brings an Observer's verdicts to the World and to the cases."""

    def __init__(self, world: World, sink: Sink, memory: Memory | None = None, at_once: bool = False) -> None:
        self.observer = Observer(world, at_once, memory)
        self.cases = Cases(memory.judged if memory is not None else ())
        self.inputs = Inputs()
        self._teller = Teller(world, sink)

    def catch_up(self) -> tuple[list[Round], list[Case]]:
        """The rounds that were foreseen and the cases that were judged since this was last called."""
        rounds = self.observer.new_rounds()
        for round_ in rounds:
            self._teller.foreseen(round_)
        cases = self.cases.take(self.observer.judge.new_verdicts())
        for case in cases:
            self._teller.judged(case)
        if cases:
            self.observer.judge.forget(EVIDENCE_KEPT)
            self.observer.judge.drop(EVIDENCE_KEPT)
        del self.observer.removals[:-ANSWERS_KEPT]
        return rounds, cases
