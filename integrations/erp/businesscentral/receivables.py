"""What is open, as Business Central offers it: sales documents by the standard API, or ledger entries by a custom page.

The standard API has no customer ledger. Its sales invoices tell what remains to be paid; its credit memos only whether
they are open, so one that was used in part still shows its whole amount; money on account does not show at all. A page
of the customer's own over the ledger entries tells all of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from integrations.erp.amounts import minor
from integrations.erp.businesscentral.client import STANDARD
from integrations.erp.businesscentral.config import LedgerPage, Settings
from integrations.erp.lean import new_open_item
from integrations.erp.odata import Row, day_of, enum_text
from matching.model.money import Money
from matching.model.open_item import ItemKind, OpenItem

INVOICE, CREDIT_MEMO = "invoice:", "credit_memo:"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DOCUMENT_FIELDS = (
    *("id", "number", "postingDate", "dueDate", "billToCustomerNumber", "customerNumber", "currencyCode"),
    *("totalAmountIncludingTax", "status", "lastModifiedDateTime"),
)
# Ledger entries that a payment line of the API can be applied to.
_INVOICE_TYPE = "Invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Where some of the open items come from, and how a row of it becomes one.

    Filters are OData; ``exists`` keeps out what is no item yet, such as drafts. ``condition`` finds one item by its
    id, None when the id is none of these. ``read`` raises ValueError in words for the person who can correct the row.
    """

    entities: str
    api: str
    select: str
    is_open: str
    is_settled: str
    exists: str
    modified: str
    posted_on: str
    condition: Callable[[str], str | None]
    item_id: Callable[[Row], str]
    read: Callable[[Row], OpenItem]


def collections(settings: Settings) -> tuple[Collection, ...]:
    """The collections that make up the receivables of a company, by its settings."""
    if settings.ledger_page is not None:
        return (_entries(settings.ledger_page, settings.currency),)
    return (_invoices(settings), _credit_memos(settings))


# -- Sales documents -----------------------------------------------------------------------------------------------


def _invoices(settings: Settings) -> Collection:
    extra = ("remainingAmount", "disputeStatus", "invoiceDate", *settings.reference_fields)

    fields, own_currency = settings.reference_fields, settings.currency

    def read(row: Row) -> OpenItem:
        return _document(
            row,
            "invoice",
            INVOICE + str(row["id"]),
            row.get("currencyCode") or own_currency,
            row.get("remainingAmount") if row.get("status") == "Open" else 0,
            day_of(row.get("invoiceDate")),
            tuple([text.strip() for field in fields if (text := row.get(field))]),
        )

    return _documents("salesInvoices", INVOICE, extra, read)


def _credit_memos(settings: Settings) -> Collection:
    def read(row: Row) -> OpenItem:
        return _document(
            row,
            "credit_note",
            CREDIT_MEMO + str(row["id"]),
            str(row.get("currencyCode") or settings.currency),
            row.get("totalAmountIncludingTax") if row.get("status") == "Open" else 0,
            day_of(row.get("creditMemoDate")),
            tuple(each for each in [str(row.get("externalDocumentNumber") or "").strip()] if each),
        )

    return _documents("salesCreditMemos", CREDIT_MEMO, ("creditMemoDate", "externalDocumentNumber"), read)


def _documents(entities: str, prefix: str, extra: tuple[str, ...], read: Callable[[Row], OpenItem]) -> Collection:
    def condition(item_id: str) -> str | None:
        native = item_id.removeprefix(prefix)
        return f"id eq {native}" if item_id.startswith(prefix) and _GUID.fullmatch(native) else None

    return Collection(
        entities=entities,
        api=STANDARD,
        select=",".join(dict.fromkeys((*_DOCUMENT_FIELDS, *extra))),
        is_open="status eq 'Open'",
        is_settled="status eq 'Paid'",
        exists="status ne 'Draft' and status ne 'In_x0020_Review'",
        modified="lastModifiedDateTime",
        posted_on="postingDate",
        condition=condition,
        item_id=lambda row: prefix + str(row.get("id")),
        read=read,
    )


def _document(  # noqa: PLR0917  -- by place, because it is done a hundred thousand times
    row: Row,
    kind: ItemKind,
    item_id: str,
    currency: str,
    open_of: object,
    issued_on: date | None,
    references: tuple[str, ...],
) -> OpenItem:
    sign = -1 if kind == "credit_note" else 1
    issued = issued_on or day_of(row.get("postingDate"))
    if issued is None:
        message = "the document has no posting date"
        raise ValueError(message)
    total = row.get("totalAmountIncludingTax")
    original = sign * minor(total, currency)
    return _believed(
        new_open_item(
            item_id=item_id,
            number=row.get("number") or "",
            kind=kind,
            customer_id=row.get("billToCustomerNumber") or row.get("customerNumber") or "",
            currency=currency,
            issued_on=issued,
            due_on=day_of(row.get("dueDate")) or issued,
            original_amount=original,
            # Most documents are open with their whole amount.
            open_amount=original if open_of == total else sign * minor(open_of, currency),
            disputed=bool(row.get("disputeStatus")),
            other_references=references,
        )
    )


