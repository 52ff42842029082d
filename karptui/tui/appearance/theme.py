"""Themes: TOML files that give colours to roles. Shipped ones and the user's own; a bad file is skipped and named."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import karptui
from karptui.settings import config_folder
from karptui.tui.appearance.roles import GROUNDS, ROLES, RoleStyle

DEFAULT_THEME = "dark"
_ATTRIBUTES = frozenset({"bold", "dim", "italic", "underline", "reverse", "strike"})
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_KEYS = frozenset({"title", "dark", "base", "colors", "roles", "grounds"})


class ThemeFault(ValueError):
    """A theme file that cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Theme:
    """Styles by role and backgrounds by ground name; every role and ground is there."""

    name: str
    title: str
    dark: bool
    roles: Mapping[str, RoleStyle]
    grounds: Mapping[str, str]


@dataclass(frozen=True)
class Themes:
    """What could be loaded, by name, and one sentence for each file that could not."""

    by_name: Mapping[str, Theme]
    faults: tuple[str, ...] = field(default=())


def shipped_folder() -> Path:
    """Where the shipped themes are: inside the package of a wheel, beside it in a checkout."""
    package = Path(karptui.__file__).parent
    inside = package / "shipped" / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def user_folder() -> Path:
    """Where a user's own themes are looked for; it need not exist."""
    return config_folder() / "themes"


def stamp_of(folders: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Another value when a theme file of these folders came, went or changed."""
    found: list[tuple[str, int, int]] = []
    for folder in folders:
        try:
            for path in sorted(folder.glob("*.toml")):
                about = path.stat()
                found.append((str(path), about.st_mtime_ns, about.st_size))
        except OSError:  # it goes while it is looked at
            continue
    return tuple(found)


def _color(word: str, colors: Mapping[str, str], where: str) -> str:
    found = colors.get(word, word)
    if not _HEX.fullmatch(found):
        known = f"one of the names {', '.join(sorted(colors))}" if colors else "a name from [colors]"
        raise ThemeFault(f"{where} has the colour {word!r}; write #rrggbb or {known}")
    return found.lower()


def parse_style(words: object, colors: Mapping[str, str], where: str) -> RoleStyle:
    """Read "bold sky on night": attributes, one colour, `on` and a second one; any part may be missing."""
    if not isinstance(words, str):
        raise ThemeFault(f"{where} must be text such as 'bold #7cc4ff', not {type(words).__name__}")
    color = on = None
    attributes: set[str] = set()
    expects_ground = False
    for word in words.split():
        if word in _ATTRIBUTES:
            attributes.add(word)
        elif word == "on":
            expects_ground = True
        elif expects_ground:
            on, expects_ground = _color(word, colors, where), False
        elif color is None:
            color = _color(word, colors, where)
        else:
            raise ThemeFault(f"{where} has two colours; write the second one after 'on'")
    if expects_ground:
        raise ThemeFault(f"{where} ends with 'on'; a colour must follow")
    return RoleStyle(color, on, frozenset(attributes))


def _checked_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise ThemeFault(f"{what} {name!r} is unknown; {hint}")


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise ThemeFault(f"{key} must be a table: write [{key}]")
    return table


def parse_theme(name: str, text: str, bases: Mapping[str, Theme]) -> Theme:
    """Read one theme. What it leaves out comes from `base` (another theme's name); without a base all must be there.

    Raises ThemeFault with one sentence.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ThemeFault(f"it is not TOML: {str(fault)[:80]}") from fault
    _checked_names(data, sorted(_KEYS), "the entry")
    base_name = data.get("base")
    if base_name is not None and base_name not in bases:
        raise ThemeFault(f"its base {base_name!r} is not a theme; known are {', '.join(sorted(bases)) or 'none'}")
    base = bases[base_name] if base_name is not None else None
    colors = {key: _color(str(value), {}, f"colour {key}") for key, value in _table(data, "colors").items()}
    roles, grounds = _table(data, "roles"), _table(data, "grounds")
    _checked_names(roles, ROLES, "the role")
    _checked_names(grounds, GROUNDS, "the ground")
    styles = {role: parse_style(words, colors, f"the role {role}") for role, words in roles.items()}
    backs = {ground: _color(str(word), colors, f"the ground {ground}") for ground, word in grounds.items()}
    if base is not None:
        styles, backs = {**base.roles, **styles}, {**base.grounds, **backs}
    missing = [key for key in (*ROLES, *GROUNDS) if key not in styles and key not in backs]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ThemeFault(f'it lacks {", ".join(missing[:3])}{more}; add them, or base = "dark"')
    colourless = [role for role, style in styles.items() if style.color is None]
    if colourless:
        raise ThemeFault(f"the role {colourless[0]} has no colour; write one such as '#c9d3e0'")
    dark = data.get("dark", base.dark if base else True)
    if not isinstance(dark, bool):
        raise ThemeFault("dark must be true or false")
    return Theme(name, str(data.get("title", name)), dark, styles, backs)


def load_themes(folders: Iterable[Path]) -> Themes:
    """Load every *.toml of the folders in their order; a later theme takes the place of an earlier one of its name."""
    found: dict[str, Theme] = {}
    faults: list[str] = []
    for folder in folders:
        try:
            paths = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != DEFAULT_THEME, path.stem))
        except OSError:  # not readable: as if it were not there
            continue
        for path in paths:
            try:
                found[path.stem] = parse_theme(path.stem, path.read_text(encoding="utf-8"), found)
            except ThemeFault as fault:
                end = "" if str(fault).endswith("?") else "."
                faults.append(f"Theme {path.name} in {folder} is skipped: {fault}{end}")
            except (OSError, UnicodeDecodeError) as fault:
                faults.append(f"Theme {path.name} in {folder} is skipped: it cannot be read ({type(fault).__name__}).")
    return Themes(found, tuple(faults))
