"""Quantities: the grammar and the canonical texts of Kubernetes, exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.model.quantity import (
    NANO,
    QuantityError,
    format_quantity,
    human,
    is_binary,
    parse,
    quantity_format,
)


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("0", 0),
        ("1", NANO),
        ("+5", 5 * NANO),
        ("-5", -5 * NANO),
        ("100m", 100_000_000),
        ("1.5", 1_500_000_000),
        (".5", 500_000_000),
        ("1.", NANO),
        ("007", 7 * NANO),
        ("1n", 1),
        ("1u", 1_000),
        ("3k", 3_000 * NANO),
        ("2M", 2 * 10**6 * NANO),
        ("2G", 2 * 10**9 * NANO),
        ("2T", 2 * 10**12 * NANO),
        ("2P", 2 * 10**15 * NANO),
        ("2E", 2 * 10**18 * NANO),
        ("1Ki", 1024 * NANO),
        ("1Gi", 2**30 * NANO),
        ("1.5Gi", 3 * 2**29 * NANO),
        ("-2Ki", -2048 * NANO),
        ("1e3", 1000 * NANO),
        ("1E3", 1000 * NANO),
        ("1e+3", 1000 * NANO),
        ("15e-1", 1_500_000_000),
        # Finer than nano rounds away from zero, so that who asks for little gets some.
        ("0.9n", 1),
        ("-0.9n", -1),
        ("1e-12", 1),
        ("1.0000000001", NANO + 1),
        ("0.1Ki", 102_400_000_000),
        # Binary suffixes are capped at 2^63-1, others are not.
        ("8Ei", (2**63 - 1) * NANO),
        ("-8Ei", -(2**63 - 1) * NANO),
        ("18446744073709551616", 2**64 * NANO),
        (" 1Gi\n", 2**30 * NANO),
        (3, 3 * NANO),
        (1.5, 1_500_000_000),
        (1e21, 10**21 * NANO),
        (0.1, 100_000_000),
    ],
)
def test_a_quantity_parses_to_exact_nano_units(text: str | int | float, nano: int) -> None:
    assert parse(text) == nano


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.5Gx", '"1.5Gx" is not a Kubernetes quantity: unknown suffix "Gx"'),
        ("1K", '"1K" is not a Kubernetes quantity: unknown suffix "K"'),
        ("1e", '"1e" is not a Kubernetes quantity: unknown suffix "e"'),
        ("1e1.5", '"1e1.5" is not a Kubernetes quantity: unknown suffix "e1.5"'),
        ("1.2.3", '"1.2.3" is not a Kubernetes quantity: unknown suffix ".3"'),
        ("1 Gi", '"1 Gi" is not a Kubernetes quantity: unknown suffix " Gi"'),
        ("1_000", '"1_000" is not a Kubernetes quantity: unknown suffix "_000"'),
        ("\u0661", '"\u0661" is not a Kubernetes quantity: it has no digits'),
        ("", '"" is not a Kubernetes quantity: it is empty'),
        ("Gi", '"Gi" is not a Kubernetes quantity: it has no digits'),
        ("-", '"-" is not a Kubernetes quantity: it has no digits'),
        ("1e999999999", '"1e999999999" is not a Kubernetes quantity: its exponent is beyond 1000'),
        (True, '"True" is not a Kubernetes quantity: it is a truth value, not a number'),
        (float("nan"), '"nan" is not a Kubernetes quantity: it is not a finite number'),
        (float("inf"), '"inf" is not a Kubernetes quantity: it is not a finite number'),
    ],
)
def test_what_is_no_quantity_is_refused_in_one_sentence(text: str | float, message: str) -> None:
    with pytest.raises(QuantityError) as refused:
        parse(text)
    assert str(refused.value) == message


def test_a_truth_value_is_refused_although_the_number_one_was_parsed_before() -> None:
    assert parse(1) == NANO
    with pytest.raises(QuantityError):
        parse(True)


def test_a_number_of_absurd_length_is_refused_and_shown_cut() -> None:
    with pytest.raises(QuantityError) as refused:
        parse("9" * 5000)
    assert str(refused.value) == f'"{"9" * 57}..." is not a Kubernetes quantity: it has more than 1000 digits'


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0Gi", "0"),
        ("1.5", "1500m"),
        ("2000m", "2"),
        ("12000", "12k"),
        ("1500", "1500"),
        ("1.2345", "1234500u"),
        ("0.000000001", "1n"),
        ("1000000000000000000", "1E"),
        ("1000E", "1e21"),
        ("1Gi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("0.5Ki", "512"),
        ("1.1Ki", "1126400m"),
        ("0.0001Ki", "102400u"),
        ("-2Ki", "-2Ki"),
        ("-1.5Mi", "-1536Ki"),
        ("1000Ki", "1000Ki"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("100e1", "1e3"),
        ("1.5e-1", "150e-3"),
        ("1e0", "1"),
        ("1E2", "100"),
    ],
)
def test_a_quantity_is_printed_as_kubernetes_prints_it(text: str, canonical: str) -> None:
    form = quantity_format(text)
    assert format_quantity(parse(text), form == "BinarySI", form == "DecimalExponent") == canonical


def test_the_format_of_a_text_is_told() -> None:
    assert is_binary("1Gi") and is_binary("0.5Ki")
    assert not is_binary("1G") and not is_binary("1e3") and not is_binary("1E")
    # Below one unit Kubernetes forgets that it was binary.
    assert not is_binary("0.0001Ki")
    assert [quantity_format(text) for text in ("1", "1Ki", "1e3")] == ["DecimalSI", "BinarySI", "DecimalExponent"]


@pytest.mark.parametrize(
    ("text", "resource", "shown"),
    [
        ("0", "cpu", "0"),
        ("250m", "cpu", "250m"),
        ("1500m", "cpu", "1.5"),
        ("96", "cpu", "96"),
        ("1250", "cpu", "1250"),
        ("-1500m", "cpu", "-1.5"),
        ("1u", "cpu", "1u"),
        ("1536Mi", "memory", "1.5Gi"),
        ("7577Mi", "memory", "7.4Gi"),
        ("1023.9Ki", "memory", "1Mi"),
        ("100Mi", "memory", "100Mi"),
        ("20Gi", "ephemeral-storage", "20Gi"),
        ("2Mi", "hugepages-2Mi", "2Mi"),
        ("110", "pods", "110"),
        ("12345", "example.com/things", "12.3k"),
    ],
)
def test_amounts_are_short_on_a_screen(text: str, resource: str, shown: str) -> None:
    assert human(parse(text), resource) == shown


DECIMALS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
SUFFIXES = {suffix: Fraction(10) ** power for suffix, power in DECIMALS.items()} | {
    suffix: Fraction(1024**power) for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}


@given(
    st.sampled_from(["", "+", "-"]),
    st.text("0123456789", min_size=1, max_size=20),
    st.text("0123456789", max_size=14),
    st.sampled_from(sorted(SUFFIXES)),
)
def test_parsing_agrees_with_exact_fractions(sign: str, whole: str, fraction: str, suffix: str) -> None:
    amount = (int(whole) + Fraction(int(fraction or "0"), 10 ** len(fraction))) * SUFFIXES[suffix] * NANO
    expected = -(-amount.numerator // amount.denominator)
    if suffix.endswith("i"):
        expected = min(expected, (2**63 - 1) * NANO)
    assert parse(f"{sign}{whole}.{fraction}{suffix}") == (-expected if sign == "-" else expected)


@given(st.integers(-(10**36), 10**36), st.booleans(), st.booleans())
def test_printing_and_parsing_loses_nothing(nano: int, binary: bool, exponent: bool) -> None:
    if binary and abs(nano) > (2**63 - 1) * NANO:
        nano %= 2**62 * NANO
    text = format_quantity(nano, binary, exponent)
    assert parse(text) == nano
    assert "." not in text
    assert format_quantity(parse(text), binary, exponent) == text
