"""Which nodes go, when, for what, and why the others stay."""

from karptui.engine.disruption.conditions import with_conditions
from karptui.engine.disruption.kept import Kept
from karptui.engine.disruption.moving import placements_without
from karptui.engine.disruption.passes import disrupt
from karptui.engine.disruption.survey import blocked_savings, held_by, survey
from karptui.engine.disruption.validation import VALIDATION_SECONDS, validate
from karptui.model.disruption import Survey

__all__ = [
    "VALIDATION_SECONDS",
    "Kept",
    "Survey",
    "blocked_savings",
    "disrupt",
    "held_by",
    "placements_without",
    "survey",
    "validate",
    "with_conditions",
]
