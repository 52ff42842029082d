"""Our answer to a disruption question."""

import json
from typing import Any

from karptui.cloud.scenario import snapshot_of
from karptui.engine.disruption import disrupt, with_conditions
from karptui.report.disruption_expect import conditions_expect, disruption_expect
from tests.conformance.corpus import catalog


def answered(question: dict[str, Any]) -> dict[str, Any]:
    """The answer in the shape of `expect`."""
    snapshot = snapshot_of(question, catalog())
    computed = (question.get("state") or {}).get("conditions") == "computed"
    if computed:
        snapshot = with_conditions(snapshot)
    written = disruption_expect(disrupt(snapshot))
    if computed:
        written["conditions"] = conditions_expect(snapshot)
    return json.loads(json.dumps(written))
