"""Posting to Exact Online: one entry per payment, inserted with its lines in one request.

Nothing in Exact is unique that we could choose, so an entry is found by how its lines' descriptions begin, and one
writer per division is the rule. The journal and the period are looked at first: Exact would take the current period.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from integrations.erp.converge import refuse_other_content, refuse_stale, settled_per_item
from integrations.erp.errors import AlreadyExists, ConfigError, LockedPeriod, ValidationFailed, VersionMismatch
from integrations.erp.exact.client import ExactClient, RefusedOnServer
from integrations.erp.exact.config import Settings
from integrations.erp.exact.lines import (
    Found,
    Line,
    lines_of,
    not_matched_by_exact,
    read_line,
    sign_of,
    values_of,
)
from integrations.erp.exact.read import ExactReader
from integrations.erp.odata import day_of, text_literal
from integrations.erp.protocol import RemoteAllocation, RemotePosting, Tick
from matching.model.money import to_decimal
from matching.model.open_item import OpenItem
from matching.model.posting import Posting

_LINE_FIELDS = "ID,EntryID,EntryNumber,LineNumber,Account,AmountFC,Date,Description,Notes,OurRef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The kind of entry that payments become."""

    entries: str
    lines: str
    nested: str


BOOKS = {
    "bank": Book(
        entries="financialtransaction/BankEntries", lines="financialtransaction/BankEntryLines", nested="BankEntryLines"
    ),
    "general": Book(
        entries="generaljournalentry/GeneralJournalEntries",
        lines="generaljournalentry/GeneralJournalEntryLines",
        nested="GeneralJournalEntryLines",
    ),
}


