"""Prices in the unit a person chose with `u`: an hour, a day or a month."""

from dataclasses import dataclass

from karptui.views.wording import HOURS_A_MONTH, amount


@dataclass(frozen=True, slots=True)
class Unit:
    """`hours` times a price an hour is the price in this unit; `sign` is how it is written."""

    sign: str
    hours: float

    def text(self, hourly: float | None) -> str:
        """The price without its unit; "-" when there is none."""
        return "-" if hourly is None or hourly == float("inf") else amount(hourly * self.hours)


HOUR = Unit("$/h", 1.0)
UNITS = (HOUR, Unit("$/d", 24.0), Unit("$/mo", HOURS_A_MONTH))


def next_unit(unit: Unit) -> Unit:
    """The unit after this one, in a circle."""
    return UNITS[(UNITS.index(unit) + 1) % len(UNITS)]
