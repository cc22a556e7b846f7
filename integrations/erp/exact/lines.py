"""A posting as the lines of one entry, and how they are recognised again.

The REST API has no way to match a payment with an invoice. What it has is the invoice's number on the line (OurRef):
users report that Exact matches such a line by itself when it is exactly what is open, and not otherwise. So a whole
payment is allocated as far as Exact goes, and anything else stays on the customer's account with the number as
reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.errors import ConfigError, Unsupported
from integrations.erp.exact.config import Settings
from integrations.erp.exact.read import is_item_id
from matching.model.money import to_decimal
from matching.model.posting import PostedAllocation, Posting

_LONGEST_DESCRIPTION = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to be: ``amount`` in minor units, positive for money received; on the customer's account or a G/L one.

    ``gl_code`` is empty for a line on receivables. ``item_id`` and ``our_ref`` name the invoice, where there is one.
    """

    number: int
    customer_id: str
    gl_code: str
    amount: int
    item_id: str
    our_ref: int | None
    about: str


def lines_of(posting: Posting, settings: Settings) -> tuple[Line, ...]:
    """The lines: per item what it falls by, discounts and write-offs against it, and what stays on account.

    Raises Unsupported, ConfigError.
    """
    found: list[Line] = []

    def add(customer_id: str, gl_code: str, amount: int, about: str, item: PostedAllocation | None = None) -> None:
        if amount:
            found.append(
                Line(
                    number=len(found) + 1,
                    customer_id=customer_id,
                    gl_code=gl_code,
                    amount=amount,
                    item_id=item.item_id if item else "",
                    our_ref=int(item.number) if item and item.number.isdigit() else None,
                    about=about,
                )
            )

    for each in posting.allocations:
        if not is_item_id(each.item_id):
            message = f"{each.item_id} is no receivable of Exact Online; pull again and match again"
            raise Unsupported(message, capability="allocate_existing")
        settled = each.cash + each.discount + each.write_off
        add(each.customer_id, "", settled, f"{each.number} {posting.payer_name}", each)
        if each.discount:
            add("", discount_account(settings), -each.discount, f"discount {each.number}")
        if each.write_off:
            account = write_off_account(settings, each.write_off_reason)
            add("", account, -each.write_off, f"{each.write_off_reason or 'write-off'} {each.number}")
    if posting.on_account:
        add(posting.on_account_customer_id, "", posting.on_account, f"on account {posting.payer_name}")
    return tuple(found)


def not_matched_by_exact(posting: Posting) -> tuple[str, ...]:
    """Which allocations Exact will not match by itself, in sentences: parts of an item."""
    return tuple(
        f"Exact matches whole amounts only: the payment for {each.number} stays beside it until a person matches them"
        for each in posting.allocations
        if each.cash + each.discount + each.write_off != each.expected_open
    )


def discount_account(settings: Settings) -> str:
    """The account for discounts. Raises Unsupported."""
    if not settings.discount_account:
        message = "no account is set for early-payment discounts; name one under discount_account"
        raise Unsupported(message, capability="discount")
    return settings.discount_account


def write_off_account(settings: Settings, reason: str) -> str:
    """The account for a write-off. Raises Unsupported, ConfigError."""
    if not settings.write_off_accounts:
        message = "no account is set for write-offs; name one under write_off_accounts"
        raise Unsupported(message, capability="write_off")
    account = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not account:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return account


def description(key: str, line: Line, count: int) -> str:
    """The text of a line: the key first, because lines are found by how it begins.

    >>> line = Line(number=1, customer_id="", gl_code="", amount=100, item_id="", our_ref=7, about="7 Acme")
    >>> description("ABCDEFGHJKLMNPQR", line, 2)
    'ABCDEFGHJKLMNPQR 1/2 7 Acme'
    """
    return f"{key} {line.number}/{count} {line.about}"[:_LONGEST_DESCRIPTION].strip()


def sign_of(settings: Settings) -> int:
    """1 where money received is positive in a line, -1 where it is negative (a credit in a general journal)."""
    return -1 if settings.book_in == "general" or settings.receipt_sign == "negative" else 1


def values_of(line: Line, posting: Posting, settings: Settings, gl_account: str, count: int) -> dict[str, Any]:
    """The line as Exact takes it; dates without a zone, because one with a zone is shifted."""
    values: dict[str, Any] = {
        "AmountFC": to_decimal(sign_of(settings) * line.amount, posting.currency),
        "Date": posting.booking_date.isoformat(),
        "Description": description(posting.key, line, count),
        "GLAccount": gl_account,
    }
    if line.customer_id:
        values["Account"] = line.customer_id
    if line.our_ref is not None:
        values["OurRef"] = line.our_ref
    if line.item_id:
        values["Notes"] = line.item_id
    elif line.customer_id:
        values["Notes"] = posting.remittance.replace("\x00", "")[:1_000]
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line of ours in Exact: ``amount`` as in `Line`. ``counter`` is the line that stands for the bank."""

    number: int
    count: int
    customer_id: str
    amount: int
    item_id: str
    counter: bool


def read_line(row: Mapping[str, Any], key: str, settings: Settings, currency: str) -> Found:
    """A line as it was found by its description."""
    parts = str(row.get("Description") or "").removeprefix(key).split()
    place, _, count = (parts[0] if parts else "").partition("/")
    notes = str(row.get("Notes") or "").strip()
    return Found(
        number=int(place) if place.isdigit() else 0,
        count=int(count) if count.isdigit() else 0,
        customer_id=str(row.get("Account") or ""),
        amount=sign_of(settings) * minor(row.get("AmountFC"), currency),
        item_id=notes if is_item_id(notes) else "",
        counter=place == "0",
    )
