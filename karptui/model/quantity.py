"""Exact Kubernetes quantities.

Everywhere in karptui an amount is a Python int in nano-units: ``100m`` of cpu is ``100_000_000``, ``1Gi`` is
``2**30 * 10**9``. Nano is the finest step that Kubernetes keeps, so nothing is lost and nothing is a float.

The grammar and the canonical form are those of ``k8s.io/apimachinery/pkg/api/resource``.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from math import isfinite
from typing import Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

NANO = 10**9
"""Nano-units in one whole unit."""

MAX_BINARY = (2**63 - 1) * NANO
"""A quantity with a binary suffix is silently capped here, as Kubernetes does."""

_BEYOND_REASON = 10**15 * 10**9
"""Whole units from which on a screen shows powers of ten: a request of 400 digits would fill it."""

MAX_EXPONENT = 1000
"""Exponents beyond this are refused: no amount of anything needs them, and 1e999999999 would fill the memory."""

MAX_DIGITS = 1000
"""Numbers with more digits are refused likewise (and Python itself refuses those beyond 4,300)."""

CACHED_TEXTS = 65_536
"""Distinct texts kept parsed: a cluster repeats a few hundred of them millions of times."""

_DECIMAL_EXPONENTS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_BINARY_FACTORS = {suffix: 1024**power for power, suffix in enumerate(_BINARY_SUFFIXES) if suffix}

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(.*)", re.DOTALL)
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")


class QuantityError(ValueError):
    """The text is no Kubernetes quantity. The message is one sentence that can be shown as it is."""


def _refuse(text: object, why: str) -> QuantityError:
    shown = str(text)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return QuantityError(f'"{shown}" is not a Kubernetes quantity: {why}')


def _read(text: str) -> tuple[int, Format]:
    match = _NUMBER.fullmatch(text.strip())
    assert match is not None, "every text matches"
    sign, whole, fraction, suffix = match[1], match[2], match[3] or "", match[4]
    if not whole and not fraction:
        raise _refuse(text, "it is empty" if not text.strip() else "it has no digits")
    if len(whole) + len(fraction) > MAX_DIGITS:
        raise _refuse(text, f"it has more than {MAX_DIGITS} digits")
    digits, places = int(whole + fraction), len(fraction)
    form: Format = "DecimalSI"
    if suffix in _DECIMAL_EXPONENTS:
        numerator, exponent = digits, _DECIMAL_EXPONENTS[suffix] + 9 - places
    elif suffix in _BINARY_FACTORS:
        form = "BinarySI"
        numerator, exponent = digits * _BINARY_FACTORS[suffix], 9 - places
    else:
        written = _EXPONENT.fullmatch(suffix)
        if written is None:
            raise _refuse(text, f'unknown suffix "{suffix[:20]}"')
        power = int(written[1]) if len(written[1]) <= 6 else MAX_EXPONENT + 1
        if abs(power) > MAX_EXPONENT:
            raise _refuse(text, f"its exponent is beyond {MAX_EXPONENT}")
        form = "DecimalExponent"
        numerator, exponent = digits, power + 9 - places
    # Away from zero: whoever asks for less than a nano gets a nano.
    nano = numerator * 10**exponent if exponent >= 0 else -(-numerator // 10**-exponent)
    if form == "BinarySI":
        nano = min(nano, MAX_BINARY)
        if 0 < nano < NANO:
            form = "DecimalSI"
    return (-nano if sign == "-" else nano), form


def _parse(text: str | int | float) -> int:
    if isinstance(text, str):
        return _read(text)[0]
    if isinstance(text, bool):
        raise _refuse(text, "it is a truth value, not a number")
    if isinstance(text, int):
        return text * NANO
    if not isfinite(text):
        raise _refuse(text, "it is not a finite number")
    # The shortest text that stands for the float is what the JSON said.
    return _read(repr(text))[0]


# typed: True equals 1 and must not find its answer.
parse: Callable[[str | int | float], int] = lru_cache(maxsize=CACHED_TEXTS, typed=True)(_parse)
"""Nano-units of a quantity as text (``"1.5Gi"``, ``"100m"``, ``"2e3"``) or as a JSON number; cached.

