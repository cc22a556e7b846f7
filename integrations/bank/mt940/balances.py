"""Balances (fields 60, 62, 64, 65) and control sums (fields 90D, 90C)."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from integrations.bank.mt940.dates import day
from integrations.bank.mt940.entry_line import UnreadableEntryError, grouped

_BALANCE = re.compile(r"\s*([CD])\s?(?:19|20)?([0-9]{6})\s?([A-Z]{3})\s*([0-9.,']+)\s*(?:-\}?.*)?$", re.IGNORECASE)
_SUM = re.compile(r"\s*([0-9]{1,9})\s*([A-Z]{3})\s*([0-9.,']+)\s*(?:-\}?.*)?$", re.IGNORECASE)
_DIGIT_LIMIT = 21


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account held: amount signed, credit positive. ``on`` is None when the date does not exist."""

    amount: Decimal
    currency: str
    on: date | None


@dataclass(frozen=True, slots=True)
class ControlSum:
    """How many entries of one direction the bank counted, and their total without sign."""

    count: int
    currency: str
    total: Decimal


def _number(text: str) -> Decimal | None:
    if not any("0" <= letter <= "9" for letter in text) or len(text) > _DIGIT_LIMIT:
        return None
    try:
        return Decimal(text.replace(",", ".") if text.count(",") + text.count(".") < 2 else grouped(text))
    except (UnreadableEntryError, InvalidOperation):
        return None


def read_balance(body: str) -> Balance | None:
    """A balance such as ``C240131EUR1234,56``, maybe with the message's trailer behind it; None when unreadable.

    >>> read_balance("D240131EUR0012,5").amount, read_balance("C240131EUR1.234,50").amount
    (Decimal('-12.5'), Decimal('1234.50'))
    >>> read_balance("C20240131SEK199,00-}{5:{CHK:0123}}")
    Balance(amount=Decimal('199.00'), currency='SEK', on=datetime.date(2024, 1, 31))
    """
    found = _BALANCE.match(body.partition("\n")[0])
    if found is None:
        return None
    mark, on, currency, digits = found.groups()
    amount = _number(digits)
    if amount is None:
        return None
    return Balance(-amount if mark in "Dd" else amount, currency.upper(), day(on))


def read_control_sum(body: str) -> ControlSum | None:
    """A control sum such as ``2EUR300,``; None when it cannot be read.

    >>> read_control_sum("2EUR300,")
    ControlSum(count=2, currency='EUR', total=Decimal('300'))
    """
    found = _SUM.match(body.partition("\n")[0])
    if found is None:
        return None
    total = _number(found.group(3))
    return None if total is None else ControlSum(int(found.group(1)), found.group(2).upper(), total)
