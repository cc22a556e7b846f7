"""ERPNext's rows as open items.

An item is what ERPNext can allocate money to: an invoice or credit note, one instalment of an invoice whose payment
terms are allocated one by one, a line of a journal entry (an opening balance), or a payment that is not allocated yet.
Amounts come from the payment ledger, in the currency of the receivable account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from integrations.erp.amounts import day, minor
from integrations.erp.lean import maker, new_open_item
from matching.model.money import Money, round_to_minor, to_decimal
from matching.model.open_item import ItemKind, OpenItem

INVOICE, PAYMENT, JOURNAL = "Sales Invoice", "Payment Entry", "Journal Entry"
# Money on account is a payment entry; its item id says so, because it cannot be allocated like an invoice.
ON_ACCOUNT = f"{PAYMENT}:"
# A line of a journal entry is known by the entry and the customer.
IN_JOURNAL = f"{JOURNAL}:"
_TERM = "#"

INVOICE_FIELDS = (
    "name", "customer", "currency", "party_account_currency", "grand_total", "rounded_total", "base_grand_total",
    "base_rounded_total", "posting_date", "due_date", "docstatus", "debit_to", "payment_terms_template",
)  # fmt: skip
TERM_FIELDS = (
    "name", *(f"payment_schedule.{field} as term_{field}" for field in (
        "idx", "payment_term", "due_date", "discount", "discount_type", "discount_date", "payment_amount",
        "base_payment_amount", "outstanding", "base_outstanding")),
)  # fmt: skip
PAYMENT_FIELDS = (
    "name", "party", "posting_date", "unallocated_amount", "paid_amount", "paid_from_account_currency", "docstatus",
)  # fmt: skip
JOURNAL_FIELDS = (
    "against_voucher_no", "party", "account", "account_currency", "amount_in_account_currency", "posting_date",
    "due_date", "voucher_no",
)  # fmt: skip
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where ERPNext keeps an item: the reference that a payment entry needs, its receivable account and currency."""

    doctype: str
    name: str
    term: str
    account: str
    currency: str


_place = maker(Place, "doctype", "name", "term", "account", "currency")


class Instalment(NamedTuple):
    """An item with its place."""

    item: OpenItem
    place: Place


def document_of(item_id: str) -> str:
    """The name of the invoice, payment or journal entry of an item.

    >>> document_of("SINV-1"), document_of("SINV-1#2"), document_of("Journal Entry:JV-7:Acme: & Co")
    ('SINV-1', 'SINV-1', 'JV-7')
    """
    if item_id.startswith(IN_JOURNAL):
        return item_id.removeprefix(IN_JOURNAL).partition(":")[0]
    return item_id.removeprefix(ON_ACCOUNT).partition(_TERM)[0]


def invoice_items(
    row: Row, open_value: Any, terms: Sequence[Row], *, by_term: bool, reference_fields: Sequence[str]
) -> list[Instalment]:
    """The items of an invoice or credit note: one, or one per payment term where ERPNext allocates by term.

    Raises ValueError with what to correct.
    """
    currency = row.get("party_account_currency") or row["currency"]
    base = "" if row["currency"] == currency else "base_"
    original = minor(row.get(f"{base}rounded_total") or row.get(f"{base}grand_total"), currency)
    open_amount = minor(open_value, currency) if open_value else 0
    name = row["name"]
    if open_amount and (open_amount < 0) != (original < 0):
        message = (
            f"the payment ledger says {Money(open_amount, currency)} of {Money(original, currency)}: more was "
            "allocated than was owed; cancel or unreconcile one of its payments in ERPNext"
        )
        raise ValueError(message)
    issued_on = day(row["posting_date"])
    if issued_on is None:
        message = "the invoice has no posting date"
        raise ValueError(message)
    others: tuple[str, ...] = ()
    for field in reference_fields:
        if row.get(field):
            others = (*others, str(row[field]).strip())
    kind: ItemKind = "credit_note" if original < 0 else "invoice"
    due_on = day(row.get("due_date")) or issued_on
    if by_term and len(terms) > 1 and original > 0:
        split = _by_term(terms, base, currency, open_amount)
    else:
        term = terms[0] if len(terms) == 1 else None
        wanted = str(term.get("term_payment_term") or "") if by_term and term is not None else ""
        split = [("", wanted, due_on, original, open_amount, term)]
    found = []
    for suffix, term_name, due, owed, left, term in split:
        until, discount = _discount(term, owed, currency) if term is not None and left == owed else (None, 0)
        item = new_open_item(
            item_id=f"{name}{suffix}",
            number=name,
            kind=kind,
            customer_id=row["customer"],
            currency=currency,
            issued_on=issued_on,
            due_on=due or due_on,
            original_amount=owed,
            open_amount=left,
            discount_until=until,
            discount_amount=discount,
            other_references=others,
        )
        found.append(Instalment(item, _place(INVOICE, name, term_name, row.get("debit_to") or "", currency)))
    return found


