import pytest

from karptui.shadow.observer import Observer
from tests.shadow.day import DAY, judged


@pytest.fixture(scope="session")
def recorded_day() -> Observer:
    """The recorded day judged to its end, once for all tests: they change nothing of it."""
    return judged(DAY)
