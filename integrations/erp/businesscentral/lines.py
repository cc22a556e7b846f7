"""A posting as lines of a customer payment journal, and how such a line is recognised again once it is posted.

A line pays one invoice in whole or in part, or stays on the customer's account. What the interface cannot apply is
booked on account with the document's number as text, and said: the cash is in the books, a person applies it there.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from integrations.erp.businesscentral.config import Settings
from integrations.erp.businesscentral.receivables import can_be_applied_to
from integrations.erp.errors import Unsupported
from matching.model.money import AmountError, parse_decimal, to_decimal, to_minor
from matching.model.posting import PostedAllocation, Posting

ON_ACCOUNT = "on account"
_LONGEST_DESCRIPTION, _LONGEST_COMMENT = 100, 250
_SEPARATOR = " | "
# Line numbers are 32-bit; the highest stay free for people, who work in steps of 10,000.
_LINE_NUMBERS = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to be: ``amount`` in minor units, positive for money that came in; ``applies_to`` an invoice's number.

    ``about`` is what a person reads: the documents that the money is for, or who paid.
    """

    number: int
    count: int
    customer_id: str
    amount: int
    applies_to: str
    about: str

    def description(self, currency: str) -> str:
        """The text that goes with the line into the ledgers; all that is known of the line when it is posted.

        >>> Line(
        ...     number=1, count=2, customer_id="10000", amount=11900, applies_to="R-1", about="Acme"
        ... ).description("EUR")
        '1/2 | R-1 | 119.00 | Acme'
        """
        where = self.applies_to or ON_ACCOUNT
        parts = (f"{self.number}/{self.count}", where, str(to_decimal(self.amount, currency)), self.about)
        return _SEPARATOR.join(parts)[:_LONGEST_DESCRIPTION].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line of ours as Business Central holds it, in the journal or posted. ``row`` is its journal record, if any."""

    number: int
    count: int
    amount: int
    applies_to: str
    customer_id: str
    native_id: str
    posted_on: Any
    row: Mapping[str, Any] | None = None
    reversed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """How a posting will be booked: its lines, the posting as the ERP will show it, and what could not be applied."""

    lines: tuple[Line, ...]
    booked: Posting
    degraded: tuple[str, ...]


def booking_of(posting: Posting, settings: Settings) -> Booking:
    """The lines of a posting. Raises Unsupported for what has no place at all."""
    if posting.currency != settings.currency:
        message = (
            f"payment lines of Business Central's API carry no currency: {posting.currency} cannot be posted, "
            f"only {settings.currency}; book this payment there by hand"
        )
        raise Unsupported(message, capability="foreign_currency")
    if posting.amount <= 0:
        message = "Business Central's payment lines take receipts; refunds and pure netting are booked there by hand"
        raise Unsupported(message, capability="outgoing")
    groups = dict.fromkeys(each.customer_id for each in posting.allocations)
    if posting.on_account:
        groups.setdefault(posting.on_account_customer_id)
    parts: list[tuple[str, int, str, str]] = []
    degraded: list[str] = []
    kept: list[PostedAllocation] = []
    for customer_id in groups:
        allocations = [each for each in posting.allocations if each.customer_id == customer_id]
        on_account = posting.on_account if customer_id == posting.on_account_customer_id else 0
        own, reasons, applied = _parts(allocations, on_account, posting, customer_id)
        parts += own
        degraded += reasons
        kept += applied
    if degraded and settings.not_allocatable == "refuse":
        raise Unsupported("; ".join(degraded), capability=_capability(posting))
    lines = tuple(
        Line(number=number, count=len(parts), customer_id=customer, amount=amount, applies_to=applies_to, about=about)
        for number, (customer, amount, applies_to, about) in enumerate(parts, start=1)
    )
    cash = sum(each.cash for each in kept)
    amount = posting.amount - posting.unallocated
    booked = replace(posting, amount=amount, unallocated=0, allocations=tuple(kept), on_account=amount - cash)
    return Booking(lines=lines, booked=booked, degraded=tuple(degraded))


def _parts(
    allocations: Sequence[PostedAllocation], on_account: int, posting: Posting, customer_id: str
) -> tuple[list[tuple[str, int, str, str]], list[str], list[PostedAllocation]]:
    """One customer's lines (customer, amount, invoice, text), what could not be applied, and what could."""
    payer = posting.payer_name or "unnamed payer"
    if any(each.cash < 0 or not can_be_applied_to(each.item_id) for each in allocations):
        # With a credit in it the money does not cover the invoices alone: all of it waits for a person.
        total = sum(each.cash for each in allocations) + on_account
        numbers = ", ".join(each.number for each in allocations)
        reason = f"the API applies payments to invoices only, so {numbers} of {customer_id} are not applied"
        if total <= 0:
            message = f"{reason}, and nothing is left to book for the customer; book it in Business Central by hand"
            raise Unsupported(message, capability="credit_notes")
        return [(customer_id, total, "", f"for {numbers}, {payer}")], [reason], []
    parts, reasons, kept = [], [], []
    for each in allocations:
        if each.discount or each.write_off:
            what = _without_place(each, posting.currency)
            reasons.append(f"the API books no {what}, so the cash for {each.number} stays on account of {customer_id}")
            parts.append((customer_id, each.cash, "", f"for {each.number}, {what}, {payer}"))
        elif each.cash:
            parts.append((customer_id, each.cash, each.number, payer))
            kept.append(each)
    if on_account:
        parts.append((customer_id, on_account, "", payer))
    return [part for part in parts if part[1]], reasons, kept


