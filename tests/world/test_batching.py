"""The batching window, against the rules of spec/scheduling.md 2: idle 1 s, longest 10 s."""

import pytest

from karptui.world.batching import Window


@pytest.mark.parametrize(
    ("triggers", "closes"),
    [
        ([], None),
        ([("a", 100.0)], 101.0),
        ([("a", 100.0), ("b", 100.5)], 101.5),
        ([("a", 100.0), ("a", 100.9)], 101.0),
        ([("a", 100.0), ("b", 100.5), ("a", 101.4)], 101.5),
        ([(f"pod-{number}", 100.0 + number * 0.9) for number in range(11)], 110.0),
        ([(f"pod-{number}", 100.0 + number * 0.9) for number in range(20)], 110.0),
    ],
    ids=["never opened", "one", "each new one", "not by the same", "not by one of them", "nearly idle", "longest"],
)
def test_the_window_closes(triggers: list[tuple[str, float]], closes: float | None) -> None:
    window = Window(1.0, 10.0)
    for uid, at in triggers:
        window.trigger(uid, at)
    assert window.closes == closes
    if closes is not None:
        assert not window.closed(closes - 0.01)
        assert window.closed(closes)


def test_a_window_that_never_opened_never_closes() -> None:
    assert not Window(1.0, 10.0).closed(1e12)


def test_after_it_was_cleared_the_same_pod_opens_it_anew() -> None:
    window = Window(1.0, 10.0)
    window.trigger("a", 100.0)
    window.clear()
    assert window.closes is None
    window.trigger("a", 102.0)
    assert window.closes == 103.0
