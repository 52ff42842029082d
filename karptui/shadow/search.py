"""How often the engine may be asked for one cause, and for all of them: counted in runs, so that a replay of the same
events ends each search at the same place, however fast the machine is."""

from karptui.shadow.verdict import Cause, Found

RUNS_A_CASE = 120
"""Runs of the engine for one disagreement: enough for every doubt alone and for most pairs of them."""

RUNS_AT_ONCE = 2_000
"""Runs that may be used up in one go by a time in which much disagrees."""

RUNS_A_MINUTE = 240.0
"""Runs that are won back in a minute of the cluster's time."""

RUNS_LEAST = 12
"""Runs that every case gets, whatever was used up before it: the likeliest doubts come first."""


class SearchEnded(Exception):
    """The runs of one case are used up."""


class Search:
    """The runs of one case. `ask` before each run of the engine; raises SearchEnded where there are none left."""

    def __init__(self, runs: int = RUNS_A_CASE) -> None:
        self.runs = runs
        self.used = 0

    def ask(self) -> None:
        """One run of the engine."""
        if self.used >= self.runs:
            raise SearchEnded
        self.used += 1

    @property
    def ended(self) -> Found:
        """What is said of a case whose runs are used up."""
        return Found((Cause.UNEXPLAINED,), f"the search ended at {self.used} runs of the engine")


class Allowance:
    """Hands out the runs of all cases in turn. Times are those of the events, in epoch seconds."""

    def __init__(self, at_once: int = RUNS_AT_ONCE, a_minute: float = RUNS_A_MINUTE) -> None:
        self._most, self._a_minute = float(at_once), a_minute
        self._left, self._at = float(at_once), 0.0

    def search(self, at: float) -> Search:
        """The runs of a case judged at a time."""
        if self._at:
            self._left = min(self._left + max(at - self._at, 0.0) / 60.0 * self._a_minute, self._most)
        self._at = max(self._at, at)
        return Search(max(min(RUNS_A_CASE, int(self._left)), RUNS_LEAST))

    def used(self, search: Search) -> None:
        """The search of a case has come to its end."""
        self._left = max(self._left - search.used, 0.0)
