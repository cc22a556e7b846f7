"""Pulling from ERPNext: invoices and credit notes with what the payment ledger says is open, and unallocated money.

The invoice's own ``outstanding_amount`` can be wrong, because ERPNext loses updates when two payments are submitted at
once; the payment ledger is right. Documents are filtered by ``docstatus``, never by status.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.errors import ConfigError, VersionMismatch
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.money import AmountError, Money, round_to_minor, to_decimal
from matching.model.open_item import Customer, HouseAccount, OpenItem

INVOICE, PAYMENT = "Sales Invoice", "Payment Entry"
# Money on account is a payment entry; its item id says so, because it cannot be allocated like an invoice.
ON_ACCOUNT = "Payment Entry:"
_INVOICE_FIELDS = (
    "name",
    "customer",
    "currency",
    "party_account_currency",
    "grand_total",
    "rounded_total",
    "base_grand_total",
    "base_rounded_total",
    "outstanding_amount",
    "posting_date",
    "due_date",
    "is_return",
    "docstatus",
    "debit_to",
    "modified",
)
_PAYMENT_FIELDS = (
    "name",
    "party",
    "posting_date",
    "unallocated_amount",
    "received_amount",
    "paid_amount",
    "paid_from_account_currency",
    "docstatus",
    "modified",
    "reference_no",
)
Row = Mapping[str, Any]


class ErpNextReader:
    """What can be read of one company."""

    def __init__(self, settings: Settings, client: ErpNextClient) -> None:
        self._settings = settings
        self._client = client
        self._company: dict[str, Any] | None = None

    @property
    def company(self) -> dict[str, Any]:
        """The company's record. Raises ConfigError when there is none of that name."""
        if self._company is None:
            fields = ["name", "default_currency", "cost_center", "default_receivable_account"]
            filters = [["name", "=", self._settings.company]]
            found = self._client.rows("Company", filters, fields, limit=1)
            if not found:
                message = f"ERPNext has no company {self._settings.company!r}, or our user may not read it"
                raise ConfigError(message)
            self._company = found[0]
        return self._company

    # -- items -----------------------------------------------------------------------------------------------------

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, or what changed since the cursor."""
        since = _since(cursor, self._settings.overlap_minutes) if cursor else None
        watermark = self._newest() or cursor or ""
        ledger = self._ledger(None) if since is None else None
        changed: list[Any] = [["modified", ">=", since], ["docstatus", "in", [1, 2]]] if since else []
        # A full pull takes what either the field or the ledger calls open; the ledger decides below.
        unseen = {name for name, amount in (ledger or {}).items() if amount}
        for rows, _ in self._client.pages(INVOICE, self._invoices(changed), self._invoice_fields()):
            names = [row["name"] for row in rows]
            unseen.difference_update(names)
            open_by_name = ledger if ledger is not None else self._ledger(names)
            yield self._page(rows, open_by_name, watermark, snapshot=since is None)
        for part in _parts(sorted(unseen), 200):
            # Open in the ledger, settled by the invoice's own field: a lost update that somebody must see.
            filters = [["name", "in", part], ["docstatus", "=", 1], *self._settings.item_filter]
            rows = self._client.rows(INVOICE, filters, self._invoice_fields())
            yield self._page(rows, ledger or {}, watermark, snapshot=True)
        wanted: list[Any] = changed or [["docstatus", "=", 1], ["unallocated_amount", ">", 0]]
        filters = [["company", "=", self._settings.company], ["payment_type", "=", "Receive"],
                   ["party_type", "=", "Customer"], *wanted]  # fmt: skip
        for rows, last in self._client.pages(PAYMENT, filters, _PAYMENT_FIELDS):
            yield self._payment_page(rows, watermark, snapshot=since is None, last=last)

    def _invoices(self, changed: Sequence[Any]) -> list[Any]:
        wanted = list(changed) or [["docstatus", "=", 1], ["outstanding_amount", "!=", 0]]
        return [["company", "=", self._settings.company], *self._settings.item_filter, *wanted]

    def _invoice_fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*_INVOICE_FIELDS, *self._settings.reference_fields)))

    def _newest(self) -> str:
        found = ""
        for doctype in (INVOICE, PAYMENT):
            filters = [["company", "=", self._settings.company]]
            rows = self._client.rows(doctype, filters, ["modified"], limit=1, order_by="modified desc")
            found = max([found, *(str(row["modified"]) for row in rows)])
        return found

    def _ledger(self, names: Sequence[str] | None) -> dict[str, Any]:
        """What the payment ledger says is open per invoice, in the currency of its receivable account."""
        if names is not None and not names:
            return {}
        filters: list[Any] = [["delinked", "=", 0], ["company", "=", self._settings.company],
                              ["against_voucher_type", "=", INVOICE]]  # fmt: skip
        if names is not None:
            filters.append(["against_voucher_no", "in", list(names)])
        fields = ["against_voucher_no", "sum(amount_in_account_currency) as open_amount"]
        rows = self._client.rows("Payment Ledger Entry", filters, fields, group_by="against_voucher_no")
        return {row["against_voucher_no"]: row["open_amount"] for row in rows}

    def _page(
        self, rows: Sequence[Row], ledger: Mapping[str, Any], watermark: str, *, snapshot: bool
    ) -> Page[OpenItem]:
        discounts = self._discounts([row["name"] for row in rows])
        items: list[OpenItem] = []
        gone: list[str] = []
        aside: list[QuarantinedRow] = []
        for row in rows:
            try:
                item = self._item(row, ledger.get(row["name"]), discounts.get(row["name"], ()))
            except (AmountError, ValueError) as error:
                where = f"{INVOICE} {row['name']}"
                aside.append(
                    QuarantinedRow(where=where, message=f"{where}: {error}", raw=str(dict(row)), item_id=row["name"])
                )
                continue
            if row["docstatus"] == 1 and item.open_amount:
                items.append(item)
            else:
                gone.append(item.item_id)
        found = () if snapshot else tuple(gone)
        return Page(rows=tuple(items), gone=found, quarantined=tuple(aside), cursor=watermark, snapshot=snapshot)

    def _item(self, row: Row, open_value: Any, discounts: Sequence[Row]) -> OpenItem:
        own_currency = row["currency"] == row.get("party_account_currency", row["currency"])
        currency = row.get("party_account_currency") or row["currency"]
        prefix = "" if own_currency else "base_"
        total = row.get(f"{prefix}rounded_total") or row.get(f"{prefix}grand_total")
        original = minor(total, currency)
        open_amount = minor(open_value, currency)
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
        until, discount = self._discount(discounts, original, currency) if open_amount == original else (None, 0)
        others = (str(row.get(field) or "").strip() for field in self._settings.reference_fields)
        return OpenItem(
            item_id=row["name"],
            number=row["name"],
            kind="credit_note" if original < 0 else "invoice",
            customer_id=row["customer"],
            currency=currency,
            issued_on=issued_on,
            due_on=day(row.get("due_date")) or issued_on,
            original_amount=original,
            open_amount=open_amount,
            discount_until=until,
            discount_amount=discount,
            other_references=tuple(each for each in others if each),
        )

    def _discounts(self, names: Sequence[str]) -> dict[str, list[Row]]:
        """The discount terms of the invoices' payment schedules."""
        if not names:
            return {}
        fields = ["name", "payment_schedule.discount as discount", "payment_schedule.discount_type as discount_type",
                  "payment_schedule.discount_date as discount_date",
                  "payment_schedule.payment_amount as payment_amount"]  # fmt: skip
        found: dict[str, list[Row]] = {}
        for row in self._client.rows(INVOICE, [["name", "in", list(names)]], fields):
            if row.get("discount") and day(row.get("discount_date")):
                found.setdefault(row["name"], []).append(row)
        return found

    def _discount(self, terms: Sequence[Row], original: int, currency: str) -> tuple[date | None, int]:
        """The discount of an invoice with one term; ERPNext leaves its amount at 0, so it is worked out here."""
        if len(terms) != 1 or original <= 0:
            return None, 0
        term = terms[0]
        if term.get("discount_type") == "Amount":
            return day(term["discount_date"]), minor(term["discount"], currency)
        part = to_decimal(original, currency) * term["discount"] / 100
        return day(term["discount_date"]), round_to_minor(part, currency)

    def _payment_page(self, rows: Sequence[Row], watermark: str, *, snapshot: bool, last: bool) -> Page[OpenItem]:
        items = [item for row in rows if (item := self._on_account(row)).open_amount]
        here = {item.item_id for item in items}
        gone = () if snapshot else tuple(each for row in rows if (each := ON_ACCOUNT + row["name"]) not in here)
        return Page(rows=tuple(items), gone=gone, cursor=watermark, snapshot=snapshot, last=last)

    def _on_account(self, row: Row) -> OpenItem:
        currency = row.get("paid_from_account_currency") or self.company["default_currency"]
        booked_on = day(row["posting_date"]) or date.min
        open_amount = minor(row.get("unallocated_amount"), currency) if row["docstatus"] == 1 else 0
        return OpenItem(
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

    def items(self, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """The items as they are; cancelled ones are left out."""
        names = [each for each in item_ids if not each.startswith(ON_ACCOUNT)]
        found: dict[str, OpenItem] = {}
        for part in _parts(names, 200):
            ledger = self._ledger(part)
            rows = self._client.rows(
                INVOICE,
                [["name", "in", part], ["docstatus", "=", 1], ["company", "=", self._settings.company]],
                self._invoice_fields(),
            )
            discounts = self._discounts([row["name"] for row in rows])
            for row in rows:
                try:
                    item = self._item(row, ledger.get(row["name"]), discounts.get(row["name"], ()))
                except ValueError as error:
                    raise VersionMismatch(str(error)) from None
                found[item.item_id] = item
        payments = [each.removeprefix(ON_ACCOUNT) for each in item_ids if each.startswith(ON_ACCOUNT)]
        if payments:
            rows = self._client.rows(PAYMENT, [["name", "in", payments], ["docstatus", "=", 1]], _PAYMENT_FIELDS)
            found.update({item.item_id: item for item in map(self._on_account, rows)})
        return found

    def ledger_balances(self, names: Sequence[str], currency: str) -> dict[str, int]:
        """What the payment ledger says is open per invoice, whatever sign it has."""
        found = self._ledger(list(names))
        return {name: minor(found.get(name), currency) for name in names}

    def receivable_accounts(self, names: Sequence[str]) -> dict[str, str]:
        """The receivable account of each invoice."""
        rows = self._client.rows(INVOICE, [["name", "in", list(names)]], ["name", "debit_to"]) if names else []
        return {row["name"]: row["debit_to"] for row in rows}

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
        for rows, last in self._client.pages(INVOICE, filters, self._invoice_fields()):
            items = []
            for row in rows:
                item = self._item(row, 0, ())
                items.append(_settled(item, day(row["modified"])))
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
                    name=row.get("customer_name") or row["name"],
                    ibans=tuple(each for each in accounts.get(row["name"], ()) if each),
                )
                for row in rows
            )
            yield Page(rows=found, last=last)

    def bank_accounts(self) -> dict[str, str]:
        """Our bank accounts by number, with their ledger account: from the settings, else ERPNext's Bank Accounts."""
        if self._settings.bank_accounts:
            return dict(self._settings.bank_accounts)
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


def _parts(names: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(names), size):
        yield list(names[start : start + size])


def _settled(item: OpenItem, on: date | None) -> OpenItem:
    return replace(item, open_amount=0, settled_on=on)


def _since(cursor: str, overlap_minutes: int) -> str:
    moment = datetime.fromisoformat(cursor) - timedelta(minutes=overlap_minutes)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