def _without_place(each: PostedAllocation, currency: str) -> str:
    found = []
    if each.discount:
        found.append(f"discount {to_decimal(each.discount, currency)}")
    if each.write_off:
        found.append(f"write-off {to_decimal(each.write_off, currency)}")
    return " and ".join(found)


def _capability(posting: Posting) -> str:
    if any(each.discount for each in posting.allocations):
        return "discount"
    return "write_off" if any(each.write_off for each in posting.allocations) else "credit_notes"


def line_number(key: str, number: int) -> int:
    """The line's place in the journal, always the same for the same line: the journal then refuses it a second time.

    >>> line_number("ABCDEFGHJKLMNPQR", 1) == line_number("ABCDEFGHJKLMNPQR", 1)
    True
    """
    digest = hashlib.sha256(f"{key}/{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _LINE_NUMBERS + 1


def values_of(line: Line, posting: Posting, settings: Settings) -> dict[str, Any]:
    """The line as the service takes it; money that came in is negative there, because it credits the customer."""
    values: dict[str, Any] = {
        "lineNumber": line_number(posting.key, line.number),
        "customerNumber": line.customer_id,
        "postingDate": posting.booking_date.isoformat(),
        "externalDocumentNumber": posting.key,
        "amount": -to_decimal(line.amount, posting.currency),
        "description": line.description(posting.currency),
        "comment": posting.remittance.replace("\x00", "")[:_LONGEST_COMMENT],
    }
    if settings.document_number == "key":
        values["documentNumber"] = posting.key
    if line.applies_to:
        values["appliesToInvoiceNumber"] = line.applies_to
    return values


def read_description(text: str, currency: str) -> tuple[int, int, str, int] | None:
    """Place, count, invoice ("" = on account) and amount from a description; None when it is none of ours.

    >>> read_description("1/2 | R-1 | 119.00 | Acme", "EUR")
    (1, 2, 'R-1', 11900)
    >>> read_description("Order 106003", "EUR") is None
    True
    """
    parts = text.split(_SEPARATOR)
    place, _, count = parts[0].partition("/")
    if len(parts) < 3 or not (place.isdigit() and count.isdigit()):
        return None
    try:
        amount = to_minor(parse_decimal(parts[2], decimal_mark="."), currency)
    except AmountError:
        return None
    return int(place), int(count), "" if parts[1] == ON_ACCOUNT else parts[1], amount
