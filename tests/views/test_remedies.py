"""What would help a pod that fits nowhere: at once where somebody waits for it, later where a screen does."""

from karptui.views.answers.remedies import HOLD_SECONDS, Question, remedy_book
from karptui.views.answers.why import why
from karptui.views.line import plain
from karptui.world.world import World
from tests.tui.moment import decided
from tests.world.recorded import STARTED

SECONDS = 8.0
"""After so many seconds of the recording a pod waits that fits nowhere."""


def told(world: World, seconds: float = SECONDS) -> list[str]:
    """The lines about what would help the pod that fits nowhere."""
    (stuck,) = {pod for decision in world.decisions.values() if decision.failure is not None for pod in decision.pods}
    lines = [plain(line) for line in why(world, "pod", stuck, STARTED + seconds).lines]
    return [line for line in lines if line.startswith(("fix ", "or "))]


def test_who_can_wait_is_told_at_once() -> None:
    assert "/h" in told(decided(SECONDS))[0]


def test_a_screen_says_that_it_is_worked_out_until_it_is() -> None:
    world = decided(SECONDS)
    asked: list[Question] = []
    remedy_book(world).later = asked.append
    assert told(world) == ["fix  working out what would help"]
    remedy_book(world).note(asked[0], asked[0].answered())
    assert told(world) == told(decided(SECONDS))
    assert len(asked) == 1


def test_an_answer_grown_old_stands_until_there_is_another() -> None:
    world = decided(SECONDS)
    asked: list[Question] = []
    first = told(world)
    remedy_book(world).later = asked.append
    assert told(world, SECONDS + HOLD_SECONDS) == first
    assert len(asked) == 1
