"""CAMT values: amounts, indicators, dates and codes as ISO 20022 writes them."""

import re
from datetime import date
from decimal import Context, Decimal, Inexact
from functools import lru_cache
from typing import Final

from matching.model.bank_statement import EntryStatus
from matching.model.currencies import MINOR_DIGITS

# Wide enough for any number of ISO amounts, and a lost digit raises instead of vanishing.
EXACT: Final = Context(prec=100, traps=[Inexact])

_AMOUNT = re.compile(r"\+?(?:[0-9]{1,30}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})").fullmatch
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ].*|Z|[+-][0-9]{2}:?[0-9]{2})?").fullmatch
_NOT_GIVEN = frozenset({"NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOTAVAILABLE", "N/A", "-"})

STATUS_OF_CODE: Final[dict[str, EntryStatus]] = {
    "BOOK": "booked",
    "PDNG": "pending",
    "INFO": "info",
    "FUTR": "future",
}
"""ISO 20022 external code set EntryStatus."""

SIGN_OF_INDICATOR: Final = {"CRDT": 1, "DBIT": -1}
"""ISO 20022 CreditDebitCode: what reaches the account is positive."""


def parse_amount(text: str) -> Decimal | None:
    """The amount, which in CAMT is unsigned with a point as decimal mark; None when it is anything else.

    Source: ISO 20022 ActiveOrHistoricCurrencyAndAmount.

    >>> parse_amount("1500.00"), parse_amount(".5"), parse_amount("12..34"), parse_amount("1.234,50")
    (Decimal('1500.00'), Decimal('0.5'), None, None)
    >>> parse_amount("-1") is None  # the direction stands in CdtDbtInd; a sign beside it leaves two readings
    True
    """
    whole, _, decimals = text.partition(".")
    if text.isascii() and len(text) <= 48 and (whole + decimals).isdigit():
        return Decimal(text)
    return Decimal(text) if _AMOUNT(text) else None


def parse_rate(text: str) -> Decimal | None:
    """An exchange rate; None when it is no positive number.

    >>> parse_rate("0.9253030601"), parse_rate("0"), parse_rate("")
    (Decimal('0.9253030601'), None, None)
    """
    rate = parse_amount(text)
    return rate if rate else None


@lru_cache(maxsize=4096)
def parse_day(text: str) -> date | None:
    """The bank's own calendar day of a date or moment, whatever its time zone; None when it is no date.

    >>> parse_day("2025-01-31"), parse_day("2025-01-31T23:30:00-05:00"), parse_day("2025-02-30"), parse_day("")
    (datetime.date(2025, 1, 31), datetime.date(2025, 1, 31), None, None)
    """
    written = _DATE(text)
    if written is None:
        return None
    try:
        return date.fromisoformat(written.group(1))
    except ValueError:
        return None


def given(text: str) -> str | None:
    """A reference that says something; None for an empty one and for the standard's ways to say there is none.

    >>> given("INV-1"), given("NOTPROVIDED"), given("")
    ('INV-1', None, None)
    """
    return None if not text or text.upper() in _NOT_GIVEN else text


def account_number(text: str) -> str | None:
    """An account number without the blanks of its printed form.

    >>> account_number("DE89 3704 0044 0532 0130 00"), account_number("")
    ('DE89370400440532013000', None)
    """
    return "".join(text.split()) or None


def money(amount: Decimal, currency: str | None) -> str:
    """An amount as a person reads it in a finding: at least the currency's own decimals, and the currency.

    >>> money(Decimal("100"), "EUR"), money(Decimal("-0.125"), "EUR"), money(Decimal("5"), None)
    ('100.00 EUR', '-0.125 EUR', '5')
    """
    whole, _, decimals = format(amount, "f").partition(".")
    decimals = decimals.ljust(MINOR_DIGITS.get(currency or "", 0), "0")
    return f"{whole}.{decimals} {currency or ''}".rstrip() if decimals else f"{whole} {currency or ''}".rstrip()


def is_true(text: str) -> bool:
    """An XML Schema boolean; what is neither true nor false is false.

    >>> is_true("true"), is_true("1"), is_true("false"), is_true("")
    (True, True, False, False)
    """
    return text.lower() in {"true", "1"}
