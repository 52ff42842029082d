"""`karptui demo`."""

from typing import TYPE_CHECKING

from karptui.cli.flags import Look, Output

if TYPE_CHECKING:
    from karptui.modes.run import Run


def demo(
    *,
    seed: str = "talk",
    speed: float | None = None,
    look: Look | None = None,
    record: str | None = None,
    output: Output = None,
) -> int:
    """Play a story on an embedded cluster: burst, decision, EC2 launch, bound, spot interruption, consolidation.

    Nothing outside this machine is touched. On a screen the cluster lives on after the story, for kubectl.

    Parameters
    ----------
    seed
        Decides spot prices, capacity and delays: the same seed tells the same story.
    speed
        How many seconds pass in the cluster in a second; 4 if not given.
    record
        Also write a recording to this file.
    output
        text or json; without it a screen where there is a terminal, else text.
    """
    from pathlib import Path

    from karptui.cli.playing import play, wants_screen
    from karptui.cli.record import check_new
    from karptui.failure import Failure

    if speed is not None and not speed > 0:
        raise Failure(f"--speed {speed:g}: the speed must be more than 0")
    if record:
        check_new(record)
    settings = (look or Look()).settings()
    path = Path(record) if record else None

    def make() -> "Run":
        from karptui.modes.demo import SPEED, Demo

        return Demo(seed, SPEED if speed is None else speed, path, stay=wants_screen(output))

    return play(make, settings, output, mode="DEMO")
