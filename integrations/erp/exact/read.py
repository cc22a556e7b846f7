"""Pulling from Exact Online: receivables, accounts, bank journals.

A receivable is split when a part of it is paid, and grouped again by dates and references; its own id does not last.
What lasts is the transaction line it comes from and the day it is due: that is the item, and the rows of it that are
not matched add up to what is open. All open receivables are read each time, by the bulk endpoint with a thousand rows
a page: so nothing is missed, and a part payment needs no change mark.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from integrations.erp.amounts import minor
from integrations.erp.errors import ConfigError, VersionMismatch
from integrations.erp.exact.client import ExactClient
from integrations.erp.exact.config import Settings
from integrations.erp.lean import new_open_item
from integrations.erp.odata import Row, day_of
from integrations.erp.protocol import Page, QuarantinedRow
from matching.model.money import AmountError, Money
from matching.model.open_item import Customer, HouseAccount, ItemKind, OpenItem

RECEIVABLES = "bulk/Cashflow/Receivables"
_FIELDS = (
    *("ID", "Account", "AmountFC", "AmountDiscountFC", "Currency", "DiscountDueDate", "DueDate", "EntryNumber"),
    *("GLAccount", "InvoiceDate", "InvoiceNumber", "LastPaymentDate", "OrderNumber", "PaymentReference", "Status"),
    *("TransactionAmountFC", "TransactionID", "TransactionType", "YourRef"),
)
# 20 open, 30 selected for collection, 40 collected but not seen on the bank yet, 50 matched.
_MATCHED = 50
_SALES, _CREDIT = 20, 21
_BANK_JOURNAL = 12
_ITEM = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(\d{4}-\d\d-\d\d)")
_AT_ONCE = 15
_PAGE_ITEMS = 5_000


class ExactReader:
    """What can be read of one division."""

    def __init__(self, settings: Settings, client: ExactClient) -> None:
        self._settings = settings
        self._client = client
        self._accounts: dict[str, str] | None = None
        self._journals: dict[str, Row] | None = None

    # -- receivables -----------------------------------------------------------------------------------------------

    def open_items(self, cursor: str | None) -> Iterator[Page[OpenItem]]:
        """Everything open, whatever the cursor; rows of one item may stand on two pages, so they are put together."""
        items, aside = self._believed(self._groups(f"Status lt {_MATCHED}"))
        yield Page(rows=tuple(items[:_PAGE_ITEMS]), quarantined=tuple(aside), last=len(items) <= _PAGE_ITEMS)
        for start in range(_PAGE_ITEMS, len(items), _PAGE_ITEMS):
            yield Page(rows=tuple(items[start : start + _PAGE_ITEMS]), last=start + _PAGE_ITEMS >= len(items))

    def _groups(self, condition: str) -> dict[str, list[Row]]:
        """The rows of each item."""
        groups: dict[str, list[Row]] = {}
        for row in self._client.rows(RECEIVABLES, filter=condition, select=self._select()):
            groups.setdefault(item_id_of(row), []).append(row)
        return groups

    def _select(self) -> str:
        return ",".join(dict.fromkeys((*_FIELDS, *self._settings.reference_fields)))

    def _believed(self, groups: dict[str, list[Row]]) -> tuple[list[OpenItem], list[QuarantinedRow]]:
        items, aside = [], []
        instalments: dict[str, int] = {}
        for item_id in groups:
            transaction = item_id.partition("/")[0]
            instalments[transaction] = instalments.get(transaction, 0) + 1
        for item_id, rows in groups.items():
            try:
                item = self._item(item_id, rows, alone=instalments[item_id.partition("/")[0]] == 1)
            except (AmountError, ValueError) as error:
                where = f"receivable {rows[0].get('InvoiceNumber') or item_id}"
                aside.append(
                    QuarantinedRow(where=where, message=f"{where}: {error}", raw=str(dict(rows[0])), item_id=item_id)
                )
                continue
            if item.open_amount:
                items.append(item)
        return items, aside

    def _item(self, item_id: str, rows: Sequence[Row], *, alone: bool) -> OpenItem:
        """One item from its rows. Where an invoice is due in parts, a part's own total is not told."""
        first = rows[0]
        currency = str(first.get("Currency") or "")
        waiting = [row for row in rows if int(row.get("Status") or 0) < _MATCHED]
        open_amount = sum([minor(row.get("AmountFC"), currency) for row in waiting])
        total = minor(first.get("TransactionAmountFC"), currency)
        original = total if alone and abs(total) >= abs(open_amount) and total * open_amount >= 0 else open_amount
        issued, due = day_of(first.get("InvoiceDate")), day_of(first.get("DueDate"))
        if issued is None and due is None:
            message = "it has neither an invoice date nor a due date; correct it in Exact Online"
            raise ValueError(message)
        kind = _kind(first, original)
        if (kind in {"invoice", "debit_note"}) != (original >= 0):
            message = f"{Money(original, currency)} does not go with transaction type {first.get('TransactionType')}"
            raise ValueError(message)
        until = day_of(first.get("DiscountDueDate")) if open_amount == original else None
        discount = sum([minor(row.get("AmountDiscountFC"), currency) for row in waiting]) if until else 0
        number = str(first.get("InvoiceNumber") or first.get("EntryNumber") or "")
        return new_open_item(
            item_id=item_id,
            number=number,
            kind=kind,
            customer_id=str(first.get("Account") or ""),
            currency=currency,
            issued_on=issued or due or date.min,
            due_on=due or issued or date.min,
            original_amount=original,
            open_amount=open_amount,
            payment_reference=str(first.get("PaymentReference") or ""),
            discount_until=until if discount else None,
            discount_amount=discount,
            other_references=self._others(first, number),
        )

    def _others(self, row: Row, number: str) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        for field in self._settings.reference_fields:
            if (value := row.get(field)) and (text := str(value).strip()) and text not in (number, *found):
                found = (*found, text)
        return found

    def rows_of(self, item_ids: Sequence[str]) -> dict[str, list[Row]]:
        """The rows of these items, matched ones too."""
        transactions = list(dict.fromkeys(found[1] for each in item_ids if (found := _ITEM.fullmatch(each))))
        groups: dict[str, list[Row]] = {}
        for start in range(0, len(transactions), _AT_ONCE):
            some = " or ".join(f"TransactionID eq guid'{each}'" for each in transactions[start : start + _AT_ONCE])
            for item_id, rows in self._groups(some).items():
                groups.setdefault(item_id, []).extend(rows)
        return groups

    def items(self, item_ids: Sequence[str]) -> dict[str, OpenItem]:
        """The items as they are now, settled ones with nothing open. Raises VersionMismatch when one is unreadable."""
        groups = self.rows_of(item_ids)
        found = {}
        for item_id in item_ids:
            rows = groups.get(item_id)
            if rows is None:
                continue
            transaction = item_id.partition("/")[0]
            try:
                alone = sum(1 for each in groups if each.startswith(f"{transaction}/")) == 1
                found[item_id] = self._item(item_id, rows, alone=alone)
            except (AmountError, ValueError) as error:
                message = f"receivable {item_id}: {error}"
                raise VersionMismatch(message) from None
        return found

    def open_keys(self) -> Iterator[str]:
        """The ids of all that is open."""
        for page in self.open_items(None):
            yield from (item.item_id for item in page.rows)
            yield from (row.item_id for row in page.quarantined)

    def settled_items(self, since: date | None) -> Iterator[Page[OpenItem]]:
        """Matched sales entries, with the day of their last payment; a row each, because nothing hangs on their ids."""
        wanted = f"Status eq {_MATCHED} and TransactionType eq {_SALES}"
        if since is not None:
            wanted += f" and InvoiceDate ge datetime'{since.isoformat()}T00:00:00'"
        for page in self._client.pages(RECEIVABLES, filter=wanted, select=self._select()):
            items = [item for row in page.rows if (item := self._settled(row)) is not None]
            yield Page(rows=tuple(items), snapshot=False, last=page.last)

    def _settled(self, row: Row) -> OpenItem | None:
        currency, issued = str(row.get("Currency") or ""), day_of(row.get("InvoiceDate"))
        number = str(row.get("InvoiceNumber") or "")
        try:
            amount = minor(row.get("TransactionAmountFC") or row.get("AmountFC"), currency)
        except (AmountError, ValueError):
            return None
        if issued is None or not number or amount <= 0:
            return None
        return new_open_item(
            item_id=item_id_of(row),
            number=number,
            kind="invoice",
            customer_id=str(row.get("Account") or ""),
            currency=currency,
            issued_on=issued,
            due_on=day_of(row.get("DueDate")) or issued,
            original_amount=amount,
            open_amount=0,
            payment_reference=str(row.get("PaymentReference") or ""),
            settled_on=day_of(row.get("LastPaymentDate")),
        )

    # -- customers and accounts ------------------------------------------------------------------------------------

    def customers(self, cursor: str | None) -> Iterator[Page[Customer]]:
        """All accounts that are customers, with their bank accounts."""
        numbers: dict[str, list[str]] = {}
        for row in self._client.rows("crm/BankAccounts", select="ID,Account,BankAccount,IBAN,Blocked"):
            number = "".join(str(row.get("IBAN") or row.get("BankAccount") or "").split()).upper()
            if number and not row.get("Blocked"):
                numbers.setdefault(str(row.get("Account") or ""), []).append(number)
        for page in self._client.pages("bulk/CRM/Accounts", select="ID,Code,Name,Country,Parent,Status,IsSales"):
            found = tuple(
                Customer(
                    customer_id=str(row["ID"]),
                    name=str(row.get("Name") or row["ID"]),
                    ibans=tuple(dict.fromkeys(numbers.get(str(row["ID"]), ()))),
                    country=_country(row.get("Country")),
                    parent_id=str(row.get("Parent") or ""),
                )
                for row in page.rows
                if row.get("Status") or row.get("IsSales")
            )
            yield Page(rows=found, last=page.last)

    def journals(self) -> dict[str, Row]:
        """All journals by code."""
        if self._journals is None:
            select = "ID,Code,Description,Type,Currency,BankAccountIBAN,IsBlocked"
            rows = self._client.rows("financial/Journals", select=select)
            self._journals = {str(row["Code"]).strip(): row for row in rows}
        return self._journals

    def bank_journals(self) -> dict[str, str]:
        """The code of the journal for each bank account: from the settings, else the journals' own IBANs."""
        if self._settings.journals:
            return {"".join(number.split()).upper(): code for number, code in self._settings.journals.items()}
        return {
            number: code
            for code, row in self.journals().items()
            if row.get("Type") == _BANK_JOURNAL
            and (number := "".join(str(row.get("BankAccountIBAN") or "").split()).upper())
        }

    def journal(self, account: str) -> Row:
        """The journal for a bank account. Raises ConfigError."""
        code = self.bank_journals().get("".join(account.split()).upper())
        if code is None:
            message = f"no journal in Exact Online has bank account {account}; map it under journals"
            raise ConfigError(message)
        found = self.journals().get(code)
        if found is None or found.get("IsBlocked"):
            said = "is blocked" if found else "does not exist"
            message = f"journal {code} {said} in Exact Online; correct journals"
            raise ConfigError(message)
        return found

    def house_accounts(self) -> tuple[HouseAccount, ...]:
        """Our own bank accounts: those of the journals."""
        journals = self.journals()
        return tuple(
            HouseAccount(
                account=number,
                currency=str(journals.get(code, {}).get("Currency") or ""),
                name=str(journals.get(code, {}).get("Description") or code),
            )
            for number, code in self.bank_journals().items()
        )

    def gl_account(self, code: str, what: str) -> str:
        """The id of a G/L account by its code. Raises ConfigError."""
        if self._accounts is None:
            rows = self._client.rows("bulk/Financial/GLAccounts", select="ID,Code")
            self._accounts = {str(row["Code"]).strip(): str(row["ID"]) for row in rows}
        found = self._accounts.get(code.strip())
        if not found:
            message = f"Exact Online has no G/L account {code} ({what}); correct the settings"
            raise ConfigError(message)
        return found

    def period(self, on: date) -> tuple[int, int] | None:
        """Financial year and period of a day; None when there is none yet."""
        moment = f"datetime'{on.isoformat()}T00:00:00'"
        wanted = f"StartDate le {moment} and EndDate ge {moment}"
        row = next(iter(self._client.rows("financial/FinancialPeriods", filter=wanted, select=_PERIOD)), None)
        return (int(row["FinYear"]), int(row["FinPeriod"])) if row else None

    def is_closed(self, journal: str, year: int, period: int) -> bool:
        """Whether the journal is closed in that period."""
        wanted = f"Year eq {year} and Period eq {period}"
        rows = self._client.rows(
            "read/financial/JournalStatusByFinancialPeriod", filter=wanted, select="Journal,Year,Period,Status"
        )
        return any(str(row.get("Journal")).strip() == journal and row.get("Status") == 1 for row in rows)


