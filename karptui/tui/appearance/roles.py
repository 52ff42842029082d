"""The names a theme gives styles to. Widgets and segments speak of roles only, never of colours."""

from dataclasses import dataclass

TEXT_ROLES: dict[str, str] = {
    "text": "ordinary text",
    "strong": "text that must be found first",
    "dim": "column titles, units, what is less important",
    "title": "title of a box",
    "accent": "the sentence mark, links, what can be acted on",
    "key": "a key in the key bar and in help",
    "ok": "agrees, healthy, inside its limit",
    "warn": "late, old, near its limit",
    "bad": "blocked, failed, disagrees",
    "money": "prices and sums",
    "chosen": "the instance type or node that was chosen",
    "refused": "a candidate that lost",
    "spot": "capacity type spot",
    "on_demand": "capacity type on-demand",
    "reserved": "capacity type reserved",
    "pending": "stage: waits for a decision",
    "launching": "stage: CreateFleet until the instance exists",
    "booting": "stage: launched until registered",
    "starting": "stage: registered until ready, startup taints, image pull",
    "ready": "stage: ready, bound",
    "draining": "stage: draining or terminating",
    "observe": "the mode cell in OBSERVE",
    "shadow": "the mode cell in SHADOW",
    "active": "the mode cell in ACTIVE",
    "demo": "the mode cell in a demo, a lab or a replay",
}
"""Roles that are read as words: contrast of at least 4.5 to every ground in the shipped themes (WCAG 2.2, 1.4.3)."""

SHAPE_ROLES: dict[str, str] = {
    "border": "box lines",
    "border_focus": "box lines around the focus",
    "bar": "the full part of a bar",
    "bar_free": "the empty part of a bar",
    "axis": "time axes and ticks",
}
"""Roles of shapes: contrast of at least 3 for those that carry meaning (`bar`, `border_focus`; WCAG 2.2, 1.4.11)."""

GROUNDS: dict[str, str] = {
    "background": "behind everything",
    "raised": "behind the palette, help and prompts",
    "cursor": "the row under the cursor, while its list has the focus",
    "cursor_away": "the same row while another list has the focus",
    "marked": "rows marked with space",
}
"""Backgrounds. A role is drawn on any of them."""

ROLES = TEXT_ROLES | SHAPE_ROLES


@dataclass(frozen=True, slots=True)
class RoleStyle:
    """Colours as `#rrggbb` or nothing, and attributes out of bold, dim, italic, underline, reverse, strike."""

    color: str | None = None
    on: str | None = None
    attributes: frozenset[str] = frozenset()
