"""A real Tryton on PostgreSQL."""

import os
from datetime import date
from decimal import Decimal
from typing import ClassVar

import psycopg
import pytest

from integrations.erp.settings import Secret
from integrations.erp.tryton.config import Settings
from integrations.erp.tryton.connector import TrytonConnector
from integrations.erp.tryton.rpc import TrytonRefused, TrytonRpc
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.kit import Struck, no_sleep
from tests.support.tryton import ADMIN_PASSWORD, LOGIN, PASSWORD, TrytonServer


class TrytonWorld:
    name = "tryton-8.2"
    # A posting takes several seconds on a real server: every call is tried with LETTRAGE_TRYTON_STRIDE=1.
    stride = int(os.environ.get("LETTRAGE_TRYTON_STRIDE", "6"))
    stride_lost = 2 * stride
    marks = (pytest.mark.tryton, pytest.mark.slow, pytest.mark.xdist_group("tryton"))
    account = "DE02120300000000202051"
    not_applicable: ClassVar = {
        "two_workers_with_one_posting_have_one_effect": "Tryton has no unique key: one writer at a time is the rule",
    }

    def __init__(self, folder):
        self.server = TrytonServer.running()
        self.database = self.server.fresh()
        self.settings = Settings(
            url=self.server.url,
            database=self.database,
            login=LOGIN,
            password_variable="TRYTON_PASSWORD",
            discount_account="4730",
            write_off_accounts={"default": "6930"},
        )
        admin = self.settings.model_copy(update={"login": "admin"})
        self.transports = []
        self.admin = TrytonRpc(admin, Secret(ADMIN_PASSWORD, name="ADMIN"), transport=self._way(None), sleep=no_sleep)
        (company,) = self.admin.search_read("company.company", [], ["currency"])
        self.admin.context["company"] = company["id"]
        self.company, self.currency = company["id"], company["currency"]
        accounts = {row["note"]: row["id"] for row in self.admin.search_read("account.account", [], ["note"])}
        self.receivable, self.revenue = accounts["test receivable"], accounts["test revenue"]
        journals = self.admin.search_read("account.journal", [["code", "=", "REV"]], ["code"])
        self.journal = journals[0]["id"]
        statement_journals = self.admin.search_read("account.statement.journal", [], ["account"])
        self.bank_journal, self.bank = statement_journals[0]["id"], statement_journals[0]["account"]

    def _way(self, interrupt):
        transport = Struck(interrupt)
        self.transports.append(transport)
        return transport

    def connector(self, interrupt=None):
        password = Secret(PASSWORD, name="TRYTON_PASSWORD")
        return TrytonConnector(self.settings, password, transport=self._way(interrupt), sleep=no_sleep)

    def _make(self, model, **values):
        return self.admin.call(f"model.{model}.create", [values], writing=True)[0]

    def _act(self, model, method, record):
        """Press a button, and say yes to the warnings that a person would see."""
        while True:
            try:
                return self.admin.call(f"model.{model}.{method}", [record], writing=True)
            except TrytonRefused as refused:
                if refused.code != "UserWarning":
                    raise
                self.admin.call("model.res.user.warning.skip", refused.field, False, writing=True)

    def add_customer(self, name, *, iban=""):
        party = self._make("party.party", name=name, addresses=[["create", [{"street": "Hafen 1"}]]])
        if iban:
            numbers = [["create", [{"type": "iban", "number": iban}]]]
            self._make("bank.account", owners=[["add", [party]]], numbers=numbers)
        return str(party)

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
        days = [["create", [{"days": (due_on - issued_on).days}]]]
        term = self._make(
            "account.invoice.payment_term",
            name=f"{(due_on - issued_on).days} days",
            lines=[["create", [{"type": "remainder", "relativedeltas": days}]]],
        )
        (party,) = self.admin.search_read("party.party", [["id", "=", int(customer_id)]], ["addresses"])
        line = {
            "type": "line", "account": self.revenue, "quantity": 1 if amount > 0 else -1, "description": number,
            "unit_price": to_decimal(abs(amount), currency), "currency": self.currency, "company": self.company,
            "invoice_type": "out", "party": int(customer_id),
        }  # fmt: skip
        invoice = self._make(
            "account.invoice", type="out", company=self.company, party=int(customer_id), currency=self.currency,
            journal=self.journal, account=self.receivable, invoice_date=issued_on, payment_term=term,
            invoice_address=party["addresses"][0], reference=number,
            lines=[["create", [line]]],
        )  # fmt: skip
        self._act("account.invoice", "post", invoice)
        return f"account.invoice,{invoice}"

    def open_amount(self, item_id):
        (row,) = self.admin.search_read(
            "account.invoice", [["id", "=", int(item_id.rpartition(",")[2])]], ["state", "amount_to_pay"]
        )
        return to_minor(row["amount_to_pay"] or Decimal(0), "EUR") if row["state"] == "posted" else 0

    def cash_booked(self):
        postgres = self.server.postgres
        with psycopg.connect(host=str(postgres.socket), user="tester", dbname=self.database) as connection:
            (total,) = connection.execute(
                "select coalesce(sum(l.debit - l.credit), 0) from account_move_line l "
                "join account_move m on m.id = l.move where l.account = %s and m.state = 'posted' and m.id not in "
                "(select move from account_statement_line sl join account_statement s on s.id = sl.statement "
                "where s.name = 'BY HAND' and sl.move is not null)",
                (self.bank,),
            ).fetchone()
        return to_minor(total, "EUR")

    def pay_outside(self, item_id, amount):
        invoice_id = int(item_id.rpartition(",")[2])
        (invoice,) = self.admin.search_read("account.invoice", [["id", "=", invoice_id]], ["party", "account"])
        value = to_decimal(amount, "EUR")
        line = {"number": "1", "date": date(2026, 11, 20), "amount": value, "party": invoice["party"],
                "account": invoice["account"], "related_to": item_id}  # fmt: skip
        statement = self._make(
            "account.statement", name="BY HAND", company=self.company, journal=self.bank_journal,
            date=date(2026, 11, 20), start_balance=Decimal(0), end_balance=value, lines=[["create", [line]]],
        )  # fmt: skip
        for method in ("validate_statement", "post"):
            self._act("account.statement", method, statement)

    def cancel_outside(self, item_id):
        # A posted customer invoice is not cancelled in Tryton but credited in full.
        form = {"start": {"with_refund": True, "with_refund_allowed": True, "invoice_date": None}}
        self.admin.wizard(
            "account.invoice.credit", "account.invoice", [int(item_id.rpartition(",")[2])], [("credit", form)]
        )

    def lock_until(self, day):
        periods = self.admin.search_read("account.period", [["end_date", "<=", day]], ["id"])
        self.admin.call("model.account.period.close", [row["id"] for row in periods], writing=True)

    def close(self):
        for transport in self.transports:
            transport.close()


WORLDS = [TrytonWorld]
