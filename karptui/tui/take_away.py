"""What can be taken away from a screen: copies through the terminal, and files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from karptui.tui.app import Karptui

if TYPE_CHECKING:
    from karptui.modes.run import Run
    from karptui.tui.export import Format
    from karptui.tui.picture import Picture
    from karptui.tui.subject import Subject

MOST_COPIED = 74_000
"""Bytes of OSC 52 that terminals take (xterm and tmux: 100,000 characters of base64)."""


class TakeAway(Karptui):
    """The application's part that copies and saves what `picture` shows."""

    run_shown: "Run"
    picture: "Picture"
    _here: "tuple[str, Subject | None]" = ("overview", None)

    def copy(self, text: str, what: str = "") -> None:
        """Into the terminal's clipboard, by OSC 52: terminals drop what is longer than some 74 KB."""
        if len(text.encode()) > MOST_COPIED:
            self.tell(f"that is more than {MOST_COPIED // 1000} KB, which terminals do not take; x saves it", "warn")
            return
        self.copy_to_clipboard(text)
        self.tell(f"copied: {what or text}")

    def copy_kubeconfig(self) -> None:
        """The path of the demo's kubeconfig."""
        path = getattr(self.run_shown, "kubeconfig", None)
        if path is None:
            self.tell("The cluster is not up yet.", "warn")
            return
        self.copy_to_clipboard(str(path))
        self.tell(f"copied; try: kubectl --kubeconfig {path} get nodeclaims -w")

    def ask_export(self) -> None:
        """In which form, in the palette."""
        from karptui.tui.export import export_entries

        self.ask(export_entries, f"export {self._here[0]}", themes=False)

    def action_export_as(self, form: "Format") -> None:
        """This view into a file in the current folder."""
        stamp = datetime.fromtimestamp(self.picture.now(), UTC).strftime("%Y%m%d-%H%M%S")
        path = Path(f"karptui-{self._here[0]}-{stamp}.{form}")
        try:
            path.write_text(self._exported(form), encoding="utf-8")
        except OSError as error:
            self.tell(f"cannot write {path} here: {error.strerror or error}; start karptui in another folder", "bad")
            return
        self.tell(f"saved {path.resolve()}")

    def action_copy_as(self, form: "Format") -> None:
        """This view into the clipboard."""
        self.copy(self._exported(form), f"the view as {form}")

    def _exported(self, form: "Format") -> str:
        from karptui.tui.screens.frame import Frame

        at = datetime.fromtimestamp(self.picture.now(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        if form == "svg" or not isinstance(self.screen, Frame):
            return self.export_screenshot(title="karptui")
        return self.screen.export(form, at)
