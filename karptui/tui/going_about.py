"""Going about: places, details and lists, the way back, and what the palette names."""

from typing import TYPE_CHECKING, cast

from karptui.tui.screens.places import DETAILS
from karptui.tui.subject import Subject
from karptui.tui.take_away import TakeAway

if TYPE_CHECKING:
    from karptui.tui.clusters import Clusters
    from karptui.tui.screens.narrowed import Narrowed
    from karptui.tui.screens.places import Detail

ONLY_KUBE_EVENTS = "from=kubernetes"
"""What leaves Kubernetes' Events in the log."""


class GoingAbout(TakeAway):
    """The application's part that knows where one is and where one came from."""

    clusters: "Clusters"

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._trail: list[tuple[str, Subject | None]] = []
        self._here: tuple[str, Subject | None] = ("overview", None)

    def go_to(self, place: str) -> None:
        """A place of the key bar; the way back is forgotten unless it is from there."""
        if place == self._here[0]:
            return
        self._trail = [("overview", None)] if place != "overview" else []
        self._show(place, None)

    def show(self, screen: str, subject: Subject) -> None:
        """A detail of something, or a list; esc leads back."""
        if (screen, subject) == self._here:
            return
        self._trail.append(self._here)
        self._show(screen, subject)

    def back(self) -> None:
        """Where one came from; from the first screen nowhere."""
        if self._trail:
            self._show(*self._trail.pop())

    def forget_answer(self) -> None:
        """What was answered to a key where one was says nothing about where one is now."""

    def _show(self, screen: str, subject: Subject | None) -> None:
        self._here = (screen, subject)
        self.forget_answer()
        if subject is not None and screen in DETAILS:
            cast("Detail", self.get_screen(screen)).show_subject(subject)
        if self.screen is not self.get_screen(screen):
            self.switch_screen(screen)
        else:
            self.clock.draw_now()

    def show_why(self, subject: Subject) -> None:
        """The decision itself for a decision, another cluster for a context, else all that is known."""
        if subject.kind == "context":
            self.action_switch_context(subject.key)
            return
        self.show("decision" if subject.kind == "decision" else "detail", subject)

    # What the palette names

    def action_switch_context(self, name: str) -> None:
        """Another cluster."""
        self.run_worker(self.clusters.switch(name), exit_on_error=False, group="switch")

    def action_switch_namespace(self, name: str) -> None:
        """Only the pods of one namespace, "" for all."""
        self.run_worker(self.clusters.narrow(name), exit_on_error=False, group="switch")

    def action_go_to_object(self, kind: str, key: str) -> None:
        """Everything about an object that was named in the palette."""
        self.show_why(Subject(kind, key))

    def action_go_to(self, place: str) -> None:
        """A place named in the palette."""
        self.go_to(place)

    def action_show_list(self, resource: str, words: str = "") -> None:
        """Every object of a kind, or those that pass a filter."""
        self.show("objects", Subject(resource, ""))
        self._narrow("objects", words)

    def action_show_kube_events(self) -> None:
        """The log with nothing but Kubernetes' Events."""
        self.go_to("log")
        self._narrow("log", ONLY_KUBE_EVENTS)

    def action_show_pods_of(self, namespace: str) -> None:
        """The pods of a namespace."""
        self.go_to("pods")
        self._narrow("pods", f"ns={namespace}")

    def _narrow(self, screen: str, words: str) -> None:
        cast("Narrowed", self.get_screen(screen)).narrow(words)
