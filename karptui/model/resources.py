"""Resource lists: amounts by resource name, in nano-units (model/quantity.py). A missing name counts as zero."""

from collections.abc import Mapping

from karptui.model.quantity import Format, QuantityError, format_quantity, parse, usual_format

Resources = dict[str, int]
"""Resource name to amount in nano-units."""


def merge(*lists: Mapping[str, int]) -> Resources:
    """Sums over the union of names."""
    total: Resources = {}
    for resources in lists:
        for name, amount in resources.items():
            total[name] = total.get(name, 0) + amount
    return total


def subtract(left: Mapping[str, int], right: Mapping[str, int]) -> Resources:
    """`left` minus `right`, with the names of `left` only."""
    return {name: amount - right.get(name, 0) for name, amount in left.items()}


def maximum(*lists: Mapping[str, int]) -> Resources:
    """The largest amount of each name over the lists that have it."""
    largest: Resources = {}
    for resources in lists:
        for name, amount in resources.items():
            known = largest.get(name)
            if known is None or amount > known:
                largest[name] = amount
    return largest


def minimum(*lists: Mapping[str, int]) -> Resources:
    """The smallest amount of each name that all lists have."""
    if not lists:
        return {}
    first, rest = lists[0], lists[1:]
    return {
        name: min(amount, *(resources[name] for resources in rest)) if rest else amount
        for name, amount in first.items()
        if all(name in resources for resources in rest)
    }


def fits(request: Mapping[str, int], total: Mapping[str, int]) -> bool:
    """Whether a request fits; nothing at all fits a total that has a negative amount, asked for or not."""
    for amount in total.values():
        if amount < 0:
            return False
    for name, amount in request.items():  # noqa: SIM110  a generator costs more than the sums it would compare
        if amount > total.get(name, 0):
            return False
    return True


def parse_resources(quantities: Mapping[str, str | int | float] | None) -> Resources:
    """A resource list as the API has it. Raises QuantityError that names the resource."""
    if not quantities:
        return {}
    resources: Resources = {}
    for name, quantity in quantities.items():
        try:
            resources[name] = parse(quantity)
        except QuantityError as error:
            raise QuantityError(f"{name}: {error}") from None
    return resources


def format_resources(resources: Mapping[str, int], formats: Mapping[str, Format] | None = None) -> dict[str, str]:
    """Canonical texts, sorted by name; `formats` of those that are not written as their resource usually is."""
    given = formats or {}
    texts: dict[str, str] = {}
    for name in sorted(resources):
        form = given.get(name) or usual_format(name)
        texts[name] = format_quantity(resources[name], form == "BinarySI", form == "DecimalExponent")
    return texts
