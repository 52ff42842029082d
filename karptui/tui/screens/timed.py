"""What every screen can do with time: step through decisions, go to any second, freeze, and back to what is live."""

from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from karptui.tui.widgets.prompt import LinePrompt
from karptui.tui.widgets.scrub_bar import ScrubBar

if TYPE_CHECKING:
    from karptui.tui.live import Live


class Timed(Screen[None]):
    """The part of a screen that knows of time; it has a ScrubBar and a LinePrompt called `time-prompt`."""

    @property
    def live(self) -> "Live":
        """The application."""
        return cast("Live", self.app)

    @property
    def stepped_from(self) -> str:
        """The decision that the one before and the one after are meant of; empty for the time that is shown."""
        return ""

    def draw_axis(self) -> None:
        """Show where in time this is."""
        self.query_one(ScrubBar).show(self.live.travel.axis())

    @on(ScrubBar.Sought)
    def _sought(self, event: ScrubBar.Sought) -> None:
        event.stop()
        self.live.travel.to(event.at)

    def action_earlier_decision(self) -> None:
        """The cluster at the decision before."""
        self.live.travel.step(-1, self.stepped_from)

    def action_later_decision(self) -> None:
        """The cluster at the decision after."""
        self.live.travel.step(1, self.stepped_from)

    def action_earlier_second(self) -> None:
        """A second back."""
        self.live.travel.by(-1.0)

    def action_later_second(self) -> None:
        """A second on."""
        self.live.travel.by(1.0)

    def action_earlier_minute(self) -> None:
        """A minute back."""
        self.live.travel.by(-60.0)

    def action_later_minute(self) -> None:
        """A minute on."""
        self.live.travel.by(60.0)

    def action_open_time(self) -> None:
        """Ask which time."""
        self.query_one("#time-prompt", LinePrompt).open("")

    def action_freeze_picture(self) -> None:
        """Freeze, or go on."""
        self.live.toggle_freeze()

    def action_go_live(self) -> None:
        """Let the picture go on."""
        self.live.go_live()

    @on(LinePrompt.Written)
    def _time_written(self, event: LinePrompt.Written) -> None:
        if event.prompt.id == "time-prompt":
            event.stop()
            if event.text:
                self.live.travel.to_words(event.text)