_Split = tuple[str, str, date | None, int, int, Row | None]


def _by_term(terms: Sequence[Row], base: str, currency: str, open_amount: int) -> list[_Split]:
    """Each instalment with what its payment schedule says is outstanding, never more together than the ledger says.

    A credit note or journal entry takes from the invoice without naming a term; it is taken off the last instalments.
    """
    ordered = sorted(terms, key=lambda term: term["term_idx"])
    left = [minor(_rounded(term.get(f"term_{base}outstanding"), currency), currency) for term in ordered]
    excess = sum(left) - open_amount
    for place in reversed(range(len(left))):
        taken = min(max(excess, 0), left[place])
        left[place] -= taken
        excess -= taken
    if open_amount and not any(left):
        message = (
            f"{Money(open_amount, currency)} is left outside its payment terms; ERPNext allocates by term only, so "
            "write it off there with a journal entry"
        )
        raise ValueError(message)
    found: list[_Split] = []
    for term, outstanding in zip(ordered, left, strict=True):
        owed = minor(_rounded(term.get(f"term_{base}payment_amount"), currency), currency)
        suffix = f"{_TERM}{term['term_idx']}"
        found.append((suffix, str(term.get("term_payment_term") or ""), day(term.get("term_due_date")),
                      max(owed, outstanding), outstanding, term))  # fmt: skip
    return found


def _rounded(value: Any, currency: str) -> Any:
    """ERPNext subtracts in binary numbers and may leave fractions of a cent on a term."""
    return to_decimal(round_to_minor(value, currency), currency) if value else 0


def _discount(term: Row, original: int, currency: str) -> tuple[date | None, int]:
    """The discount of a term; ERPNext leaves its amount at 0, so it is worked out here."""
    until = day(term.get("term_discount_date"))
    if original <= 0 or not term.get("term_discount") or until is None:
        return None, 0
    if term.get("term_discount_type") == "Amount":
        return until, minor(term["term_discount"], currency)
    return until, round_to_minor(to_decimal(original, currency) * term["term_discount"] / 100, currency)


def on_account_item(row: Row, default_currency: str) -> OpenItem:
    """What of a payment entry is not allocated, as credit of the customer."""
    currency = row.get("paid_from_account_currency") or default_currency
    booked_on = day(row["posting_date"]) or date.min
    left = row.get("unallocated_amount") if row["docstatus"] == 1 else 0
    open_amount = minor(_rounded(left, currency), currency)
    return new_open_item(
        item_id=ON_ACCOUNT + row["name"],
        number=row["name"],
        kind="on_account",
        customer_id=row.get("party") or "",
        currency=currency,
        issued_on=booked_on,
        due_on=booked_on,
        original_amount=-max(minor(row.get("paid_amount"), currency), open_amount),
        open_amount=-open_amount,
    )


def journal_items(rows: Sequence[Row], default_currency: str) -> list[Instalment]:
    """The items in journal entries, from the rows of the payment ledger against them: opening balances and the like."""
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        key = (row["against_voucher_no"], row.get("party") or "", row.get("account") or "")
        grouped.setdefault(key, []).append(row)
    found = []
    for (name, party, account), group in grouped.items():
        currency = group[0].get("account_currency") or default_currency
        own = [row for row in group if row.get("voucher_no") == name] or group
        original = sum(minor(row["amount_in_account_currency"], currency) for row in own)
        left = sum(minor(row["amount_in_account_currency"], currency) for row in group)
        issued_on = day(own[0].get("posting_date")) or date.min
        item = new_open_item(
            item_id=f"{IN_JOURNAL}{name}:{party}",
            number=name,
            kind="debit_note" if original > 0 else "on_account",
            customer_id=party,
            currency=currency,
            issued_on=issued_on,
            due_on=day(own[0].get("due_date")) or issued_on,
            original_amount=original,
            open_amount=left,
        )
        found.append(Instalment(item, Place(JOURNAL, name, "", account, currency)))
    return found
