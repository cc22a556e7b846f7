"""Amounts stay exact: what goes in as text comes out as the same amount, or is refused by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.model.currencies import MINOR_DIGITS
from matching.model.money import AmountError, Money, parse_decimal, to_decimal, to_minor


@pytest.mark.parametrize(
    ("text", "currency", "mark", "minor"),
    [
        ("1234,50", "EUR", ",", 123450),
        ("1000,", "EUR", ",", 100000),
        (",50", "EUR", ",", 50),
        ("-0.05", "EUR", ".", -5),
        ("1200", "JPY", ".", 1200),
        ("1.234", "KWD", ".", 1234),
    ],
)
def test_amounts_are_read_as_written(text, currency, mark, minor):
    assert Money.parse(text, currency, decimal_mark=mark).minor == minor


@pytest.mark.parametrize("text", ["", "-", ",", "1,234,50", "1.234,50", "1e5", "NaN", "١٢", "12 50", "--1"])
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(AmountError):
        parse_decimal(text, decimal_mark=",")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.005", "EUR"),
        ("0.5", "JPY"),
        ("1", "XYZ"),
        ("1." + "0" * 70 + "1", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
    ],
)
def test_no_digit_is_lost_silently(amount, currency):
    with pytest.raises(AmountError):
        to_minor(Decimal(amount), currency)


def test_two_currencies_never_meet():
    with pytest.raises(AmountError, match="two currencies"):
        Money(1, "EUR") + Money(1, "USD")


@given(st.integers(-(10**17), 10**17), st.sampled_from(sorted(MINOR_DIGITS)))
def test_minor_units_survive_the_way_out_and_back(minor, currency):
    assert to_minor(to_decimal(minor, currency), currency) == minor
