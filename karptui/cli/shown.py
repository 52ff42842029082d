"""The two commands that open a screen, for those who gave no flags as for those who did.

Without flags nothing is parsed, and the first frame comes a quarter sooner.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from karptui.cli.playing import play, wants_screen
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.model.snapshot import Options
    from karptui.modes.contexts import Contexts
    from karptui.modes.run import Run
    from karptui.settings import Settings


def options_of(settings: "Settings") -> "Options":
    """Karpenter's settings, as this user's cluster has them."""
    from karptui.model.snapshot import Options

    return Options(
        preference_policy=settings.preference_policy,
        min_values_policy=settings.min_values_policy,
        batch_idle_duration=settings.batch_idle_duration,
        batch_max_duration=settings.batch_max_duration,
        feature_gates=settings.feature_gates,
        commitments=settings.commitments,
    )


def cluster(
    settings: "Settings",
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    record: str | None = None,
    output: str | None = None,
) -> int:
    """Watch a cluster; the exit code."""

    from karptui.settings import costs_folder

    beside = settings.context_names
    first = context or next(iter(beside), None)
    if first and beside:
        beside = tuple(dict.fromkeys((first, *beside)))

    def make() -> "Run":
        from karptui.modes.observe import Observe

        path = Path(record) if record else None
        run = Observe(kubeconfig, first, namespace, options_of(settings), path, settings.region)
        run.costs = costs_folder(settings)
        return run

    def contexts() -> "Contexts":
        from karptui.modes.contexts import Contexts

        return Contexts(kubeconfig, options_of(settings), settings.region, beside, costs_folder(settings))

    _check(record)
    return play(make, settings, output, contexts=contexts)


def demo(
    settings: "Settings",
    seed: str = "talk",
    speed: float | None = None,
    record: str | None = None,
    output: str | None = None,
    present: bool = False,
) -> int:
    """Play the demo; the exit code."""
    if speed is not None and not speed > 0:
        raise Failure(f"--speed {speed:g}: the speed must be more than 0")
    _check(record)
    screen = wants_screen(output)
    if present and not screen:
        raise Failure("--present is for a screen: leave out -o, and start it in a terminal")

    def make() -> "Run":
        from karptui.modes.demo import SPEED, Demo

        path = Path(record) if record else None
        return Demo(seed, SPEED if speed is None else speed, path, stay=screen, by_hand=present)

    return play(make, settings, output, mode="DEMO", present=present)


def _check(record: str | None) -> None:
    if record:
        from karptui.cli.record import check_new

        check_new(record)
