"""What each action of the table is expected to do; importing this fills `tests.tui.trying.EXPECTED`."""

from tests.tui.expected import acts, everywhere, lists, moments, objects

__all__ = ["acts", "everywhere", "lists", "moments", "objects"]
