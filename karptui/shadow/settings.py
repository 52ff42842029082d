"""Karpenter's settings as its Deployment states them: environment and arguments (spec/scheduling.md 11)."""

from collections.abc import Iterable, Mapping

from karptui.kube.parts import duration_of
from karptui.model.snapshot import Options

DEFAULTS = Options()


def options_of(environment: Mapping[str, str], version: str = "", arguments: Iterable[str] = ()) -> Options:
    """What of them changes decisions; arguments beat the environment, what is not stated has Karpenter's default.

    Raises ValueError where a stated duration is none.
    """
    stated = {**environment, **_of_arguments(arguments)}
    gates = dict(DEFAULTS.feature_gates)
    for entry in stated.get("FEATURE_GATES", "").split(","):
        name, separator, value = entry.strip().partition("=")
        if separator:
            gates[name.strip()] = _truth(value)
    return Options(
        preference_policy=stated.get("PREFERENCE_POLICY") or DEFAULTS.preference_policy,
        min_values_policy=stated.get("MIN_VALUES_POLICY") or DEFAULTS.min_values_policy,
        ignore_dra_requests=_truth(stated.get("IGNORE_DRA_REQUESTS") or "true"),
        batch_idle_duration=_seconds(stated, "BATCH_IDLE_DURATION", DEFAULTS.batch_idle_duration),
        batch_max_duration=_seconds(stated, "BATCH_MAX_DURATION", DEFAULTS.batch_max_duration),
        feature_gates=gates,
        karpenter_version=version.lstrip("v") or DEFAULTS.karpenter_version,
    )


def _of_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """`--batch-idle-duration=2s`, also as two arguments, by the name of its environment variable."""
    found: dict[str, str] = {}
    name = ""
    for argument in arguments:
        if argument.startswith("-"):
            name, separator, value = argument.lstrip("-").partition("=")
            found[_variable(name)] = value if separator else "true"
        elif name:
            found[_variable(name)] = argument
    return found


def _variable(flag: str) -> str:
    return flag.replace("-", "_").upper()


def _truth(text: str) -> bool:
    return text.strip().lower() in ("true", "t", "1")


def _seconds(stated: Mapping[str, str], name: str, default: float) -> float:
    text = stated.get(name)
    return (duration_of(text, name) or default) if text else default
