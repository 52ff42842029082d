"""Schedules of disruption budgets: robfig/cron v3's standard five fields and descriptors, in UTC.

Its ways that differ from other crons: Sunday is 0 only; `N/s` runs from N to the end; `*/n` with n above 1 is no star
when day of month and day of week are combined; what has no hit within five years never has one.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

_STAR = 1 << 63
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_YEARS = 5


class CronError(ValueError):
    """The text is no schedule."""


class Schedule(Struct, frozen=True, gc=False):
    """Bit n of a field is set where n is a hit; bit 63 marks a plain star."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int

    def following(self, after: float) -> float | None:
        """The first hit strictly after a moment (epoch seconds); None if there is none within five years."""
        moment = datetime.fromtimestamp(int(after // 60) * 60, UTC) + timedelta(minutes=1)
        last_year = datetime.fromtimestamp(int(after // 1) + 1, UTC).year + _YEARS
        day = moment.date()
        hour, minute = moment.hour, moment.minute
        while day.year <= last_year:
            if not self.months >> day.month & 1:
                day = day.replace(day=1)
                day = day.replace(year=day.year + 1, month=1) if day.month == 12 else day.replace(month=day.month + 1)
                hour = minute = 0
                continue
            if self._on(day.day, (day.weekday() + 1) % 7):
                time = self._within_day(hour, minute)
                if time is not None:
                    return datetime(day.year, day.month, day.day, *time, tzinfo=UTC).timestamp()
            day += timedelta(days=1)
            hour = minute = 0
        return None

    def _on(self, day: int, weekday: int) -> bool:
        by_day, by_weekday = bool(self.days >> day & 1), bool(self.weekdays >> weekday & 1)
        if (self.days | self.weekdays) & _STAR:
            return by_day and by_weekday
        return by_day or by_weekday

    def _within_day(self, hour: int, minute: int) -> tuple[int, int] | None:
        for candidate in range(hour, 24):
            if self.hours >> candidate & 1:
                for at in range(minute if candidate == hour else 0, 60):
                    if self.minutes >> at & 1:
                        return candidate, at
        return None


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """A schedule as Karpenter reads it, with time zone UTC. Raises CronError."""
    words = text.split()
    if len(words) == 1 and words[0].startswith("@"):
        if words[0] not in _DESCRIPTORS:
            raise CronError(f"{words[0]} is no schedule such as @daily")
        words = _DESCRIPTORS[words[0]].split()
    if len(words) != len(_BOUNDS):
        raise CronError(f"a schedule has five fields, not {len(words)}")
    return Schedule(*(_field(word, *bounds) for word, bounds in zip(words, _BOUNDS, strict=True)))


def _field(text: str, low: int, high: int, names: dict[str, int]) -> int:
    bits = 0
    for part in text.split(","):
        if part:
            bits |= _range(part, low, high, names)
    return bits


def _range(text: str, low: int, high: int, names: dict[str, int]) -> int:
    ends, *steps = text.split("/")
    first, *others = ends.split("-")
    star = 0
    if first in ("*", "?"):
        start, end, star = low, high, _STAR
    else:
        if len(others) > 1:
            raise CronError(f"{text} has too many hyphens")
        start = _number(first, names)
        end = _number(others[0], names) if others else start
    if len(steps) > 1:
        raise CronError(f"{text} has too many slashes")
    step = 1
    if steps:
        step = _number(steps[0], {})
        if not others:
            end = high
        if step > 1:
            star = 0
    if start < low or end > high or start > end or step == 0:
        raise CronError(f"{text} is not within {low} to {high}")
    return sum(1 << value for value in range(start, end + 1, step)) | star


def _number(text: str, names: dict[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    if not _INTEGER.fullmatch(text) or int(text) < 0:
        raise CronError(f"{text} is no number")
    return int(text)
