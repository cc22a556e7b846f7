"""Folders: the ERP reads what is dropped. It never answers, so its books are inbox less what the outbox settles."""

import csv
from datetime import date
from decimal import Decimal
from typing import ClassVar

from integrations.erp.errors import AmbiguousOutcome
from integrations.erp.flatfile.connector import FlatFileConnector
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.conformance.world import Killed

ITEM_COLUMNS = [
    *("item_id", "number", "kind", "customer_id", "currency", "issue_date", "due_date"),
    *("original_amount", "open_amount", "discount_date", "discount_amount"),
]


class _Interrupted(FlatFileConnector):
    interrupt = None

    def _write(self, *args):
        self._strike("before")
        super()._write(*args)
        self._strike("after")

    def _strike(self, moment):
        if self.interrupt is not None and self.interrupt.strikes(moment):
            if self.interrupt.how == "kill":
                raise Killed
            raise AmbiguousOutcome("the share went away")


class FlatFileWorld:
    name = "flatfile"
    stride = 1
    stride_lost = 1
    account = "DE89370400440532013000"
    not_applicable: ClassVar = {
        "a_locked_period_is_said_and_never_shifted": "files know no periods; the ERP checks on import"
    }

    def __init__(self, folder):
        self.inbox, self.outbox = folder / "inbox", folder / "outbox"
        self.inbox.mkdir()
        self.customers, self.items = [], {}
        self._write()

    def connector(self, interrupt=None):
        connector = _Interrupted(inbox=self.inbox, outbox_folder=self.outbox)
        connector.interrupt = interrupt
        return connector

    def add_customer(self, name, *, iban=""):
        customer_id = f"C{len(self.customers) + 1}"
        self.customers.append({"customer_id": customer_id, "name": name, "ibans": iban})
        self._write()
        return customer_id

    def add_item(
        self,
        number,
        amount,
        *,
        customer_id,
        kind="invoice",
        currency="EUR",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        discount=None,
    ):
        item_id = f"I{len(self.items) + 1}"
        self.items[item_id] = {
            "item_id": item_id,
            "number": number,
            "kind": kind,
            "customer_id": customer_id,
            "currency": currency,
            "issue_date": issued_on,
            "due_date": due_on,
            "original_amount": to_decimal(amount, currency),
            "open_amount": to_decimal(amount, currency),
            "discount_date": discount[0] if discount else "",
            "discount_amount": to_decimal(discount[1], currency) if discount else "",
        }
        self._write()
        return item_id

    def open_amount(self, item_id):
        item = self.items.get(item_id)
        imported = sum(
            Decimal(row[column])
            for row in self._allocations()
            for column in ("allocated_amount", "discount_amount", "write_off_amount")
            if row["item_id"] == item_id
        )
        return to_minor(item["open_amount"] - imported, item["currency"]) if item else 0

    def foreign_account(self, currency):
        return self.account

    def cash_booked(self):
        payments = {
            row["posting_id"]: to_minor(Decimal(row["payment_amount"]), row["currency"]) for row in self._allocations()
        }
        return sum(payments.values())

    def pay_outside(self, item_id, amount):
        item = self.items[item_id]
        item["open_amount"] -= to_decimal(amount, item["currency"])
        if not item["open_amount"]:
            del self.items[item_id]
        self._write()

    def cancel_outside(self, item_id):
        del self.items[item_id]
        self._write()

    def lock_until(self, day):
        raise NotImplementedError

    def close(self):
        pass

    def _allocations(self):
        path = self.outbox / "allocations.csv"
        if not path.exists():
            return []
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))

    def _write(self):
        for name, columns, rows in (
            ("customers.csv", ["customer_id", "name", "ibans"], self.customers),
            ("open_items.csv", ITEM_COLUMNS, self.items.values()),
        ):
            with (self.inbox / name).open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, columns)
                writer.writeheader()
                writer.writerows(rows)


WORLDS = [FlatFileWorld]
