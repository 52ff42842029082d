"""Looking back: the whole cluster as it was at any kept second, on every screen, and the way back to what goes on."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from karptui.tui.subject import Subject
from karptui.tui.surveying import Surveying
from karptui.views.emptiness import UNDECIDED
from karptui.views.lists.decisions import decision_text
from karptui.views.timelines.axis import MINUTE, MOMENTS, WHOLE_SECOND, Axis, axis, minute_words, moment, whole_minute
from karptui.views.wording import clock, duration

if TYPE_CHECKING:
    from karptui.tui.live import Live
    from karptui.world.history import History
    from karptui.world.world import World

NEAR = 0.5
"""Seconds from what goes on that count as there."""


class Travel:
    """Where in time the screens are. Worlds of the past are made in a thread; of several asked for, the latest is
    shown."""

    def __init__(self, live: "Live") -> None:
        self._live = live
        self.surveying = Surveying(lambda: live.clock.dirty.mark("survey"))
        """What holds the nodes of the past that is shown."""
        self.decision = ""
        """The decision that was stepped to; empty for a moment of its own."""
        self._wanted: float | None = None
        self._working = False
        self._words = ""

    @property
    def wanted(self) -> float | None:
        """The second that is shown, or will be as soon as it is there; None for what goes on."""
        return self._wanted

    def axis(self) -> Axis | None:
        """For the scrub bar: in replays always, else while the past is shown."""
        run, picture = self._live.run_shown, self._live.picture
        if run.history is None or not run.history.begins or (run.outline is None and picture.past is None):
            return None
        at = picture.now() if self._wanted is None else self._wanted
        played = max(run.history.ends, run.now())
        return axis(run.history.begins, played, at, picture.past is None, run.history.marks, run.outline)

    def begin_anew(self) -> None:
        """Another cluster is shown."""
        self._wanted, self.decision = None, ""
        self.surveying.forget()

    # Going

    def to(self, at: float, words: str = "", decision: str = "") -> None:
        """To a second; what lies before all that is kept is answered, what lies ahead is played to, or is live."""
        run = self._live.run_shown
        history = run.history
        if history is None or not history.begins:
            self._live.tell(history.fault if history is not None and history.fault else "Nothing is kept yet.")
            return
        if at >= run.now() - NEAR and not run.ended.is_set():
            ahead = run.outline is not None and at > run.now() + NEAR
            if ahead:
                run.seek(at)
            self.home(words or (f"Plays on from {clock(at)}." if ahead else "This is live."))
            self.decision = decision
            return
        if at < history.begins - NEAR:
            words = f"Nothing is kept from before {clock(history.begins)}."
        self._wanted = max(at, history.begins)
        self._words, self.decision = words, decision
        if not self._working:
            self._working = True
            asyncio.get_running_loop().create_task(self._recall())

    async def _recall(self) -> None:
        """Until what is wanted is shown."""
        shown: float | None = None
        try:
            while self._wanted is not None and self._wanted != shown:
                shown, history = self._wanted, self._live.run_shown.history
                assert history is not None
                lead: Callable[[], World] = history.recall(shown)
                world = await asyncio.to_thread(lead)
                if self._wanted == shown:
                    self._show(world, shown)
        except Exception as error:  # a fault here must not end the screen
            self._wanted = None
            self._live.tell(f"that time cannot be shown ({type(error).__name__}: {error})", "bad")
        finally:
            self._working = False

    def _show(self, world: "World", at: float) -> None:
        live = self._live
        live.picture.look_back(world, at)
        self.surveying.forget()
        live.clock.dirty.mark_all()
        ago = duration(max(live.run_shown.now() - at, 0.0))
        live.tell(self._words or f"This is {clock(at)}, {ago} ago. L goes back to what is live.")

    def home(self, words: str = "") -> None:
        """Back to what goes on."""
        self._wanted, self.decision = None, ""
        picture = self._live.picture
        if picture.past is not None:
            picture.thaw()
            self._live.clock.dirty.mark_all()
        if words:
            self._live.tell(words)
        self._live.clock.draw_now()

    def by(self, seconds: float) -> None:
        """So many seconds on, or back."""
        now = self._live.picture.now() if self._wanted is None else self._wanted
        if seconds > 0 and self._wanted is None and self._live.run_shown.outline is None:
            self._live.tell("This is live: nothing later is known yet.")
            return
        self.to(now + seconds)

    def to_words(self, text: str) -> None:
        """To what a person wrote."""
        run = self._live.run_shown
        latest = max(run.outline.ends if run.outline is not None else 0.0, run.now())
        shown = self._live.picture.now() if self._wanted is None else self._wanted
        at = moment(text, shown, latest)
        if at is None:
            self._live.tell(f"{text!r} is no time: {MOMENTS}", "warn")
        elif run.history is not None and whole_minute(text):
            self._to_minute(at, at - WHOLE_SECOND, run.history)
        else:
            self.to(at)

    def _to_minute(self, at: float, minute: float, history: "History") -> None:
        """To the beginning of a minute, and say what happened in it."""
        marks = [mark for mark in history.marks if minute <= mark.at < minute + MINUTE]
        world = self._live.run_shown.world
        made = next((mark for mark in marks if mark.key in world.decisions), None)
        first = f"; first {clock(made.at)} {decision_text(world, world.decisions[made.key])}" if made else ""
        if minute < history.begins < minute + MINUTE:
            at = max(at, history.begins)
        self.to(at, f"{clock(minute)[:5]}: {minute_words(marks) or 'nothing is marked'}{first}")

    def step(self, by: int, shown: str = "") -> None:
        """To the decision before or after the one that is shown, or else the second that is."""
        history, live = self._live.run_shown.history, self._live
        made = list(live.run_shown.world.decisions.values())
        if history is None or not made:
            live.tell(UNDECIDED)
            return
        keys = [decision.id for decision in made]
        if (current := shown or self.decision) in keys:
            index = keys.index(current) + by
        elif self._wanted is None:
            index = len(made) - 1 if by < 0 else len(made)
        else:
            earlier = sum(decision.at <= self._wanted for decision in made)
            index = earlier - 1 if by < 0 else earlier
        if not 0 <= index < len(made):
            words = "That is the first decision." if by < 0 else "That is the latest decision."
            live.tell(words if self._wanted is None else f"{words} L goes back to what is live.")
            return
        decision = made[index]
        at = next((mark.at for mark in reversed(history.marks) if mark.key == decision.id), decision.at)
        world = live.run_shown.world
        self.to(at, f"{clock(at)}  {decision.id}  {decision_text(world, decision)}", decision.id)
        live.show_stepped(Subject("decision", decision.id))
