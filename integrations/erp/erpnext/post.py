"""Posting to ERPNext: one submitted Payment Entry per customer and receivable account, found again by the posting key.

A Payment Entry is inserted and submitted in one request, so it is there whole or not at all. ERPNext itself loses
updates when two are submitted at once: one writer per company, and after each posting the payment ledger is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.converge import differences, refuse_other_content, refuse_stale, settled_per_item
from integrations.erp.erpnext.client import ErpNextClient, LockedOnServer, StaleOnServer
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.read import INVOICE, PAYMENT, ErpNextReader
from integrations.erp.errors import (
    AlreadyExists,
    ConfigError,
    LockedPeriod,
    StaleItem,
    UnknownPosting,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.protocol import RemoteAllocation, RemotePosting, Tick
from matching.model.money import Money, to_decimal
from matching.model.posting import PostedAllocation, Posting

CANCELLED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One Payment Entry to be: ERPNext books one customer and one receivable account in each. Minor units."""

    customer_id: str
    receivable: str
    allocations: tuple[PostedAllocation, ...]
    on_account: int

    @property
    def paid(self) -> int:
        """What of the payment this entry takes."""
        return sum(each.cash for each in self.allocations) + self.on_account


class ErpNextPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, client: ErpNextClient, reader: ErpNextReader) -> None:
        self._settings = settings
        self._client = client
        self._reader = reader

    def find(self, key: str) -> RemotePosting | None:
        """The live entries under the key, else the cancelled ones."""
        names = self._names(key)
        documents = [document for name in names if (document := self._client.document(PAYMENT, name))]
        live = [document for document in documents if document["docstatus"] != CANCELLED]
        if not documents:
            return None
        return self._remote(key, live or documents)

    def _names(self, key: str) -> list[str]:
        filters = [["reference_no", "=", key], ["company", "=", self._settings.company]]
        return [row["name"] for row in self._client.rows(PAYMENT, filters, ["name"], order_by="name asc")]

    def _remote(self, key: str, documents: Sequence[Mapping[str, Any]]) -> RemotePosting:
        first = documents[0]
        currency = first.get("paid_to_account_currency") or self._reader.company["default_currency"]
        settled: dict[str, int] = {}
        for document in documents:
            for row in document.get("references") or []:
                name = row["reference_name"]
                settled[name] = settled.get(name, 0) + minor(row.get("allocated_amount"), currency)
        reversed_ = first["docstatus"] == CANCELLED
        draft = any(document["docstatus"] == 0 for document in documents)
        complete = len({_part(document)[0] for document in documents}) >= _part(first)[1]
        return RemotePosting(
            key=key,
            state="reversed" if reversed_ else "draft" if draft else "posted" if complete else "incomplete",
            native_ids=tuple(str(document["name"]) for document in documents),
            amount=sum(minor(document.get("paid_amount"), currency) for document in documents),
            currency=currency,
            booked_on=day(first.get("posting_date")),
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=sum(minor(document.get("unallocated_amount"), currency) for document in documents),
        )

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, posting: Posting, tick: Tick) -> RemotePosting:
        """Insert the entries that are missing, then compare entries and ledger with what was decided."""
        there = self.find(posting.key)
        if there is not None and there.state == "posted":
            return refuse_other_content(posting, there)
        if there is not None and there.state != "incomplete":
            message = (
                f"ERPNext holds posting {posting.key} as {there.state} ({', '.join(there.native_ids)}); "
                "a new decision needs a new key"
            )
            raise AlreadyExists(message, key=posting.key)
        entries = self._entries(posting)
        done = self._parts_done(posting.key)
        open_before = {} if done else self._fresh(posting)
        for number, entry in enumerate(entries, start=1):
            if number not in done:
                tick(f"payment entry {number}")
                self._insert(posting, entry, number, len(entries))
        remote = self.find(posting.key)
        if remote is None or remote.state != "posted" or differences(posting, remote):
            said = "it is gone" if remote is None else "; ".join(differences(posting, remote)) or remote.state
            message = f"posting {posting.key} is not what was planned: {said}; look at it in ERPNext"
            raise VersionMismatch(message)
        self._compare_ledger(posting, open_before)
        return remote

    def _fresh(self, posting: Posting) -> dict[str, int]:
        items = self._reader.items([each.item_id for each in posting.allocations])
        refuse_stale(posting, items)
        return {item_id: item.open_amount for item_id, item in items.items()}

    def _parts_done(self, key: str) -> set[int]:
        filters = [["reference_no", "=", key], ["docstatus", "=", 1], ["company", "=", self._settings.company]]
        return {_part(row)[0] for row in self._client.rows(PAYMENT, filters, ["name", "remarks"])}

    def _entries(self, posting: Posting) -> list[Entry]:
        accounts = self._reader.receivable_accounts([each.item_id for each in posting.allocations])
        groups: dict[tuple[str, str], list[PostedAllocation]] = {}
        for each in posting.allocations:
            account = accounts.get(each.item_id)
            if account is None:
                message = f"item {each.number} ({each.item_id}) is no longer there; pull again and match again"
                raise StaleItem(message, item_id=each.item_id, expected=each.expected_open)
            groups.setdefault((each.customer_id, account), []).append(each)
        target = next((group for group in groups if group[0] == posting.on_account_customer_id), None)
        if posting.on_account and target is None:
            target = (posting.on_account_customer_id, str(self._reader.company["default_receivable_account"]))
            groups[target] = []
        found = [
            Entry(
                customer_id=group[0],
                receivable=group[1],
                allocations=tuple(rows),
                on_account=posting.on_account if group == target else 0,
            )
            for group, rows in groups.items()
        ]
        short = next((entry for entry in found if entry.paid <= 0), None)
        if short is not None:
            message = (
                f"customer {short.customer_id} would get an entry over {Money(short.paid, posting.currency)}; ERPNext "
                "takes receipts only, so book the credit there by hand"
            )
            raise ValidationFailed(message, field="paid_amount")
        return found

    def _insert(self, posting: Posting, entry: Entry, number: int, count: int) -> None:
        values = self._values(posting, entry, number, count)
        try:
            self._client.insert(PAYMENT, values)
        except AlreadyExists:
            pass  # Another worker, or a request of ours that was thought lost; what is there is compared afterwards.
        except LockedOnServer as error:
            message = f"ERPNext's books are closed on {posting.booking_date}: {error}"
            raise LockedPeriod(message, on=posting.booking_date) from None
        except (StaleOnServer, ValidationFailed) as error:
            if number == 1:
                refuse_stale(posting, self._reader.items([each.item_id for each in posting.allocations]))
            if isinstance(error, StaleOnServer):
                message = f"an item of posting {posting.key} changed in ERPNext: {error}; pull and match again"
                raise StaleItem(message, item_id=entry.allocations[0].item_id if entry.allocations else "") from None
            raise

    def _values(self, posting: Posting, entry: Entry, number: int, count: int) -> dict[str, Any]:
        def amount(value: int) -> Decimal:
            return to_decimal(value, posting.currency)

        paid_to = self._bank(posting)
        values: dict[str, Any] = {
            "payment_type": "Receive",
            "company": self._settings.company,
            "posting_date": posting.booking_date.isoformat(),
            "party_type": "Customer",
            "party": entry.customer_id,
            "paid_from": entry.receivable,
            "paid_to": paid_to,
            "paid_amount": amount(entry.paid),
            "received_amount": amount(entry.paid),
            "source_exchange_rate": 1,
            "target_exchange_rate": 1,
            "reference_no": posting.key,
            "reference_date": posting.booking_date.isoformat(),
            "custom_remarks": 1,
            "remarks": f"Lettrage {posting.key} {number}/{count}\n{posting.payer_name}\n{posting.remittance[:500]}",
            "references": [
                {
                    "reference_doctype": INVOICE,
                    "reference_name": item_id,
                    "allocated_amount": amount(settled),
                }
                for item_id, settled in settled_per_item_of(entry.allocations).items()
            ],
            "deductions": self._deductions(posting, entry),
            "docstatus": 1,
        }
        if self._settings.mode_of_payment:
            values["mode_of_payment"] = self._settings.mode_of_payment
        if self._settings.key_field:
            values[self._settings.key_field] = posting.key if count == 1 else f"{posting.key}-{number}"
        return values

    def _deductions(self, posting: Posting, entry: Entry) -> list[dict[str, Any]]:
        per_account: dict[str, int] = {}
        for each in entry.allocations:
            if each.discount:
                account = discount_account(self._settings)
                per_account[account] = per_account.get(account, 0) + each.discount
            if each.write_off:
                account = write_off_account(self._settings, each.write_off_reason)
                per_account[account] = per_account.get(account, 0) + each.write_off
        center = self._settings.cost_center or self._reader.company.get("cost_center")
        return [
            {"account": account, "cost_center": center, "amount": to_decimal(amount, posting.currency)}
            for account, amount in per_account.items()
            if amount
        ]

    def _bank(self, posting: Posting) -> str:
        ledger = self._reader.bank_accounts().get(posting.account)
        if ledger is None:
            message = f"no ledger account is known for bank account {posting.account}; map it under bank_accounts"
            raise ConfigError(message)
        currency = self._reader.account_currencies([ledger]).get(ledger)
        if currency != posting.currency:
            held = f"is kept in {currency}" if currency else "does not exist in the company"
            message = f"the ledger account {ledger} {held}, the payment is in {posting.currency}; correct bank_accounts"
            raise ConfigError(message)
        return ledger

    def _compare_ledger(self, posting: Posting, open_before: Mapping[str, int]) -> None:
        """What ERPNext's fields say may be wrong after two entries at once; the ledger is the truth."""
        if not open_before:
            return
        balances = self._reader.ledger_balances(tuple(open_before), posting.currency)
        for item_id, settled in settled_per_item(posting).items():
            have, wanted = balances[item_id], open_before[item_id] - settled
            if have != wanted:
                message = (
                    f"after posting {posting.key} the ledger shows {Money(have, posting.currency)} open on {item_id} "
                    f"where {Money(wanted, posting.currency)} is left: another payment was booked at the same moment; "
                    "cancel one of them"
                )
                raise VersionMismatch(message)

    # -- taking back -----------------------------------------------------------------------------------------------

    def reverse(self, key: str) -> RemotePosting:
        """Cancel every live entry under the key; ERPNext keeps them as cancelled."""
        there = self.find(key)
        if there is None:
            message = f"ERPNext holds no payment entry {key}; there is nothing to take back"
            raise UnknownPosting(message)
        if there.state == "reversed":
            return there
        for name in there.native_ids:
            try:
                self._client.method("frappe.client.cancel", writing=True, doctype=PAYMENT, name=name)
            except LockedOnServer as error:
                message = f"ERPNext's books are closed on the day of payment entry {name}: {error}"
                raise LockedPeriod(message, on=there.booked_on or date.min) from None
            except ValidationFailed:
                document = self._client.document(PAYMENT, name)
                if document is not None and document["docstatus"] != CANCELLED:
                    raise
        found = self.find(key)
        assert found is not None, "a cancelled payment entry stays"
        return found


