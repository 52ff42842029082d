"""Amounts that remember how they were written, as Kubernetes' Quantity does: `1073741824` is not printed as `1Gi`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from karptui.model.quantity import Format, parse, quantity_format, usual_format
from karptui.model.resources import Resources


class Written(int):
    """Nano-units with the format of their text. A sum is written like its first part that is not zero.

    A plain int beside it is written as its resource usually is.
    """

    form: Format = "DecimalSI"

    def __add__(self, other: int) -> int:
        if not self:
            return other
        return written(int(self) + int(other), self.form)

    def __radd__(self, other: int) -> int:
        return int(other) + int(self) if other else self


def written(amount: int, form: Format) -> Written:
    """An amount in a format."""
    made = Written(amount)
    made.form = form
    return made


def with_formats(quantities: Mapping[str, str | int | float], amounts: Resources) -> Resources:
    """The amounts, those that are written otherwise than usual as `Written`; itself where there are none."""
    odd: Resources = {}
    for name, quantity in quantities.items():
        form = quantity_format(quantity) if isinstance(quantity, str) else "DecimalSI"
        if form != usual_format(name) and parse(quantity):
            odd[name] = written(amounts[name], form)
    return {**amounts, **odd} if odd else amounts


def formats(amounts: Mapping[str, int]) -> dict[str, Format]:
    """How amounts are written, of those that are written otherwise than usual."""
    return {name: amount.form for name, amount in amounts.items() if isinstance(amount, Written)}


def plain(amounts: Resources) -> Resources:
    """The amounts alone."""
    return {name: int(amount) for name, amount in amounts.items()}


class Asking(Protocol):
    """What asks for amounts, and writes those in `formats` otherwise than usual."""

    @property
    def requests(self) -> Resources:
        """Nano-units."""
        ...

    @property
    def formats(self) -> dict[str, Format]:
        """How."""
        ...


def sum_formats(parts: Sequence[Asking], names: Iterable[str]) -> dict[str, Format]:
    """How sums are written: as the first part that asks for any writes them, which is what Kubernetes' sums keep."""
    if not any(part.formats for part in parts):
        return {}
    found: dict[str, Format] = {}
    for name in names:
        first = next((part for part in parts if part.requests.get(name)), None)
        if first is not None and name in first.formats:
            found[name] = first.formats[name]
    return found