_PERIOD = "ID,FinYear,FinPeriod,StartDate,EndDate"


def item_id_of(row: Row) -> str:
    """What lasts of a receivable: the transaction line it comes from, and the day it is due.

    >>> item_id_of({"TransactionID": "1C0F2D3E-0000-4000-8000-00000000AAAA", "DueDate": "/Date(1793404800000)/"})
    '1c0f2d3e-0000-4000-8000-00000000aaaa/2026-10-31'
    """
    return f"{str(row.get('TransactionID')).lower()}/{_due(row.get('DueDate'), row.get('InvoiceDate'))}"


@lru_cache(maxsize=4_096)
def _due(due: Any, issued: Any) -> str:
    return (day_of(due) or day_of(issued) or date.min).isoformat()


def is_item_id(text: str) -> bool:
    """Whether a text has the form of an item id."""
    return _ITEM.fullmatch(text) is not None


def _kind(row: Row, original: int) -> ItemKind:
    transaction: Any = row.get("TransactionType")
    if transaction == _SALES and original >= 0:
        return "invoice"
    if transaction in {_CREDIT, _SALES}:
        return "credit_note"
    return "on_account" if original < 0 else "debit_note"


def _country(value: object) -> str:
    text = str(value or "").strip().upper()
    return text if len(text) == 2 and text.isalpha() else ""