def settled_per_item_of(allocations: Sequence[PostedAllocation]) -> dict[str, int]:
    """By how much each item falls through these allocations."""
    settled: dict[str, int] = {}
    for each in allocations:
        settled[each.item_id] = settled.get(each.item_id, 0) + each.cash + each.discount + each.write_off
    return {item_id: amount for item_id, amount in settled.items() if amount}


def discount_account(settings: Settings) -> str:
    """The account for discounts. Raises ConfigError."""
    if not settings.discount_account:
        message = "no account is set for early-payment discounts; name one under discount_account"
        raise ConfigError(message)
    return settings.discount_account


def write_off_account(settings: Settings, reason: str) -> str:
    """The account for a write-off. Raises ConfigError."""
    account = settings.write_off_accounts.get(reason) or settings.write_off_accounts.get("default")
    if not account:
        message = f"no account is set for write-offs ({reason or 'no reason'}); name one under write_off_accounts"
        raise ConfigError(message)
    return account


def _part(document: Mapping[str, Any]) -> tuple[int, int]:
    """Which entry of how many, from the first line of the remarks; an entry without it stands alone.

    >>> _part({"remarks": "Lettrage ABC 2/3"}), _part({})
    ((2, 3), (1, 1))
    """
    first = str(document.get("remarks") or "").split("\n", maxsplit=1)[0]
    number, _, count = first.rpartition(" ")[2].partition("/")
    return (int(number), int(count)) if number.isdigit() and count.isdigit() else (1, 1)