class ExactPoster:
    """What can be written for one division."""

    def __init__(self, settings: Settings, client: ExactClient, reader: ExactReader) -> None:
        self._settings = settings
        self._client = client
        self._reader = reader
        self._book = BOOKS[settings.book_in]

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, key: str) -> RemotePosting | None:
        """The entry whose lines begin with the key."""
        rows = self._rows(key)
        if not rows:
            return None
        entry_ids = list(dict.fromkeys(str(row["EntryID"]) for row in rows))
        wanted = " or ".join(f"EntryID eq guid'{each}'" for each in entry_ids)
        headers = list(self._client.rows(self._book.entries, filter=wanted, select="EntryID,EntryNumber,Currency"))
        currency = str(headers[0].get("Currency") or "") if headers else ""
        if not currency:
            message = f"the entry of posting {key} has lines and no header in Exact Online; look at it there"
            raise VersionMismatch(message)
        lines = [read_line(row, key, self._settings, currency) for row in rows]
        own = [line for line in lines if not line.counter]
        settled: dict[str, int] = {}
        for line in own:
            if line.item_id:
                settled[line.item_id] = settled.get(line.item_id, 0) + line.amount
        numbers = ", ".join(str(header.get("EntryNumber")) for header in headers)
        doubled = len(entry_ids) > 1
        return RemotePosting(
            key=key,
            state="posted" if _complete(own) and not doubled else "incomplete",
            native_ids=tuple(entry_ids),
            amount=sum(line.amount for line in own),
            currency=currency,
            booked_on=day_of(rows[0].get("Date")),
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=sum(line.amount for line in own if line.customer_id and not line.item_id),
            detail=f"two entries carry this key ({numbers}); delete one of them" if doubled else "",
        )

    def _rows(self, key: str) -> list[Any]:
        wanted = f"startswith(Description,{text_literal(key)})"
        return list(self._client.rows(self._book.lines, filter=wanted, select=_LINE_FIELDS))

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Insert the entry unless it is there, read it back and compare; say what Exact did not match."""
        there = self.find(posting.key)
        if there is None:
            self._insert(posting, tick)
            there = self.find(posting.key)
        if there is None:
            message = f"posting {posting.key} was taken by Exact Online and is not there; look at it before going on"
            raise VersionMismatch(message)
        if there.state == "incomplete":
            message = f"Exact Online does not hold posting {posting.key} as it was sent: {there.detail or 'lines lack'}"
            raise AlreadyExists(message, key=posting.key)
        booked = replace(posting, amount=posting.amount - posting.unallocated, unallocated=0)
        refuse_other_content(booked, there)
        return replace(there, detail="; ".join(self._still_beside(posting)))

    def _insert(self, posting: Posting, tick: Tick) -> None:
        lines = lines_of(posting, self._settings)
        journal = self._reader.journal(posting.account)
        if str(journal.get("Currency") or posting.currency) != posting.currency:
            message = (
                f"journal {journal['Code']} is kept in {journal['Currency']}, the payment is in {posting.currency}; "
                "map the account to a journal in its currency"
            )
            raise ConfigError(message)
        year, period = self._open_period(str(journal["Code"]).strip(), posting.booking_date)
        receivables = self._receivable_accounts(posting, self._fresh(posting))
        values = {
            "JournalCode": str(journal["Code"]).strip(),
            "Currency": posting.currency,
            "FinancialYear": year,
            "FinancialPeriod": period,
            self._book.nested: self._line_values(posting, lines, receivables),
        }
        tick("entry")
        try:
            self._client.create(self._book.entries, values)
        except RefusedOnServer:
            # 500 with a reason is a refusal as a rule; only looking tells.
            if self.find(posting.key) is None:
                raise
        except ValidationFailed:
            self._fresh(posting)
            raise

    def _fresh(self, posting: Posting) -> dict[str, OpenItem]:
        items = self._reader.items([each.item_id for each in posting.allocations])
        refuse_stale(posting, items)
        return items

    def _open_period(self, journal: str, on: date) -> tuple[int, int]:
        found = self._reader.period(on)
        if found is None:
            message = f"Exact Online has no financial period for {on}; create the year there"
            raise LockedPeriod(message, on=on)
        if self._reader.is_closed(journal, *found):
            message = f"journal {journal} is closed in period {found[1]} of {found[0]}; the payment was booked on {on}"
            raise LockedPeriod(message, on=on)
        return found

    def _receivable_accounts(self, posting: Posting, items: dict[str, OpenItem]) -> dict[str, str]:
        """The G/L account of receivables per item, and per customer for money on account."""
        accounts: dict[str, str] = {}
        for item_id, rows in self._reader.rows_of(list(items)).items():
            account = str(rows[0].get("GLAccount") or "")
            if account:
                accounts[item_id] = account
                accounts.setdefault(str(rows[0].get("Account") or ""), account)
        if self._settings.receivable_account:
            own = self._reader.gl_account(self._settings.receivable_account, "receivables")
            accounts.update({each.customer_id: own for each in posting.allocations})
            accounts[posting.on_account_customer_id] = own
        if posting.on_account and posting.on_account_customer_id not in accounts:
            message = "money on account of a customer without items needs receivable_account in the settings"
            raise ConfigError(message)
        return accounts

    def _line_values(
        self, posting: Posting, lines: Sequence[Line], receivables: dict[str, str]
    ) -> list[dict[str, Any]]:
        found = []
        for line in lines:
            if line.gl_code:
                account = self._reader.gl_account(line.gl_code, line.about)
            else:
                account = receivables.get(line.item_id) or receivables[line.customer_id]
            found.append(values_of(line, posting, self._settings, account, len(lines)))
        if self._settings.book_in == "general":
            counter = {
                "AmountFC": to_decimal(
                    -sign_of(self._settings) * (posting.amount - posting.unallocated), posting.currency
                ),
                "Date": posting.booking_date.isoformat(),
                "Description": f"{posting.key} 0/{len(lines)} bank {posting.bank_reference}"[:60],
                "GLAccount": self._reader.gl_account(self._settings.clearing_account, "clearing account"),
            }
            found.append(counter)
        return found

    def _still_beside(self, posting: Posting) -> list[str]:
        """What Exact has not matched: the item is as open as it was, so the money stands beside it."""
        items = self._reader.items(list(settled_per_item(posting)))
        partial = not_matched_by_exact(posting)
        whole = [
            f"Exact has not matched {each.number} with its payment; match them there"
            for each in posting.allocations
            if each.cash + each.discount + each.write_off == each.expected_open
            and (item := items.get(each.item_id)) is not None
            and item.open_amount == each.expected_open
        ]
        return [*partial, *whole]

    # -- taking back -----------------------------------------------------------------------------------------------

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Delete the entry; what Exact had matched is open again. A closed period or a processed entry refuses it."""
        there = self.find(key)
        if there is None:
            return RemotePosting(
                key=key,
                state="reversed",
                native_ids=(),
                amount=0,
                currency="",
                booked_on=None,
                detail="nothing stands under this key; deleted entries are not remembered",
            )
        for entry_id in there.native_ids:
            try:
                self._client.remove(self._book.entries, entry_id)
            except ValidationFailed:
                if self.find(key) is not None:
                    raise
        return replace(there, state="reversed", detail="")


def _complete(lines: Sequence[Found]) -> bool:
    """Whether every line that belongs together is there."""
    wanted = {line.count for line in lines}
    return len(wanted) == 1 and sorted(line.number for line in lines) == list(range(1, max(wanted) + 1))
