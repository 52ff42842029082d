"""What every test may ask for; nothing here starts anything before a test does."""

import signal

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.control_plane.fixtures"]

# How long an example takes says how busy the machine is, not whether a property holds.
settings.register_profile("karptui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("karptui")

# A shell that starts this in the background has it ignore ctrl-c, and what the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = ("control_plane", "real_api_server", "running_lab", "own_plane", "machines", "recorded_day", "scripted_day")
"""Fixtures that start servers, or judge a whole day, for many tests: with several workers, all of those tests go to the
same one."""


@pytest.hookimpl(tryfirst=True)  # before xdist looks which tests belong together
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests belong together when `make test` shares them out among workers."""
    for item in items:
        for fixture in SHARED:
            if fixture in getattr(item, "fixturenames", ()) or _compared(item) == fixture:
                item.add_marker(pytest.mark.xdist_group(fixture))
                break


def _compared(item: pytest.Item) -> str:
    """The fixture that a test asks for by itself when its parameter says `real`."""
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params if callspec is not None else {}
    if parameters.get("api_under_test") == "real":
        return "control_plane"
    return "real_api_server" if parameters.get("server") == "real" else ""
