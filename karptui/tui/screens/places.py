"""The screens over a run, by name. Each is imported and made when it is first wanted: what a person sees first does
not wait for what is behind it."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from karptui.tui.screens.decision import DecisionScreen
    from karptui.tui.screens.detail import DetailScreen
    from karptui.tui.screens.frame import Frame
    from karptui.tui.screens.objects import ObjectsScreen
    from karptui.tui.screens.timeline import TimelineScreen

Detail: TypeAlias = "DetailScreen | TimelineScreen | DecisionScreen | ObjectsScreen"

_NUMBERED = {
    "overview": "OverviewScreen",
    "pods": "PodsScreen",
    "map": "MapScreen",
    "decisions": "DecisionsScreen",
    "shadow": "ShadowScreen",
    "cost": "CostScreen",
    "whatif": "WhatIfScreen",
    "log": "LogScreen",
}
_MODULES = {"whatif": "what_if"}
DETAILS: Mapping[str, str] = {
    "detail": "DetailScreen",
    "timeline": "TimelineScreen",
    "decision": "DecisionScreen",
    "objects": "ObjectsScreen",
}
"""The screens about one thing, or one kind of things, with their classes."""


def screens() -> dict[str, "Callable[[], Frame]"]:
    """What makes each screen."""
    return {name: _maker(name, kind) for name, kind in {**_NUMBERED, **DETAILS}.items()}


def _maker(name: str, kind: str) -> "Callable[[], Frame]":
    def make() -> "Frame":
        screen: Frame = getattr(import_module(f"karptui.tui.screens.{_MODULES.get(name, name)}"), kind)()
        return screen

    return make
