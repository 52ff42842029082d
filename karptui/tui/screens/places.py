"""The screens over a run, made once when there is one."""

from typing import TypeAlias

from karptui.tui.screens.cost import CostScreen
from karptui.tui.screens.decision import DecisionScreen
from karptui.tui.screens.decisions import DecisionsScreen
from karptui.tui.screens.detail import DetailScreen
from karptui.tui.screens.frame import Frame
from karptui.tui.screens.log import LogScreen
from karptui.tui.screens.map import MapScreen
from karptui.tui.screens.overview import OverviewScreen
from karptui.tui.screens.pods import PodsScreen
from karptui.tui.screens.shadow import ShadowScreen
from karptui.tui.screens.timeline import TimelineScreen
from karptui.tui.screens.what_if import WhatIfScreen

Detail: TypeAlias = DetailScreen | TimelineScreen | DecisionScreen


def places() -> dict[str, Frame]:
    """The screens with a number, by name."""
    return {
        "overview": OverviewScreen(),
        "pods": PodsScreen(),
        "map": MapScreen(),
        "decisions": DecisionsScreen(),
        "shadow": ShadowScreen(),
        "cost": CostScreen(),
        "whatif": WhatIfScreen(),
        "log": LogScreen(),
    }


def details() -> dict[str, Detail]:
    """The screens about one thing, by name."""
    return {"detail": DetailScreen(), "timeline": TimelineScreen(), "decision": DecisionScreen()}
