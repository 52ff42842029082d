"""Time as an axis: how far back one can look, what is marked there, and which second a person means."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from karptui.views.wording import plural
from karptui.world.marks import Mark
from karptui.world.outline import Outline

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?Z?")
_DIGITS = re.compile(r"(\d{2})(\d{2})()")
_STEP = re.compile(r"([+\-−]?)(\d+(?:\.\d+)?)\s*([smhd])(\s*ago)?")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
WHOLE_SECOND = 0.999
"""Who names a second wants to see what happened in it."""
MOMENTS = "write 12:04, 12:04:10, -5m or +30s"
MINUTE = 60.0
_TOLD = {"decision": "decision", "refusal": "refusal", "interruption": "interruption", "problem": "problem",
         "came": "NodeClaim", "went": "NodeClaim"}  # fmt: skip
"""What is told of a minute, the most important first."""
_VERBS = {"came": " came", "went": " went"}


class Axis(Struct, frozen=True):
    """From `begins` to `ends`, of which up to `played` is known; `at` is what is shown. Epoch seconds."""

    begins: float
    ends: float
    played: float
    at: float
    live: bool
    marks: tuple[Mark, ...] = ()

    def share(self, at: float) -> float:
        """Where on the axis a time lies, 0 to 1."""
        return min(max((at - self.begins) / max(self.ends - self.begins, 1e-9), 0.0), 1.0)

    def time(self, share: float) -> float:
        """The other way round."""
        return self.begins + (self.ends - self.begins) * min(max(share, 0.0), 1.0)


def axis(
    begins: float,
    played: float,
    at: float,
    live: bool,
    marks: Iterable[Mark],
    outline: Outline | None = None,
) -> Axis:
    """`outline` is that of a recording, which reaches beyond what is played so far."""
    if outline is None:
        return Axis(begins, played, played, at, live, tuple(marks))
    ahead = [mark for mark in outline.marks if mark.at > played]
    return Axis(outline.begins, max(outline.ends, played), played, at, live, (*marks, *ahead))


def complete(text: str) -> bool:
    """Whether a time needs no more keys: four digits are a minute of the day."""
    return _DIGITS.fullmatch(text) is not None


def whole_minute(text: str) -> bool:
    """Whether a person wrote a minute of the day and no second: `12:04`, `1204`."""
    found = _CLOCK.fullmatch(text.strip()) or _DIGITS.fullmatch(text.strip())
    return found is not None and not found[3]


def minute_words(marks: Iterable[Mark]) -> str:
    """What is marked: `2 decisions, 1 NodeClaim came`; "" for nothing."""
    counted = Counter(mark.kind for mark in marks)
    return ", ".join(
        f"{plural(counted[kind], noun)}{_VERBS.get(kind, '')}" for kind, noun in _TOLD.items() if counted[kind]
    )


def moment(text: str, shown: float, latest: float) -> float | None:
    """The second that `12:04`, `1204`, `12:04:10`, `-5m`, `+30s` or `3m ago` means (epoch seconds), or None.

    A time of day is the last one not after `latest`; a step counts from what is `shown`.
    """
    text = text.strip()
    if (found := _CLOCK.fullmatch(text) or _DIGITS.fullmatch(text)) is not None:
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if hour > 23 or minute > 59 or second > 59:
            return None
        day = datetime.fromtimestamp(latest, UTC)
        meant = day.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return (meant if meant <= day else meant - timedelta(days=1)).timestamp() + WHOLE_SECOND
    if (found := _STEP.fullmatch(text)) is not None:
        back = found[1] in ("-", "−") or bool(found[4])
        return shown + float(found[2]) * _UNITS[found[3]] * (-1 if back else 1)
    return None
