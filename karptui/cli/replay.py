"""`karptui replay`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import karptui
from karptui.cli.flags import Look, Output, options_of
from karptui.failure import Failure

if TYPE_CHECKING:
    from karptui.modes.run import Run

_TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")


def replay(
    file: Path,
    /,
    *,
    speed: float = 1.0,
    from_: Annotated[str, Parameter(name="--from")] = "0s",
    look: Look | None = None,
    output: Output = None,
) -> int:
    """Play a recording.

    Parameters
    ----------
    file
        The recording: a file, or the name of one that comes with karptui.
    speed
        How many times faster than it happened.
    from_
        Where to begin, counted from the recording's start: 90, 90s, 1m30s.
    output
        text or json; without it a screen where there is a terminal, else text.
    """
    from karptui.cli.playing import play

    if not speed > 0:
        raise Failure(f"--speed {speed:g}: the speed must be more than 0")
    settings = (look or Look()).settings()
    path, start = recording_at(file), seconds_of(from_)

    def make() -> "Run":
        from karptui.modes.replay import Replay

        return Replay(path, speed, start, options_of(settings), settings.region)

    return play(make, settings, output, mode="REPLAY")


def recording_at(file: Path) -> Path:
    """The file, or else the shipped recording of that name. Raises Failure where there is neither."""
    if file.exists():
        return file
    shipped = {path.name.partition(".")[0]: path for path in sorted(shipped_folder().glob("*.zst"))}
    found = shipped.get(file.name.partition(".")[0]) if file.name == str(file) else None
    if found is None:
        raise Failure(
            f"cannot read the recording {file}: there is no such file; karptui comes with {', '.join(shipped)}"
        )
    return found


def shipped_folder() -> Path:
    """Where the shipped recordings are: inside the package of a wheel, beside it in a checkout."""
    package = Path(karptui.__file__).parent
    inside = package / "shipped" / "recordings"
    return inside if inside.is_dir() else package.parent / "recordings"


def seconds_of(text: str, flag: str = "--from") -> float:
    """`90`, `90s`, `1m30s` as seconds. Raises Failure."""
    match = _TIME.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise Failure(f"{flag} {text}: not a time; write 90s or 1m30s{' or 12:04:31' if flag == '--at' else ''}")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