Finer than nano is rounded away from zero. Space around the text is ignored, as Kubernetes does when it reads JSON.
Raises QuantityError.
"""


def quantity_format(text: str) -> Format:
    """The way a text is written, which Kubernetes keeps when it prints the quantity again. Raises QuantityError."""
    return _read(text)[1]


def is_binary(text: str) -> bool:
    """Whether a text has a binary suffix (``Ki`` … ``Ei``). Raises QuantityError."""
    return _read(text)[1] == "BinarySI"


def _decimal(nano: int, exponent_form: bool) -> str:
    mantissa, exponent = nano, -9
    while mantissa % 1000 == 0:
        mantissa //= 1000
        exponent += 3
    # No suffix goes beyond E; Kubernetes then writes the exponent out.
    if exponent_form or exponent > 18:
        return f"{mantissa}e{exponent}" if exponent else str(mantissa)
    return f"{mantissa}{_DECIMAL_SUFFIXES[exponent]}"


def format_quantity(nano: int, binary: bool = False, exponent: bool = False) -> str:
    """The canonical text of an amount, as Kubernetes prints it: no fraction, the largest suffix that fits.

    ``binary`` asks for BinarySI, which falls back to DecimalSI below 1024 and where a fraction would be lost;
    ``exponent`` asks for DecimalExponent (``12e6``).
    """
    if nano == 0:
        return "0"
    if binary:
        whole, rest = divmod(nano, NANO)
        if rest == 0 and abs(whole) >= 1024:
            power = 0
            while whole % 1024 == 0 and power < 6:
                whole //= 1024
                power += 1
            return f"{whole}{_BINARY_SUFFIXES[power]}"
    return _decimal(nano, exponent)


def _short(value: int, unit: int) -> str:
    """``value / unit`` with three significant digits at most, rounded half up, without trailing zeros."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    places = 2 if value < 10 * unit else 1 if value < 100 * unit else 0
    scaled = (value * 10**places * 2 + unit) // (2 * unit)
    whole, fraction = divmod(scaled, 10**places)
    text = f"{whole}.{fraction:0{places}d}".rstrip("0").rstrip(".") if places else str(whole)
    return sign + text


def _scaled(nano: int, step: int, suffixes: tuple[str, ...]) -> str:
    unit, power = NANO, 0
    # Half a per mille below the next unit would round to a thousand of this one.
    while power + 1 < len(suffixes) and abs(nano) * 2 >= unit * step * 2 - unit:
        unit *= step
        power += 1
    return _short(nano, unit) + suffixes[power]


def human(nano: int, resource: str) -> str:
    """A short, rounded text for a screen: ``250m`` or ``1.5`` of cpu, ``1.5Gi`` of memory, ``110`` pods."""
    if nano == 0:
        return "0"
    if abs(nano) >= _BEYOND_REASON:
        digits = str(abs(nano) // NANO)
        return f"{'-' if nano < 0 else ''}{digits[0]}.{digits[1:3]}e{len(digits) - 1}"
    if is_binary_resource(resource):
        return _scaled(nano, 1024, _BINARY_SUFFIXES)
    if abs(nano) >= NANO:
        if resource == "cpu":
            return _short(nano, NANO)
        return _scaled(nano, 1000, ("", "k", "M", "G", "T", "P", "E"))
    if abs(nano) >= 10**6 or nano % 10**6 == 0:
        return _short(nano, 10**6) + "m"
    return format_quantity(nano)


def is_binary_resource(resource: str) -> bool:
    """Whether amounts of a resource are bytes, which people and Kubernetes write with binary suffixes."""
    return resource in BINARY_RESOURCES or resource.startswith("hugepages-")


def usual_format(resource: str) -> Format:
    """How amounts of a resource are written where nothing else is said."""
    return "BinarySI" if is_binary_resource(resource) else "DecimalSI"


BINARY_RESOURCES = frozenset({"memory", "ephemeral-storage", "storage"})
"""Resources in bytes, besides every ``hugepages-<size>``."""
