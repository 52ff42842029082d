"""The application: look, clock, palette and help. Screens are installed once and never built again."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import BindingType

from karptui.failure import Failure
from karptui.tui.actions import Keymap, usable_keymap
from karptui.tui.appearance.look import Look
from karptui.tui.appearance.theme import (
    DEFAULT_THEME,
    ThemeFault,
    Themes,
    load_themes,
    shipped_folder,
    stamp_of,
    user_folder,
)
from karptui.tui.clock import Clock

if TYPE_CHECKING:
    from textual.driver import Driver

    from karptui.modes.contexts import Contexts
    from karptui.modes.run import Run
    from karptui.settings import Settings
    from karptui.tui.dialogs.confirm import Confirm
    from karptui.tui.dialogs.help import Help
    from karptui.tui.dialogs.palette import Entry, Palette

SWITCH_INTERVAL = 0.001
"""Seconds that an engine's thread may keep the interpreter while a key waits, instead of Python's five milliseconds."""


RELOAD_SECONDS = 1.0
"""Between two looks at the user's theme files."""


def find_themes(own: Path | None = None) -> Themes:
    """The shipped themes, then the user's own."""
    return load_themes([shipped_folder(), *([own] if own is not None else [])])


class Karptui(App[None]):
    """Holds what every screen needs; `faults` are sentences about themes and keys that could not be used."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = """
    ToastRack { display: none; }
    .-present Sentence { dock: top; height: 3; margin-top: 2; margin-bottom: 0; }
    .-present Panel { padding: 0 1; }
    .-present StoryLine { height: 2; margin-bottom: 1; }
    """

    def __init__(
        self,
        themes: Themes | None = None,
        *,
        theme: str = DEFAULT_THEME,
        ascii_only: bool = False,
        keymap: Keymap | None = None,
        own_themes: Path | None = None,
    ) -> None:
        no_color = "NO_COLOR" in os.environ
        # With NO_COLOR not even grey is sent: Textual drops every colour only from ANSI themes.
        super().__init__(ansi_color=no_color)
        self.animation_level = "none"
        # Themes that are handed in are all there are; else a user's files are read again when they change.
        self._own_themes = own_themes if own_themes is not None or themes is not None else user_folder()
        self.themes = themes if themes is not None else find_themes(self._own_themes)
        self._theme_stamp = stamp_of([self._own_themes] if self._own_themes is not None else [])
        self.keymap, refused = usable_keymap(keymap or {})
        self.faults: list[str] = [*refused, *self.themes.faults]
        chosen = self.themes.by_name.get(theme) or self.themes.by_name.get(DEFAULT_THEME)
        if chosen is None:
            raise ThemeFault(f"the theme {DEFAULT_THEME} is missing from the installation; reinstall karptui")
        if theme not in self.themes.by_name:
            known = ", ".join(sorted(self.themes.by_name))
            self.faults.append(f"There is no theme {theme!r}; {DEFAULT_THEME} is used, known are {known}.")
        self.look = Look(chosen, ascii_only=ascii_only, no_color=no_color)
        self.clock = Clock(self)
        self._register_looks()
        if not no_color:
            self.theme = self.look.textual_theme().name
        self.fault: Exception | None = None
        """What ended the application if it was a fault of its own; no traceback goes to the terminal."""

    # These are made when they are first asked for: the first frame does without them.

    @cached_property
    def palette(self) -> "Palette":
        """Ask, go, do."""
        from karptui.tui.dialogs.palette import Palette

        palette = Palette()
        self.install_screen(palette, "palette")
        return palette

    @cached_property
    def help(self) -> "Help":
        """The keys of a screen."""
        from karptui.tui.dialogs.help import Help

        help = Help()
        self.install_screen(help, "help")
        return help

    @cached_property
    def confirm(self) -> "Confirm":
        """A question before something is written."""
        from karptui.tui.dialogs.confirm import Confirm

        confirm = Confirm()
        self.install_screen(confirm, "confirm")
        return confirm

    def get_driver_class(self) -> "type[Driver]":
        """Textual draws on standard error; where that is sent elsewhere, it must not take the screen along."""
        found = super().get_driver_class()
        if "TEXTUAL_DRIVER" in os.environ or sys.__stderr__ is None or sys.__stderr__.isatty():
            return found

        class OnStandardOutput(found):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                self._file = sys.__stdout__

        return OnStandardOutput

    def _register_looks(self) -> None:
        for theme in self.themes.by_name.values():
            self.register_theme(self.look.with_theme(theme).textual_theme())

    def _handle_exception(self, error: Exception) -> None:
        self.fault = error
        if self.is_headless:  # a test wants the traceback
            super()._handle_exception(error)
            return
        self._close_messages_no_wait()

    def on_mount(self) -> None:
        """Start the clock."""
        self.clock.start()
        if self._own_themes is not None:
            self.set_interval(RELOAD_SECONDS, self._reload_themes)

    def _reload_themes(self) -> None:
        """Show what a user has just changed in a theme file."""
        assert self._own_themes is not None
        stamp = stamp_of([self._own_themes])
        if stamp == self._theme_stamp:
            return
        self._theme_stamp = stamp
        found = find_themes(self._own_themes)
        if found.faults:
            self.tell(found.faults[0], "warn")  # what was there before goes on
            found = Themes({**self.themes.by_name, **found.by_name}, found.faults)
        self.themes = found
        self._register_looks()
        name = self.look.theme.name
        if found.by_name.get(name, self.look.theme) != self.look.theme:
            self.look = self.look.with_theme(found.by_name[name])
            if not self.look.no_color:
                self._invalidate_css()
                self.refresh_css(animate=False)
            for screen in self.screen_stack:
                screen.refresh(layout=True)
            self.tell(f"theme {name}: read again")

    def tell(self, text: str, role: str = "strong") -> None:
        """Say something to the person; an application without a sentence line keeps it to itself."""

    def action_use_theme(self, name: str) -> None:
        """Another theme, everywhere at once."""
        theme = self.themes.by_name.get(name)
        if theme is None or theme == self.look.theme:
            return
        self.look = self.look.with_theme(theme)
        if not self.look.no_color:
            self.theme = self.look.textual_theme().name
        for screen in self.screen_stack:
            screen.refresh(layout=True)

    def ask(self, entries: "Callable[[], Sequence[Entry]]", title: str = "ask, go, do", themes: bool = True) -> None:
        """Open the palette over the screen; what is chosen is run as an action of that screen, else of the app."""
        from karptui.tui.dialogs.palette import theme_entries

        asked_on = self.screen

        async def run(entry: "Entry | None") -> None:
            if entry is not None:
                owner = asked_on if hasattr(asked_on, f"action_{entry.action}") else self
                await self.run_action(("", entry.action, entry.arguments), default_namespace=owner)

        self.palette.offer(lambda: [*entries(), *(theme_entries(self.themes) if themes else ())], title)
        self.push_screen(self.palette, run)


async def show(
    make: Callable[[], "Run"],
    settings: "Settings",
    mode: str = "OBSERVE",
    contexts: "Callable[[], Contexts] | None" = None,
    present: bool = False,
    taking_over: Callable[[], None] = lambda: None,
) -> None:
    """Show the run that `make` gives on the terminal until it is left, then stop it; the terminal is as before whatever
    happens. The first frame is painted before `make` is called, and `taking_over` is just before the terminal is ours.

    A run that fails stays on the screen and says so. Raises Failure if there is none, if it failed, or if the screen
    itself fails.
    """
    from karptui.tui.live import Live

    app = Live(
        make,
        mode=mode,
        theme=settings.theme,
        ascii_only=settings.ascii,
        extra_labels=settings.label_names,
        keymap=settings.keymap,
        contexts=contexts,
        present=present,
    )
    sys.setswitchinterval(SWITCH_INTERVAL)
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, app.exit)
    taking_over()
    try:
        await app.run_async()
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
        await app.stop_runs()
    if isinstance(app.fault, Failure):
        raise app.fault
    if app.opened and app.run_shown.failure:
        raise Failure(app.run_shown.failure)
    if app.fault is not None:
        raise Failure(f"the screen failed ({type(app.fault).__name__}: {app.fault}); please report it") from app.fault
