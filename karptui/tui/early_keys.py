"""Keys typed before there was a screen to take them."""

import asyncio
from typing import Any

from textual import events
from textual.app import App

QUIET_LOOKS = 3
"""How often nothing may be under way before the next of the keys that were typed too early is taken."""
LEAVING = frozenset({"q", "ctrl+c", "ctrl+q"})


class EarlyKeys:
    """Keeps them for the first screen, which says when it can take them."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._kept: list[events.Key] | None = []
        self._let_through: events.Key | None = None

    def keep(self, event: events.Event, opened: bool) -> bool:
        """Whether this is a key that was kept. Leaving works at once until there is a run (`opened`); then one screen
        makes place for another, and neither is sure to take a key."""
        if self._kept is None or not isinstance(event, events.Key) or event is self._let_through:
            return False
        if event.key in LEAVING and not opened:
            return False
        self._kept.append(event)
        return True

    @property
    def done(self) -> bool:
        """Whether keys go straight to the screen now."""
        return self._kept is None

    def take(self) -> None:
        """The first screen can take keys now, after those that are still on their way to the application."""
        self._app.call_later(self._take)

    def _take(self) -> None:
        if self._kept:
            self._app.run_worker(self._type(self._kept), exit_on_error=False)
        else:
            self._kept = None

    async def _type(self, keys: list[events.Key]) -> None:
        """One after the other: a key may bring up the screen that the next one is meant for. What is typed meanwhile
        is kept too, or it would come before them."""
        app = self._app
        while keys:
            self._let_through = keys.pop(0)
            app.post_message(self._let_through)
            quiet = 0
            while quiet < QUIET_LOOKS:
                await asyncio.sleep(0.02)
                busy = app.message_queue_size or app.screen.message_queue_size or not app.screen.is_mounted
                quiet = 0 if busy else quiet + 1
        self._kept = None
