from urllib.request import urlopen

import pytest

from karptui.failure import Failure
from karptui.report.shadow_metrics import ShadowMetrics
from tests.tui.shadowed import judged_until
from tests.world.recorded import STARTED

END = 175.0


def test_prometheus_gets_agreement_verdicts_and_the_age_of_the_inputs() -> None:
    world, watch = judged_until(END)
    served = ShadowMetrics(0)
    try:
        served.take(watch.cases.all)
        served.look(watch, world, STARTED + END)
        with urlopen(f"http://127.0.0.1:{served.port}/metrics") as answer:
            text = answer.read().decode()
    finally:
        served.close()

    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines['karptui_shadow_agreement_ratio{kind="provision"}'] == "1.0"
    assert lines["karptui_shadow_unexplained"] == "0.0"
    assert lines['karptui_shadow_input_age_seconds{input="version"}'] == str(END)
    counted = [float(value) for name, value in lines.items() if name.startswith("karptui_shadow_decisions_total")]
    assert sum(counted) >= len(watch.cases.all)


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    served = ShadowMetrics(0)
    try:
        with pytest.raises(Failure, match=f"cannot serve metrics at port {served.port}"):
            ShadowMetrics(served.port)
    finally:
        served.close()
