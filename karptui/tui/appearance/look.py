"""How lines become Strips: theme, ASCII set and NO_COLOR in one object, so no widget asks for any of them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.theme import Theme as TextualTheme

from karptui.tui.appearance.roles import RoleStyle
from karptui.tui.appearance.theme import DEFAULT_THEME, Theme, ThemeFault, load_themes, shipped_folder
from karptui.tui.segments.line import Span, as_ascii, fit_line, safe

# Without colour only attributes are left; letters and shapes carry every meaning already.
_COLOURLESS: Mapping[str, str] = {
    "strong": "bold", "title": "bold", "key": "bold", "bad": "bold", "warn": "bold", "chosen": "bold", "dim": "dim",
    "refused": "dim", "border": "dim", "bar_free": "dim", "axis": "dim", "observe": "reverse", "shadow": "reverse",
    "active": "bold reverse", "demo": "reverse",
}  # fmt: skip
_COLOURLESS_GROUND: Mapping[str, str] = {"cursor": "reverse", "marked": "bold"}


class Look:
    """A theme with the terminal's limits applied. Immutable: another theme is another Look."""

    def __init__(self, theme: Theme, *, ascii_only: bool = False, no_color: bool = False) -> None:
        self.theme = theme
        self.ascii_only = ascii_only
        self.no_color = no_color
        self._styles: dict[tuple[str, str], Style] = {}

    def with_theme(self, theme: Theme) -> "Look":
        """The same terminal with another theme."""
        return Look(theme, ascii_only=self.ascii_only, no_color=self.no_color)

    def style(self, role: str, ground: str = "background") -> Style:
        """The Rich style of a role on a ground; ground `stale` is the background with every role dimmed.

        An unknown role is drawn as text: a view may be newer than a user's theme.
        """
        found = self._styles.get((role, ground))
        if found is None:
            found = self._styles[role, ground] = self._make(role, ground)
        return found

    def _make(self, role: str, ground: str) -> Style:
        if self.no_color:
            words = f"{_COLOURLESS.get(role, '')} {_COLOURLESS_GROUND.get(ground, '')}"
            return Style.parse("dim" if ground == "stale" else " ".join(dict.fromkeys(words.split())))
        if ground == "stale" and role not in ("border", "bar_free", "axis"):
            role = "dim"
        given = self.theme.roles.get(role) or self.theme.roles["text"]
        back = self.theme.grounds.get(ground, self.theme.grounds["background"])
        return _rich_style(given, back)

    def text(self, text: str) -> str:
        """The text as it goes to the terminal: safe, and ASCII when asked for."""
        text = safe(text)
        return as_ascii(text) if self.ascii_only else text

    def keys(self, text: str) -> str:
        """A text in which keys stand, as they are called where their sign cannot be drawn."""
        return text.replace("⏎", "enter") if self.ascii_only else text

    def paint(self, line: Sequence[Span], width: int, ground: str = "background") -> Strip:
        """A Strip of exactly `width` cells."""
        width = max(width, 0)
        segments = [Segment(self.text(text), self.style(role, ground)) for text, role in fit_line(line, width) if text]
        return Strip(segments, width)

    def blank(self, width: int, ground: str = "background") -> Strip:
        """An empty line."""
        return Strip([Segment(" " * max(width, 0), self.style("text", ground))], max(width, 0))

    def textual_theme(self) -> TextualTheme:
        """What Textual's own style sheets need of the theme: backgrounds and border colours."""
        roles, grounds = self.theme.roles, self.theme.grounds
        return TextualTheme(
            name=f"karptui-{self.theme.name}",
            dark=self.theme.dark,
            primary=roles["accent"].color or grounds["background"],
            foreground=roles["text"].color,
            background=grounds["background"],
            surface=grounds["background"],
            panel=grounds["raised"],
            variables={
                "border": roles["border_focus"].color or "",
                "border-blurred": roles["border"].color or "",
                "input-cursor-background": roles["accent"].color or "",
                "input-cursor-foreground": grounds["background"],
                "input-selection-background": grounds["cursor"],
            },
        )


def _rich_style(given: RoleStyle, back: str) -> Style:
    attributes = Style.parse(" ".join(sorted(given.attributes)))
    return Style(color=given.color, bgcolor=given.on or back) + attributes


@lru_cache(maxsize=1)
def shipped_look() -> Look:
    """The house theme, for widgets that live in no karptui application (tests, exports)."""
    themes = load_themes([shipped_folder()]).by_name
    if DEFAULT_THEME not in themes:
        raise ThemeFault(f"the theme {DEFAULT_THEME} is missing from the installation; reinstall karptui")
    return Look(themes[DEFAULT_THEME])


def look_of(app: object) -> Look:
    """The look of the running application, or the shipped one."""
    look = getattr(app, "look", None)
    return look if isinstance(look, Look) else shipped_look()
