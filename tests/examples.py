"""How many examples the properties of the engines are tried on."""

import os

from hypothesis import HealthCheck, settings


def examples(usual: int) -> settings:
    """Settings with `usual` examples, or with as many as the environment variable KARPTUI_EXAMPLES says."""
    return settings(
        max_examples=int(os.environ.get("KARPTUI_EXAMPLES", usual)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
