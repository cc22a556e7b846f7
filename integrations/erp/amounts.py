"""Amounts and dates as ERPs send them in JSON: binary noise taken off, anything else refused."""

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from matching.model.currencies import MINOR_DIGITS
from matching.model.money import AmountError, round_to_minor, to_decimal

# ERPs that compute in binary floating point send 1405.0700000000002; a real fraction of a cent is larger than this.
_NOISE = Decimal("0.00001")
_MINOR_UNITS: dict[str, int] = {currency: 10**digits for currency, digits in MINOR_DIGITS.items()}


def minor(value: Any, currency: str) -> int:
    """An amount from JSON in minor units. Raises AmountError when it is none, or has a real fraction of a minor unit.

    >>> minor(Decimal("1405.0700000000002"), "EUR"), minor(12, "JPY"), minor("-0.5", "EUR"), minor(False, "EUR")
    (140507, 12, -50, 0)
    >>> minor(Decimal("10.005"), "EUR")
    Traceback (most recent call last):
    matching.model.money.AmountError: 10.005 EUR has a fraction of a minor unit; correct it in the ERP
    """
    if type(value) is Decimal and currency in _MINOR_UNITS and value.is_finite():
        # The way of nearly every amount: a hundred thousand items have two each.
        over, under = value.as_integer_ratio()
        whole, rest = divmod(_MINOR_UNITS[currency], under)
        if not rest:
            return over * whole
    if type(value) is int and currency in _MINOR_UNITS:
        return value * _MINOR_UNITS[currency]
    if value is None or value is False or value == "":
        return 0
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        message = f"{value!r} is no amount"
        raise AmountError(message) from None
    if not amount.is_finite():
        message = f"{value!r} is no amount"
        raise AmountError(message)
    rounded = round_to_minor(amount, currency)
    if abs(to_decimal(rounded, currency) - amount) > _NOISE:
        message = f"{amount} {currency} has a fraction of a minor unit; correct it in the ERP"
        raise AmountError(message)
    return rounded


# A receivables ledger has few different days.
@lru_cache(maxsize=4_096)
def day(value: Any) -> date | None:
    """The date in front of an ISO date or moment; None for what stands for no date.

    >>> day("2026-11-21"), day("2026-11-21T00:00:00Z"), day(False), day("0001-01-01"), day("1-01-01")
    (datetime.date(2026, 11, 21), datetime.date(2026, 11, 21), None, None, None)
    """
    text = value[:10] if isinstance(value, str) else ""
    if len(text) != 10 or text.startswith("0001"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
