"""Schedules as robfig/cron reads them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.engine.disruption.cron import CronError, parse_schedule

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)  # a Thursday


def following(text: str, after: datetime = NOON) -> str | None:
    hit = parse_schedule(text).following(after.timestamp())
    return None if hit is None else datetime.fromtimestamp(hit, UTC).strftime("%Y-%m-%d %H:%M %a")


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("* * * * *", "2026-01-01 12:01 Thu"),
        ("@hourly", "2026-01-01 13:00 Thu"),
        ("@daily", "2026-01-02 00:00 Fri"),
        ("@weekly", "2026-01-04 00:00 Sun"),
        ("@monthly", "2026-02-01 00:00 Sun"),
        ("@annually", "2027-01-01 00:00 Fri"),
        ("30 9 * * mon-fri", "2026-01-02 09:30 Fri"),
        ("0 0 * FEB ?", "2026-02-01 00:00 Sun"),
        ("5/20 12 * * *", "2026-01-01 12:05 Thu"),
        ("10-50/15 12 * * *", "2026-01-01 12:10 Thu"),
        ("0 0 29 2 *", "2028-02-29 00:00 Tue"),
        # Neither day is a plain star: either will do.
        ("0 0 9 * 0", "2026-01-04 00:00 Sun"),
        ("0 0 */2 * 5", "2026-01-02 00:00 Fri"),
        # `*/1` is a plain star, so both must agree.
        ("0 0 */1 * 5", "2026-01-02 00:00 Fri"),
        ("0 0 * * 1", "2026-01-05 00:00 Mon"),
    ],
)
def test_the_following_hit(text: str, hit: str) -> None:
    assert following(text) == hit


def test_a_hit_is_strictly_after_the_moment() -> None:
    assert following("0 12 * * *") == "2026-01-02 12:00 Fri"
    assert following("0 12 * * *", NOON - timedelta(milliseconds=1)) == "2026-01-01 12:00 Thu"


@pytest.mark.parametrize("text", ["0 0 31 2 *", "0 0 30 2 *"])
def test_a_day_that_never_comes_has_no_hit(text: str) -> None:
    assert following(text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "* * * * * *", "@reboot", "-1 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "*/0 * * * *"),
        *("0 0 * * 7", "60 * * * *", "0 24 * * *", "0 0 0 * *", "0 0 L * *", "0 0 * * 1#2", "0 0 * * fri-mon"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(CronError):
        parse_schedule(text)


def _texts(low: int, high: int) -> st.SearchStrategy[tuple[str, frozenset[int]]]:
    """One field, and the values that it should hit."""
    values = st.integers(low, high)
    ranges = st.tuples(values, values).filter(lambda ends: ends[0] <= ends[1])
    return st.one_of(
        st.just(("*", frozenset(range(low, high + 1)))),
        values.map(lambda value: (str(value), frozenset((value,)))),
        ranges.map(lambda ends: (f"{ends[0]}-{ends[1]}", frozenset(range(ends[0], ends[1] + 1)))),
        st.lists(values, min_size=2, max_size=3).map(lambda many: (",".join(map(str, many)), frozenset(many))),
    )


@settings(max_examples=150, deadline=None)
@given(
    _texts(0, 59), _texts(0, 23), _texts(1, 31), _texts(1, 12), _texts(0, 6), st.integers(1_700_000_000, 1_900_000_000)
)
def test_the_hit_is_the_first_minute_that_matches_every_field(
    minute: tuple[str, frozenset[int]],
    hour: tuple[str, frozenset[int]],
    day: tuple[str, frozenset[int]],
    month: tuple[str, frozenset[int]],
    weekday: tuple[str, frozenset[int]],
    after: int,
) -> None:
    hit = parse_schedule(" ".join(part[0] for part in (minute, hour, day, month, weekday))).following(after)

    def matches(moment: datetime) -> bool:
        on_day, on_weekday = moment.day in day[1], moment.isoweekday() % 7 in weekday[1]
        either = "*" not in (day[0], weekday[0])
        return (
            moment.minute in minute[1]
            and moment.hour in hour[1]
            and moment.month in month[1]
            and ((on_day or on_weekday) if either else (on_day and on_weekday))
        )

    if hit is None:
        return
    assert hit > after
    found = datetime.fromtimestamp(hit, UTC)
    assert found.second == 0
    assert matches(found)
    # Nothing between, looked at from the hit backwards for two days.
    start = max(datetime.fromtimestamp(after, UTC), found - timedelta(days=2))
    earlier = found - timedelta(minutes=1)
    while earlier > start:
        assert not matches(earlier), earlier
        earlier -= timedelta(minutes=1)