# -- Ledger entries of a custom page -------------------------------------------------------------------------------


def _entries(page: LedgerPage, own_currency: str) -> Collection:
    def value(row: Row, name: str) -> object:
        field = page.field(name)
        return row.get(field) if field else None

    def kind_of(row: Row) -> str:
        return enum_text(value(row, "type")).lower().replace(" ", "_") or "entry"

    def item_id(row: Row) -> str:
        return f"{kind_of(row)}:{value(row, 'entry')}"

    def read(row: Row) -> OpenItem:
        return _entry(row, value, item_id(row), own_currency)

    def condition(wanted: str) -> str | None:
        number = wanted.rpartition(":")[2]
        return f"{page.field('entry')} eq {number}" if number.isdigit() and ":" in wanted else None

    is_open, posted_on = page.field("open"), page.field("posted_on")
    return Collection(
        entities=page.path.rpartition("/")[2],
        api=page.path.rpartition("/")[0],
        select=",".join(field for name in _ENTRY_FIELDS if (field := page.field(name))),
        is_open=f"{is_open} eq true",
        is_settled=f"{is_open} eq false",
        exists="",
        modified=page.field("modified"),
        posted_on=posted_on,
        condition=condition,
        item_id=item_id,
        read=read,
    )


_ENTRY_FIELDS = (
    *("entry", "type", "number", "external_number", "customer", "posted_on", "issued_on", "due_on", "currency"),
    *("original", "remaining", "open", "discount_until", "discount", "payment_reference", "dispute", "modified"),
)


def _entry(row: Row, value: Callable[[Row, str], object], item_id: str, own_currency: str) -> OpenItem:
    currency = str(value(row, "currency") or own_currency)
    original, open_amount = minor(value(row, "original"), currency), minor(value(row, "remaining"), currency)
    issued = day_of(value(row, "issued_on")) or day_of(value(row, "posted_on"))
    if issued is None:
        message = "the ledger entry has no posting date"
        raise ValueError(message)
    until = day_of(value(row, "discount_until"))
    discount = minor(value(row, "discount"), currency) if until and open_amount == original else 0
    external = str(value(row, "external_number") or "").strip()
    return _believed(
        new_open_item(
            item_id=item_id,
            number=str(value(row, "number") or ""),
            kind=_kind(item_id, original),
            customer_id=str(value(row, "customer") or ""),
            currency=currency,
            issued_on=issued,
            due_on=day_of(value(row, "due_on")) or issued,
            original_amount=original,
            open_amount=open_amount,
            payment_reference=str(value(row, "payment_reference") or ""),
            discount_until=until if discount else None,
            discount_amount=discount,
            disputed=bool(str(value(row, "dispute") or "").strip()),
            other_references=(external,) if external else (),
        )
    )


def _kind(item_id: str, original: int) -> ItemKind:
    if item_id.startswith(INVOICE) and original >= 0:
        return "invoice"
    if item_id.startswith(CREDIT_MEMO) and original <= 0:
        return "credit_note"
    return "debit_note" if original > 0 else "on_account"


def _believed(item: OpenItem) -> OpenItem:
    """The item when its numbers can be true; raises ValueError otherwise."""
    if not 0 <= item.open_amount <= item.original_amount and not 0 >= item.open_amount >= item.original_amount:
        original, open_amount = Money(item.original_amount, item.currency), Money(item.open_amount, item.currency)
        message = f"{open_amount} is said to be open of {original}; correct the document in Business Central"
        raise ValueError(message)
    if not item.number or not item.customer_id:
        message = "the row has no document number or no customer"
        raise ValueError(message)
    return item


def can_be_applied_to(item_id: str) -> bool:
    """Whether a payment line of the API can name this item: it applies to invoices only.

    >>> can_be_applied_to("invoice:17"), can_be_applied_to("credit_memo:18")
    (True, False)
    """
    return item_id.startswith(INVOICE)


def missing_fields(page: LedgerPage, properties: Mapping[str, object]) -> list[str]:
    """What the settings expect of a page and its rows do not have."""
    return [field for name in _ENTRY_FIELDS if (field := page.field(name)) and field not in properties]
