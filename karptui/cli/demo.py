"""`karptui demo`."""

from typing import Annotated

from cyclopts import Parameter

from karptui.cli.flags import Look, Output


def demo(
    *,
    seed: str = "talk",
    speed: float | None = None,
    look: Look | None = None,
    present: Annotated[bool, Parameter(negative="")] = False,
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
    present
        For a stage: the sentence on top, larger spacing, and every step of the story waits for space.
    record
        Also write a recording to this file.
    output
        text or json; without it a screen where there is a terminal, else text.
    """
    from karptui.cli.shown import demo as play_demo

    return play_demo((look or Look()).settings(), seed, speed, record, output, present)
