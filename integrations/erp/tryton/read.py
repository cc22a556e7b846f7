"""Pulling from Tryton: posted customer invoices with what is left to pay, and payments that stand on account.

Tryton allocates money to invoices, not to their instalments, so the item is the invoice; it falls due with its earliest
unpaid instalment. ``write_date`` is empty until the first change, so changes are found by it or by ``create_date``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.errors import ConfigError
from integrations.erp.protocol import Page, QuarantinedRow
from integrations.erp.tryton.config import Settings
from integrations.erp.tryton.rpc import TrytonRpc
from matching.model.money import AmountError
from matching.model.open_item import Customer, HouseAccount, OpenItem

PAGE_ROWS = 500
INVOICE, LINE = "account.invoice", "account.move.line"
_INVOICE_FIELDS = (
    "number",
    "reference",
    "customer_payment_reference",
    "state",
    "party",
    "currency",
    "account",
    "invoice_date",
    "total_amount",
    "amount_to_pay",
    "lines_to_pay",
    "payment_term_date",
    "write_date",
    "create_date",
)
_LINE_FIELDS = ("debit", "credit", "party", "date", "move_origin", "invoice_payments", "move", "reconciliation")
Row = Mapping[str, Any]


class TrytonReader:
    """What can be read of one company."""

    def __init__(self, settings: Settings, rpc: TrytonRpc) -> None:
        self._settings = settings
        self._rpc = rpc
        self._company: dict[str, Any] | None = None
        self._currencies: dict[int, str] = {}
        self._fields: list[str] | None = None

    @property
    def company(self) -> dict[str, Any]:
        """The company; from the first use on every call is made in its context."""
        if self._company is None:
            company_id = self._settings.company_id
            if company_id is None:
                preferences = self._rpc.call("model.res.user.get_preferences", True, writing=False)  # noqa: FBT003
                company_id = (preferences or {}).get("company")
            if company_id is None:
                message = "our Tryton user has no company; set one there, or company_id in the settings"
                raise ConfigError(message)
            self._rpc.context["company"] = company_id
            found = self._rpc.search_read("company.company", [["id", "=", company_id]], ["party.name", "currency"])
            if not found:
                message = f"Tryton has no company {company_id}, or our user may not see it"
                raise ConfigError(message)
            self._company = found[0]
        return self._company

    def currency(self, currency_id: int) -> str:
        """The ISO code of a currency id."""
        if currency_id not in self._currencies:
            found = self._rpc.search_read("currency.currency", [], ["code"])
            self._currencies = {row["id"]: row["code"] for row in found}
        return self._currencies[currency_id]

    # -- items -----------------------------------------------------------------------------------------------------

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, or the invoices that changed since the cursor with all money on account."""
        company = self.company["id"]
        since = datetime.fromisoformat(cursor) - timedelta(minutes=self._settings.overlap_minutes) if cursor else None
        domain: list[Any] = [["type", "=", "out"], ["company", "=", company]]
        watermark = self._newest(domain) or cursor or ""
        if since:
            domain.append(["OR", ["write_date", ">=", since], ["create_date", ">=", since]])
        else:
            domain.append(["state", "=", "posted"])
        for rows, _ in self._paged(INVOICE, domain, self._invoice_fields()):
            items, aside = self._items([row for row in rows if row["state"] == "posted"])
            is_open = tuple(item for item in items if item.open_amount)
            here = {item.item_id for item in is_open} | {row.item_id for row in aside}
            gone = tuple(key for row in rows if since and (key := invoice_key(row["id"])) not in here)
            yield Page(rows=is_open, gone=gone, quarantined=tuple(aside), cursor=watermark, snapshot=since is None)
        lines = [["reconciliation", "=", None]] if since is None else self._changed_lines(since)
        for rows, last in self._paged(LINE, [*self._receivable(), *lines], _LINE_FIELDS):
            alone = [row for row in rows if _stands_alone(row)]
            found = tuple(self._on_account(row) for row in alone if not row["reconciliation"])
            gone = tuple(f"{LINE},{row['id']}" for row in alone if row["reconciliation"])
            yield Page(rows=found, gone=gone, cursor=watermark, snapshot=since is None, last=last)

    def _changed_lines(self, since: datetime) -> list[Any]:
        return [["OR", ["write_date", ">=", since], ["create_date", ">=", since]]]

    def _receivable(self) -> list[Any]:
        return [
            ["account.type.receivable", "=", True],
            ["account.reconcile", "=", True],
            ["move.state", "=", "posted"],
            ["move.company", "=", self.company["id"]],
        ]

    def _newest(self, domain: list[Any]) -> str:
        moments = []
        for field in ("write_date", "create_date"):
            rows = self._rpc.search_read(
                INVOICE, [*domain, [field, "!=", None]], [field], limit=1, order=f"{field} DESC"
            )
            moments += [row[field] for row in rows]
        return max(moments).isoformat() if moments else ""

    def _paged(
        self, model: str, domain: list[Any], fields: Sequence[str]
    ) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        after = 0
        while True:
            rows = self._rpc.search_read(model, [*domain, ["id", ">", after]], fields, limit=PAGE_ROWS)
            last = len(rows) < PAGE_ROWS
            yield rows, last
            if last:
                return
            after = rows[-1]["id"]

    def _invoice_fields(self) -> list[str]:
        if self._fields is None:
            known = self._rpc.call(f"model.{INVOICE}.fields_get", list(_INVOICE_FIELDS), writing=False)
            self._fields = [name for name in _INVOICE_FIELDS if name in known]
        return self._fields

    def invoices(self, item_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The invoices behind item ids, in any state."""
        ids = [int(each.rpartition(",")[2]) for each in item_ids if each.startswith(f"{INVOICE},")]
        if not ids:
            return []
        domain = [["id", "in", ids], ["type", "=", "out"], ["company", "=", self.company["id"]]]
        return self._rpc.search_read(INVOICE, domain, self._invoice_fields())

    def items(self, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """The items as they are; paid invoices have nothing open, drafts and cancelled ones are left out."""
        rows = [row for row in self.invoices(item_ids) if row["state"] in {"posted", "paid"}]
        found, _ = self._items(rows)
        return {item.item_id: item for item in found}

    def _items(
        self, rows: Sequence[Row], settled_on: Mapping[int, date] | None = None
    ) -> tuple[list[OpenItem], list[QuarantinedRow]]:
        due = self._due_dates([line for row in rows for line in row["lines_to_pay"] or ()])
        items, aside = [], []
        for row in rows:
            try:
                items.append(self._item(row, due, (settled_on or {}).get(row["id"])))
            except (AmountError, KeyError, ValueError) as error:
                where = f"invoice {row.get('number')}"
                key = invoice_key(row["id"])
                message = f"{where}: {error}"
                aside.append(QuarantinedRow(where=where, message=message, raw=str(dict(row)), item_id=key))
        return items, aside

    def _item(self, row: Row, due: Mapping[int, date], settled_on: date | None) -> OpenItem:
        currency = self.currency(row["currency"])
        original = minor(row["total_amount"], currency)
        issued_on = row["invoice_date"]
        if issued_on is None:
            message = "the invoice has no date"
            raise ValueError(message)
        number = row["number"] or ""
        reference = row.get("customer_payment_reference") or ""
        other = row.get("reference") or ""
        return OpenItem(
            item_id=invoice_key(row["id"]),
            number=number,
            kind="credit_note" if original < 0 else "invoice",
            customer_id=str(row["party"]),
            currency=currency,
            issued_on=issued_on,
            due_on=min((due[line] for line in row["lines_to_pay"] or () if line in due), default=issued_on),
            original_amount=original,
            open_amount=minor(row["amount_to_pay"], currency) if row["state"] == "posted" else 0,
            payment_reference="".join(reference.split()),
            settled_on=settled_on,
            other_references=(other,) if other and other != number else (),
        )

    def _due_dates(self, line_ids: Sequence[int]) -> dict[int, date]:
        """The maturity of instalments that are not reconciled yet."""
        if not line_ids:
            return {}
        domain = [["id", "in", sorted(line_ids)], ["reconciliation", "=", None], ["maturity_date", "!=", None]]
        return {row["id"]: row["maturity_date"] for row in self._rpc.search_read(LINE, domain, ["maturity_date"])}

    def _on_account(self, row: Row) -> OpenItem:
        currency = self.currency(self.company["currency"])
        amount = minor(row["debit"] - row["credit"], currency)
        return OpenItem(
            item_id=f"{LINE},{row['id']}",
            number=f"{LINE},{row['id']}",
            kind="on_account" if amount < 0 else "debit_note",
            customer_id=str(row["party"] or ""),
            currency=currency,
            issued_on=row["date"],
            due_on=row["date"],
            original_amount=amount,
            open_amount=amount,
        )

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Paid invoices; Tryton does not say when, so their last change stands for it."""
        domain: list[Any] = [["type", "=", "out"], ["company", "=", self.company["id"]], ["state", "=", "paid"]]
        if since:
            domain.append(["write_date", ">=", datetime(since.year, since.month, since.day)])  # noqa: DTZ001
        for rows, last in self._paged(INVOICE, domain, self._invoice_fields()):
            changed = {row["id"]: row["write_date"].date() for row in rows if row["write_date"]}
            items, aside = self._items(rows, changed)
            yield Page(rows=tuple(items), quarantined=tuple(aside), snapshot=False, last=last)

    def open_keys(self) -> Iterator[str]:
        """The ids of all that is open."""
        for page in self.open_items(None):
            yield from (row.item_id for row in page.rows)
            yield from (row.item_id for row in page.quarantined)

    # -- customers and accounts ------------------------------------------------------------------------------------

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """All parties with their IBANs, whatever the cursor."""
        assert self.company
        accounts = self._numbers()
        for rows, last in self._paged("party.party", [], ["name", "code"]):
            found = tuple(
                Customer(customer_id=str(row["id"]), name=row["name"] or row["code"], ibans=accounts.get(row["id"], ()))
                for row in rows
            )
            yield Page(rows=found, last=last)

    def _numbers(self) -> dict[int, tuple[str, ...]]:
        """The compact account numbers per owner."""
        found: dict[int, list[str]] = {}
        fields = ["number_compact", "number", "account.owners"]
        for rows, _ in self._paged("bank.account.number", [], fields):
            for row in rows:
                number = row["number_compact"] or "".join((row["number"] or "").split())
                for owner in (row.get("account.") or {}).get("owners") or ():
                    found.setdefault(owner, []).append(number)
        return {owner: tuple(numbers) for owner, numbers in found.items()}

    def journals(self) -> list[dict[str, Any]]:
        """The company's statement journals with the number of their bank account, where it is set."""
        fields = ["name", "currency", "account", "bank_account.numbers"]
        known = self._rpc.call("model.account.statement.journal.fields_get", ["bank_account"], writing=False)
        fields = fields if known else fields[:3]
        domain = [["company", "=", self.company["id"]]]
        journals = self._rpc.search_read("account.statement.journal", domain, fields)
        ids = [number for row in journals for number in (row.get("bank_account.") or {}).get("numbers") or ()]
        rows = self._rpc.search_read("bank.account.number", [["id", "in", ids]], ["number_compact"]) if ids else []
        compact = {row["id"]: row["number_compact"] for row in rows}
        for row in journals:
            numbers = (row.get("bank_account.") or {}).get("numbers") or ()
            row["accounts"] = [compact[number] for number in numbers if compact.get(number)]
            row["code"] = self.currency(row["currency"])
        return journals

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts."""
        configured = {name: account for account, name in self._settings.journals.items()}
        return tuple(
            HouseAccount(account=account, currency=row["code"], name=row["name"])
            for row in self.journals()
            for account in (row["accounts"] or [configured.get(row["name"], "")])
            if account
        )


def invoice_key(invoice_id: int) -> str:
    """The item id of an invoice.

    >>> invoice_key(7)
    'account.invoice,7'
    """
    return f"{INVOICE},{invoice_id}"


def _stands_alone(row: Row) -> bool:
    """Neither an invoice's own line nor a payment that already counts towards one."""
    return not str(row["move_origin"] or "").startswith(f"{INVOICE},") and not row["invoice_payments"]
