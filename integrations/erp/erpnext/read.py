"""Pulling from ERPNext: invoices, credit notes and journal entries with what the payment ledger says is open.

The invoice's own ``outstanding_amount`` can be wrong, because ERPNext loses updates when two payments are submitted at
once; the payment ledger is right. Documents are filtered by ``docstatus``, never by status.
"""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.items import (
    IN_JOURNAL,
    INVOICE,
    INVOICE_FIELDS,
    JOURNAL,
    JOURNAL_FIELDS,
    ON_ACCOUNT,
    PAYMENT,
    PAYMENT_FIELDS,
    TERM_FIELDS,
    Instalment,
    Place,
    Row,
    document_of,
    invoice_items,
    journal_items,
    on_account_item,
)
from integrations.erp.errors import ConfigError, VersionMismatch
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.open_item import Customer, HouseAccount, OpenItem

_LEDGER = "Payment Ledger Entry"
_COMPANY_FIELDS = (
    "name", "default_currency", "cost_center", "default_receivable_account", "exchange_gain_loss_account",
    "book_advance_payments_in_separate_party_account",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fresh:
    """Items read right before posting: as they are, where they are, and what the ledger has open per document."""

    items: Mapping[str, OpenItem]
    places: Mapping[str, Place]
    balances: Mapping[str, int]


class ErpNextReader:
    """What can be read of one company."""

    def __init__(self, settings: Settings, client: ErpNextClient) -> None:
        self._settings = settings
        self._client = client
        self._company: dict[str, Any] | None = None
        self._templates: frozenset[str] | None = None

    @property
    def company(self) -> dict[str, Any]:
        """The company's record. Raises ConfigError when there is none of that name."""
        if self._company is None:
            filters = [["name", "=", self._settings.company]]
            found = self._client.rows("Company", filters, _COMPANY_FIELDS, limit=1)
            if not found:
                message = f"ERPNext has no company {self._settings.company!r}, or our user may not read it"
                raise ConfigError(message)
            self._company = found[0]
        return self._company

    def _allocated_by_term(self) -> frozenset[str]:
        """The payment terms templates whose instalments are allocated one by one."""
        if self._templates is None:
            filters = [["allocate_payment_based_on_payment_terms", "=", 1]]
            rows = self._client.rows("Payment Terms Template", filters, ["name"])
            self._templates = frozenset(row["name"] for row in rows)
        return self._templates

    # -- items -----------------------------------------------------------------------------------------------------

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, or what changed since the cursor."""
        since = _since(cursor, self._settings.overlap_minutes) if cursor else None
        watermark = self._newest() or cursor or ""
        changed: list[Any] = [["modified", ">=", since]] if since else []
        if since is None:
            yield from self._everything(watermark)
        else:
            filters = [*self._own(), *self._settings.item_filter, *changed, ["docstatus", "in", [1, 2]]]
            for rows, _ in self._client.pages(INVOICE, filters, self._invoice_fields()):
                yield self._page(rows, self._ledger([row["name"] for row in rows]), watermark, snapshot=False)
        yield self._journal_page(since, watermark)
        wanted = [*changed, ["docstatus", "in", [1, 2]]] if since else [["docstatus", "=", 1]]
        wanted += [] if since else [["unallocated_amount", ">", 0]]
        filters = [*self._own(), ["payment_type", "=", "Receive"], ["party_type", "=", "Customer"], *wanted]
        for rows, last in self._client.pages(PAYMENT, filters, PAYMENT_FIELDS):
            yield self._payment_page(rows, watermark, snapshot=since is None, last=last)

    def _everything(self, watermark: str) -> Iterator[Page[OpenItem]]:
        """What either the invoice's field or the ledger calls open; the ledger decides."""
        ledger = {name: amount for name, amount in self._sums(INVOICE) if amount}
        unseen = set(ledger)
        filters = [*self._own(), *self._settings.item_filter, ["docstatus", "=", 1]]
        for rows, _ in self._client.pages(INVOICE, [*filters, ["outstanding_amount", "!=", 0]], self._invoice_fields()):
            unseen.difference_update(row["name"] for row in rows)
            yield self._page(rows, ledger, watermark, snapshot=True)
        for part in _parts(sorted(unseen), 500):
            # Open in the ledger, settled by the invoice's own field: a lost update that somebody must see.
            rows = self._client.rows(INVOICE, [*filters, ["name", "in", part]], self._invoice_fields())
            yield self._page(rows, ledger, watermark, snapshot=True)

    def _own(self) -> list[Any]:
        return [["company", "=", self._settings.company]]

    def _invoice_fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*INVOICE_FIELDS, *self._settings.reference_fields)))

    def _newest(self) -> str:
        found = ""
        for doctype in (INVOICE, PAYMENT, _LEDGER):
            rows = self._client.rows(doctype, self._own(), ["modified"], limit=1, order_by="modified desc")
            found = max([found, *(str(row["modified"]) for row in rows)])
        return found

    def _ledger_filters(self, doctype: str) -> list[Any]:
        return [["delinked", "=", 0], *self._own(), ["against_voucher_type", "=", doctype]]

    def _sums(self, doctype: str) -> Iterator[tuple[str, Any]]:
        """What the ledger says per document, in the currency of its receivable account; most of them are 0."""
        filters = self._ledger_filters(doctype)
        for name, total in self._client.sums(_LEDGER, filters, "against_voucher_no", "amount_in_account_currency"):
            yield name, round(Decimal(total), 6) if total else 0

    def _ledger(self, names: Sequence[str]) -> dict[str, Any]:
        """The same for these invoices alone."""
        found: dict[str, Any] = {}
        fields = ["against_voucher_no", "amount_in_account_currency"]
        for part in _parts(names, 500):
            filters = [*self._ledger_filters(INVOICE), ["against_voucher_no", "in", part]]
            for row in self._client.rows(_LEDGER, filters, fields):
                name = row["against_voucher_no"]
                found[name] = found.get(name, 0) + row["amount_in_account_currency"]
        return found

    def _page(
        self, rows: Sequence[Row], ledger: Mapping[str, Any], watermark: str, *, snapshot: bool
    ) -> Page[OpenItem]:
        terms = self._needed_terms(rows)
        items: list[OpenItem] = []
        gone: list[str] = []
        aside: list[QuarantinedRow] = []
        for row in rows:
            name = row["name"]
            try:
                found = self._invoice_items(row, ledger.get(name, 0), terms.get(name, ()))
            except ValueError as error:  # AmountError is one
                where = f"{INVOICE} {name}"
                aside.append(QuarantinedRow(where=where, message=f"{where}: {error}", raw=str(dict(row)), item_id=name))
                continue
            for each in found:
                if row["docstatus"] == 1 and each.item.open_amount:
                    items.append(each.item)
                else:
                    gone.append(each.item.item_id)
        absent = () if snapshot else tuple(gone)
        return Page(rows=tuple(items), gone=absent, quarantined=tuple(aside), cursor=watermark, snapshot=snapshot)

    def _invoice_items(self, row: Row, open_value: Any, terms: Sequence[Row]) -> list[Instalment]:
        template = row.get("payment_terms_template")
        return invoice_items(
            row,
            open_value,
            terms,
            by_term=bool(template) and template in self._allocated_by_term(),
            reference_fields=self._settings.reference_fields,
        )

    def _needed_terms(self, rows: Sequence[Row]) -> dict[str, list[Row]]:
        """The payment schedules of the invoices that offer a discount or are allocated by term; few of them do."""
        names = [row["name"] for row in rows]
        wanted: set[str] = set()
        for part in _parts(names, 500):
            filters = [["Payment Schedule", "discount", ">", 0], ["name", "in", part]]
            wanted.update(row["name"] for row in self._client.rows(INVOICE, filters, ["name"]))
        by_term = self._allocated_by_term() if any(row.get("payment_terms_template") for row in rows) else ()
        wanted.update(row["name"] for row in rows if row.get("payment_terms_template") in by_term)
        return self._terms([name for name in names if name in wanted])

    def _terms(self, names: Sequence[str]) -> dict[str, list[Row]]:
        """The payment schedules of invoices, one row per instalment."""
        found: dict[str, list[Row]] = {}
        for part in _parts(names, 500):
            for row in self._client.rows(INVOICE, [["name", "in", part]], TERM_FIELDS):
                if row.get("term_idx"):
                    found.setdefault(row["name"], []).append(row)
        return found

    def _journal_page(self, since: str | None, watermark: str) -> Page[OpenItem]:
        """Open lines of journal entries; with ``since``, those whose ledger rows changed."""
        names: Iterable[str] = (name for name, total in self._sums(JOURNAL) if total)
        if since is not None:
            filters = [*self._own(), ["against_voucher_type", "=", JOURNAL], ["modified", ">=", since]]
            names = dict.fromkeys(
                row["against_voucher_no"] for row in self._client.rows(_LEDGER, filters, JOURNAL_FIELDS)
            )
        found = self._journals(tuple(names))
        items = tuple(each.item for each in found if each.item.open_amount and not _overdrawn(each.item))
        gone = tuple(each.item.item_id for each in found if not each.item.open_amount)
        aside = tuple(_set_aside(each.item) for each in found if _overdrawn(each.item))
        absent = () if since is None else gone
        return Page(rows=items, gone=absent, quarantined=aside, cursor=watermark, snapshot=since is None)

    def _journals(self, names: Sequence[str]) -> list[Instalment]:
        rows: list[Row] = []
        customers = [["party_type", "=", "Customer"]]
        for part in _parts(names, 500):
            filters = [*self._ledger_filters(JOURNAL), *customers, ["against_voucher_no", "in", part]]
            rows += self._client.rows(_LEDGER, filters, JOURNAL_FIELDS)
        return journal_items(rows, self.company["default_currency"])

    def _payment_page(self, rows: Sequence[Row], watermark: str, *, snapshot: bool, last: bool) -> Page[OpenItem]:
        found = [on_account_item(row, self.company["default_currency"]) for row in rows]
        gone = () if snapshot else tuple(item.item_id for item in found if not item.open_amount)
        items = tuple(item for item in found if item.open_amount)
        return Page(rows=items, gone=gone, cursor=watermark, snapshot=snapshot, last=last)

    def items(self, item_ids: Sequence[str]) -> Mapping[str, OpenItem]:
        """The items as they are; cancelled ones are left out. Raises VersionMismatch."""
        found = dict(self.fresh(item_ids).items)
        payments = [document_of(each) for each in item_ids if each.startswith(ON_ACCOUNT)]
        for part in _parts(payments, 500):
            rows = self._client.rows(PAYMENT, [["name", "in", part], ["docstatus", "=", 1]], PAYMENT_FIELDS)
            items = [on_account_item(row, self.company["default_currency"]) for row in rows]
            found.update({item.item_id: item for item in items})
        return found

    def fresh(self, item_ids: Sequence[str]) -> Fresh:
        """Invoices and lines of journal entries with what is needed to pay them. Raises VersionMismatch."""
        names = list(dict.fromkeys(document_of(i) for i in item_ids if not i.startswith((ON_ACCOUNT, IN_JOURNAL))))
        found: list[Instalment] = []
        for part in _parts(names, 500):
            filters = [["name", "in", part], ["docstatus", "=", 1], *self._own()]
            rows = self._client.rows(INVOICE, filters, self._invoice_fields())
            ledger, terms = self._ledger([row["name"] for row in rows]), self._needed_terms(rows)
            for row in rows:
                try:
                    found += self._invoice_items(row, ledger.get(row["name"], 0), terms.get(row["name"], ()))
                except ValueError as error:
                    message = f"{INVOICE} {row['name']}: {error}"
                    raise VersionMismatch(message) from None
        journals = [document_of(each) for each in item_ids if each.startswith(IN_JOURNAL)]
        found += self._journals(list(dict.fromkeys(journals)))
        wanted = set(item_ids)
        balances: dict[str, int] = {}
        for each in found:
            balances[each.place.name] = balances.get(each.place.name, 0) + each.item.open_amount
        mine = [each for each in found if each.item.item_id in wanted]
        return Fresh(
            items={each.item.item_id: each.item for each in mine},
            places={each.item.item_id: each.place for each in mine},
            balances=balances,
        )

    def balances(self, wanted: Mapping[str, str]) -> dict[str, int]:
        """What the payment ledger has open per document now, whatever sign it has, given each one's currency."""
        found: dict[str, Any] = {}
        for part in _parts(list(wanted), 500):
            filters = [["delinked", "=", 0], *self._own(), ["against_voucher_no", "in", part]]
            fields = ["against_voucher_no", "amount_in_account_currency"]
            for row in self._client.rows(_LEDGER, filters, fields):
                name = row["against_voucher_no"]
                found[name] = found.get(name, 0) + row["amount_in_account_currency"]
        return {name: minor(found.get(name, 0), currency) for name, currency in wanted.items()}

    def item_ids(self, references: Sequence[Row], party: str) -> list[str]:
        """The items that the rows of a payment entry settle, in their order."""
        split = self._terms([row["reference_name"] for row in references if row.get("payment_term")])
        found = []
        for row in references:
            name = row["reference_name"]
            numbers = {term.get("term_payment_term"): term["term_idx"] for term in split.get(name, ())}
            if row.get("reference_doctype") == JOURNAL:
                found.append(f"{IN_JOURNAL}{name}:{party}")
            elif len(numbers) > 1 and row.get("payment_term") in numbers:
                found.append(f"{name}#{numbers[row['payment_term']]}")
            else:
                found.append(name)
        return found

    def open_keys(self) -> Iterator[str]:
        """The ids of all that is open by the field; the pull compares with the ledger."""
        for page in self.open_items(None):
            yield from (item.item_id for item in page.rows)
            yield from (row.item_id for row in page.quarantined)

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Invoices with nothing outstanding; ERPNext does not say when, so their last change stands for it."""
        filters: list[Any] = [["company", "=", self._settings.company], ["docstatus", "=", 1],
                              ["outstanding_amount", "=", 0], *self._settings.item_filter]  # fmt: skip
        if since:
            filters.append(["modified", ">=", since.isoformat()])
        for rows, last in self._client.pages(INVOICE, filters, (*self._invoice_fields(), "modified")):
            items = [
                replace(each.item, open_amount=0, settled_on=day(row["modified"]))
                for row in rows
                for each in self._invoice_items(row, 0, ())
            ]
            yield Page(rows=tuple(items), snapshot=False, last=last)

    # -- customers and accounts ------------------------------------------------------------------------------------

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """Customers with the accounts that their Bank Account records hold."""
        accounts: dict[str, list[str]] = {}
        filters = [["party_type", "=", "Customer"]]
        for rows, _ in self._client.pages("Bank Account", filters, ["name", "party", "iban", "bank_account_no"]):
            for row in rows:
                number = str(row.get("iban") or row.get("bank_account_no") or "")
                accounts.setdefault(row.get("party") or "", []).append("".join(number.split()).upper())
        for rows, last in self._client.pages("Customer", [], ["name", "customer_name", "modified"]):
            found = tuple(
                Customer(
                    customer_id=row["name"],
                    # Frappe keeps a text with anything like a tag in it escaped.
                    name=html.unescape(row.get("customer_name") or row["name"]),
                    ibans=tuple(each for each in accounts.get(row["name"], ()) if each),
                )
                for row in rows
            )
            yield Page(rows=found, last=last)

    def bank_accounts(self) -> dict[str, str]:
        """Our bank accounts by number, with their ledger account: from the settings, else ERPNext's Bank Accounts."""
        if self._settings.bank_accounts:
            return {"".join(each.split()).upper(): name for each, name in self._settings.bank_accounts.items()}
        filters = [["is_company_account", "=", 1], ["company", "=", self._settings.company]]
        rows = self._client.rows("Bank Account", filters, ["name", "iban", "bank_account_no", "account"])
        found = {}
        for row in rows:
            number = "".join(str(row.get("iban") or row.get("bank_account_no") or "").split()).upper()
            if number and row.get("account"):
                found[number] = row["account"]
        return found

    def account_currencies(self, accounts: Sequence[str]) -> dict[str, str]:
        """The currency of ledger accounts; what is missing does not exist in the company."""
        filters = [["name", "in", list(accounts)], ["company", "=", self._settings.company]]
        rows = self._client.rows("Account", filters, ["name", "account_currency"])
        return {row["name"]: row.get("account_currency") or self.company["default_currency"] for row in rows}

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts."""
        accounts = self.bank_accounts()
        currencies = self.account_currencies(tuple(accounts.values()))
        return tuple(
            HouseAccount(account=number, currency=currencies.get(ledger, ""), name=ledger)
            for number, ledger in accounts.items()
        )


def _overdrawn(item: OpenItem) -> bool:
    return (item.open_amount < 0) != (item.original_amount < 0) and item.open_amount != 0


def _set_aside(item: OpenItem) -> QuarantinedRow:
    message = (
        f"{JOURNAL} {item.number}: more was allocated than was owed by {item.customer_id}; cancel or unreconcile one "
        "of its payments in ERPNext"
    )
    return QuarantinedRow(where=f"{JOURNAL} {item.number}", message=message, raw=str(item), item_id=item.item_id)


def _parts(names: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield list(names[start : start + size])


def _since(cursor: str, overlap_minutes: int) -> str:
    moment = datetime.fromisoformat(cursor) - timedelta(minutes=overlap_minutes)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
