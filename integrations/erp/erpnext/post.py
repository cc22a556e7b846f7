"""Posting to ERPNext: one submitted Payment Entry per customer and receivable account, found again by the posting key.

A Payment Entry is inserted and submitted in one request, so it is there whole or not at all. ERPNext itself loses
updates when two are submitted at once: one writer per company, and after each posting the payment ledger is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.erp.amounts import day, minor
from integrations.erp.converge import decided_part, differences, refuse_other_content, refuse_stale
from integrations.erp.erpnext.bank import keep_bank_transaction
from integrations.erp.erpnext.client import BadLinkError, ErpNextClient, LockedOnServer, StaleOnServer
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.entry import Entry, Rate, by_document, deductions, entries, part_of, references, remarks
from integrations.erp.erpnext.items import PAYMENT
from integrations.erp.erpnext.read import ErpNextReader, Fresh
from integrations.erp.errors import (
    AlreadyExists,
    ConfigError,
    Conflict,
    ErpError,
    LockedPeriod,
    StaleItem,
    UnknownPosting,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.protocol import RemoteAllocation, RemotePosting, Tick
from matching.model.money import Money, round_to_minor, to_decimal
from matching.model.posting import Posting

CANCELLED = 2
# What ERPNext refuses for good; whatever was booked of the posting before is cancelled again.
_REFUSED = (ValidationFailed, LockedPeriod, Conflict, ConfigError)


class ErpNextPoster:
    """What can be written for one company."""

    def __init__(self, settings: Settings, client: ErpNextClient, reader: ErpNextReader) -> None:
        self._settings = settings
        self._client = client
        self._reader = reader

    def find(self, key: str) -> RemotePosting | None:
        """The live entries under the key, else the cancelled ones."""
        documents = self._documents(key)
        live = [document for document in documents if document["docstatus"] != CANCELLED]
        return self._remote(key, live or documents) if documents else None

    def _documents(self, key: str) -> list[dict[str, Any]]:
        filters = [["reference_no", "=", key], ["company", "=", self._settings.company]]
        rows = self._client.rows(PAYMENT, filters, ["name"], order_by="name asc")
        return [document for row in rows if (document := self._client.document(PAYMENT, row["name"]))]

    def _remote(self, key: str, documents: Sequence[Mapping[str, Any]]) -> RemotePosting:
        first = documents[0]
        currency = first.get("paid_to_account_currency") or self._reader.company["default_currency"]
        settled: dict[str, int] = {}
        for document in documents:
            rows = document.get("references") or []
            for row, item_id in zip(rows, self._reader.item_ids(rows, document["party"]), strict=True):
                settled[item_id] = settled.get(item_id, 0) + minor(row.get("allocated_amount"), currency)
        reversed_ = first["docstatus"] == CANCELLED
        draft = any(document["docstatus"] == 0 for document in documents)
        complete = len({part_of(document)[0] for document in documents}) >= part_of(first)[1]
        return RemotePosting(
            key=key,
            state="reversed" if reversed_ else "draft" if draft else "posted" if complete else "incomplete",
            native_ids=tuple(str(document["name"]) for document in documents),
            amount=sum(minor(document.get("paid_amount"), currency) for document in documents),
            currency=currency,
            booked_on=day(first.get("posting_date")),
            allocations=tuple(RemoteAllocation(item_id=each, settled=settled[each]) for each in sorted(settled)),
            on_account=sum(
                round_to_minor(Decimal(document.get("unallocated_amount") or 0), currency) for document in documents
            ),
        )

    # -- applying --------------------------------------------------------------------------------------------------

    def apply(self, whole: Posting, tick: Tick) -> RemotePosting:
        """Insert the entries that are missing, then compare entries and ledger with what was decided."""
        posting = decided_part(whole)
        documents = self._documents(posting.key)
        live = [document for document in documents if document["docstatus"] != CANCELLED]
        there = self._remote(posting.key, live or documents) if documents else None
        if there is not None and there.state in {"posted", "reversed"}:
            refuse_other_content(posting, there)
            keep_bank_transaction(self._settings, self._client, whole, there, tick)
            return there
        if there is not None and there.state != "incomplete":
            message = (
                f"ERPNext holds posting {posting.key} as {there.state} ({', '.join(there.native_ids)}); somebody "
                "copied or changed it there, and a new decision needs a new key"
            )
            raise AlreadyExists(message, key=posting.key)
        done = {part_of(document)[0] for document in live}
        fresh = self._reader.fresh([each.item_id for each in posting.allocations])
        if not done:
            refuse_stale(posting, fresh.items)
        self._insert_missing(posting, fresh, done, tick)
        remote = self.find(posting.key)
        if remote is None or remote.state != "posted" or differences(posting, remote):
            said = "it is gone" if remote is None else "; ".join(differences(posting, remote)) or remote.state
            message = f"posting {posting.key} is not what was planned: {said}; look at it in ERPNext"
            raise VersionMismatch(message)
        if not done:
            self._compare_ledger(posting, fresh)
        keep_bank_transaction(self._settings, self._client, whole, remote, tick)
        return remote

    def _insert_missing(self, posting: Posting, fresh: Fresh, done: set[int], tick: Tick) -> None:
        """The entries that are not there yet. A refusal takes back the others: a posting is booked whole or not."""
        booked = bool(done)
        try:
            wanted = entries(posting, fresh.places, self._receivable_of_customer(posting, fresh))
            bank, rate = self._bank(posting), self._rate(posting)
            for number, entry in enumerate(wanted, start=1):
                if number in done:
                    continue
                values = self._values(posting, entry, fresh, bank=bank, rate=rate)
                values["remarks"] = remarks(posting, number, len(wanted))
                if self._settings.key_field:
                    values[self._settings.key_field] = posting.key if number == 1 else f"{posting.key}-{number}"
                tick(f"payment entry {number}")
                self._insert(posting, entry, values)
                booked = True
        except _REFUSED as error:
            if booked:
                tick("take back what was booked")
                self._cancel_all(posting.key)
                error.args = (f"{error}; what was booked of this posting before is cancelled again",)
            raise

    def _receivable_of_customer(self, posting: Posting, fresh: Fresh) -> str:
        """The account for money on account of a customer who settles nothing here: the one ERPNext has for it."""
        customer = posting.on_account_customer_id
        if not posting.on_account or any(
            each.customer_id == customer and each.item_id in fresh.places for each in posting.allocations
        ):
            return ""
        company = self._reader.company
        separate = bool(company.get("book_advance_payments_in_separate_party_account"))
        found = self._client.method(
            "erpnext.accounts.party.get_party_account",
            writing=False,
            party_type="Customer",
            party=customer,
            company=self._settings.company,
            include_advance=separate,
        )
        # With the advance account asked for, the answer is a list that has it last.
        account = found[-1] if isinstance(found, list) and found else found
        return str(account or company.get("default_receivable_account") or "")

    def _insert(self, posting: Posting, entry: Entry, values: dict[str, Any]) -> None:
        try:
            self._client.insert(PAYMENT, values)
        except AlreadyExists:
            pass  # Another worker, or a request of ours that was thought lost; what is there is compared afterwards.
        except LockedOnServer as error:
            message = f"ERPNext's books are closed on {posting.booking_date}: {error}"
            raise LockedPeriod(message, on=posting.booking_date) from None
        except (StaleOnServer, ValidationFailed) as error:
            own = replace(posting, allocations=entry.allocations)
            refuse_stale(own, self._reader.fresh([each.item_id for each in entry.allocations]).items)
            if isinstance(error, StaleOnServer):
                message = f"an item of posting {posting.key} changed in ERPNext: {error}; pull and match again"
                raise StaleItem(message, item_id=entry.allocations[0].item_id if entry.allocations else "") from None
            if isinstance(error, BadLinkError):
                raise ConfigError(str(error)) from None
            raise

    def _values(self, posting: Posting, entry: Entry, fresh: Fresh, *, bank: str, rate: Rate) -> dict[str, Any]:
        paid = to_decimal(entry.paid, posting.currency)
        rows = references(entry, fresh.places, posting.currency)
        values: dict[str, Any] = {
            "payment_type": "Receive",
            "company": self._settings.company,
            "posting_date": posting.booking_date.isoformat(),
            "party_type": "Customer",
            "party": entry.customer_id,
            "paid_from": entry.receivable,
            "paid_to": bank,
            "paid_amount": paid,
            "received_amount": paid,
            "source_exchange_rate": rate.rate,
            "target_exchange_rate": rate.rate,
            "reference_no": posting.key,
            "reference_date": posting.booking_date.isoformat(),
            "custom_remarks": 1,
            "references": rows,
            "deductions": deductions(
                self._settings,
                entry,
                rows,
                currency=posting.currency,
                rate=rate,
                company=self._reader.company,
            ),
            "docstatus": 1,
        }
        if self._settings.mode_of_payment:
            values["mode_of_payment"] = self._settings.mode_of_payment
        return values

    def _rate(self, posting: Posting) -> Rate:
        """ERPNext's own exchange rate of the day. Raises ValidationFailed when it has none."""
        home = str(self._reader.company["default_currency"])
        if posting.currency == home:
            return Rate(home=home, rate=Decimal(1))
        found = self._client.method(
            "erpnext.setup.utils.get_exchange_rate",
            writing=False,
            from_currency=posting.currency,
            to_currency=home,
            transaction_date=posting.booking_date.isoformat(),
        )
        if not found:
            message = (
                f"ERPNext has no exchange rate from {posting.currency} to {home} for {posting.booking_date}; add a "
                "Currency Exchange record there"
            )
            raise ValidationFailed(message, field="exchange_rate")
        return Rate(home=home, rate=Decimal(found))

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

    def _compare_ledger(self, posting: Posting, before: Fresh) -> None:
        """What ERPNext's fields say may be wrong after two entries at once; the ledger is the truth."""
        settled = by_document(posting, before.places)
        if not settled:
            return
        balances = self._reader.balances({place.name: place.currency for place in before.places.values()})
        for name, amount in settled.items():
            have, wanted = balances[name], before.balances[name] - amount
            if have != wanted:
                message = (
                    f"after posting {posting.key} the ledger shows {Money(have, posting.currency)} open on {name} "
                    f"where {Money(wanted, posting.currency)} is left: another payment was booked at the same moment; "
                    "cancel one of them"
                )
                raise VersionMismatch(message)

    # -- taking back -----------------------------------------------------------------------------------------------

    def reverse(self, key: str, reason: str, on: date) -> RemotePosting:
        """Cancel every live entry under the key; ERPNext keeps them as cancelled, on their own day."""
        return self._cancel_all(key)

    def _cancel_all(self, key: str) -> RemotePosting:
        there = self.find(key)
        if there is None:
            message = f"ERPNext holds no payment entry {key}; there is nothing to take back"
            raise UnknownPosting(message)
        if there.state == "reversed":
            return there
        if there.state == "draft":
            message = f"{', '.join(there.native_ids)} is a draft that somebody made in ERPNext; delete it there"
            raise VersionMismatch(message)
        for name in there.native_ids:
            self._cancel(name, there.booked_on or date.min)
        found = self.find(key)
        assert found is not None, "a cancelled payment entry stays"
        return found

    def _cancel(self, name: str, booked_on: date) -> None:
        try:
            self._client.method("frappe.client.cancel", writing=True, doctype=PAYMENT, name=name)
        except LockedOnServer as error:
            message = f"ERPNext's books are closed on the day of payment entry {name}: {error}"
            raise LockedPeriod(message, on=booked_on) from None
        except ErpError as error:
            if error.advice == "retry":
                raise
            document = self._client.document(PAYMENT, name)
            if document is not None and document["docstatus"] != CANCELLED:
                raise
