"""Exact Online as a stand-in: bank entries, and general journal entries against a clearing account."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from integrations.erp.exact.config import Settings
from integrations.erp.exact.connector import ExactConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.exact import (
    CLEARING,
    CLIENT,
    DISCOUNT,
    DIVISION,
    FIRST_TOKEN,
    MEMO_CODE,
    RECEIVABLE,
    SECRET,
    WRITE_OFF,
    ExactStandIn,
)
from tests.integrations.erp.standins.kit import Struck, no_sleep

_SALES, _CREDIT = 20, 21


class ExactWorld:
    name = "exact-bank-entries"
    stride = 1
    stride_lost = 1
    account = "NL20INGB0001234567"
    lines = "financialtransaction/BankEntryLines"
    not_applicable: ClassVar = {
        "two_workers_with_one_posting_have_one_effect": "nothing in Exact is unique, so only one writer may work"
    }
    more: ClassVar = {}

    def __init__(self, folder):
        self.server = ExactStandIn()
        self.folder = folder
        self.settings = Settings(
            url=self.server.url,
            division=DIVISION,
            client_id=CLIENT,
            secret_variable="EXACT_SECRET",
            refresh_token_variable="EXACT_TOKEN",
            token_file=folder / "exact-tokens.json",
            receivable_account=RECEIVABLE,
            discount_account=DISCOUNT,
            write_off_accounts={"default": WRITE_OFF},
            **self.more,
        )
        # The first renewal is a person's authorisation; what is stopped in the tests comes after it.
        assert self.connector().house_accounts()

    def connector(self, interrupt=None):
        secret, first = Secret(SECRET, name="EXACT_SECRET"), Secret(FIRST_TOKEN, name="EXACT_TOKEN")
        return ExactConnector(self.settings, secret, first, transport=Struck(interrupt), sleep=no_sleep)

    def add_customer(self, name, *, iban=""):
        return self.server.add_account(name, iban)

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
        row = self.server.add_receivable(
            to_decimal(amount, currency), customer_id, kind=_SALES if kind == "invoice" else _CREDIT, currency=currency,
            issued_on=issued_on, due_on=due_on,
            discount=(discount[0], to_decimal(discount[1], currency)) if discount else None,
        )  # fmt: skip
        row["YourRef"] = number
        return f"{row['TransactionID']}/{due_on.isoformat()}"

    def _rows(self, item_id):
        transaction, _, due_on = item_id.partition("/")
        return self.server.rows_of(transaction, date.fromisoformat(due_on))

    def number_of(self, item_id):
        rows = self._rows(item_id)
        return str(rows[0]["InvoiceNumber"]) if rows else item_id

    def open_amount(self, item_id):
        transaction, _, due_on = item_id.partition("/")
        return to_minor(self.server.open_of(transaction, date.fromisoformat(due_on)), "EUR")

    def cash_booked(self):
        return to_minor(sum((row["AmountFC"] for row in self.server.rows[self.lines]), Decimal(0)), "EUR")

    def pay_outside(self, item_id, amount):
        (row,) = (each for each in self._rows(item_id) if each["Status"] < 50)
        self.server.settle(row, to_decimal(amount, "EUR"))

    def cancel_outside(self, item_id):
        for row in self._rows(item_id):
            self.server.receivables.remove(row)

    def small_pages(self, rows):
        self.server.page_size = rows

    def same_moment(self):
        """Receivables carry no moment that paging could go by."""

    def edit_outside(self, key):
        row = next(each for each in self.server.rows[self.lines] if each["Description"].startswith(f"{key} 1/"))
        row["AmountFC"] += 1 if row["AmountFC"] > 0 else -1

    def lock_until(self, day):
        for period in self.server.rows["financial/FinancialPeriods"]:
            if period["EndDate"] <= day:
                self.server.rows["read/financial/JournalStatusByFinancialPeriod"].append(
                    {"Journal": self.journal, "Year": 2026, "Period": period["FinPeriod"], "Status": 1}
                )

    journal = "20"

    def close(self):
        self.server.close()


class GeneralJournalWorld(ExactWorld):
    """The bank is booked by Exact's own bank link; receipts go against a clearing account."""

    name = "exact-general-journal"
    stride = 3
    stride_lost = 3
    lines = "generaljournalentry/GeneralJournalEntryLines"
    journal = MEMO_CODE
    more: ClassVar = {
        "book_in": "general",
        "clearing_account": CLEARING,
        "journals": {"NL20INGB0001234567": MEMO_CODE},
    }

    def cash_booked(self):
        clearing = self.server.gl[CLEARING]
        booked = (row["AmountFC"] for row in self.server.rows[self.lines] if row["GLAccount"] == clearing)
        return to_minor(sum(booked, Decimal(0)), "EUR")


WORLDS = [ExactWorld, GeneralJournalWorld]
