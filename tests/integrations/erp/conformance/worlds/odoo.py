"""Odoo 17, 18 and 19 as stand-ins: JSON-RPC and JSON-2."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.connector import OdooConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.kit import Struck, no_sleep
from tests.integrations.erp.standins.odoo import BANK, DATABASE, KEY, LOGIN, RECEIVABLE, SUSPENSE, OdooStandIn

CURRENCIES = {"EUR": 1, "USD": 2, "JPY": 3, "KWD": 4}


class OdooWorld:
    name = "odoo-18"
    stride = 1
    stride_lost = 3
    version = 18
    account = "NL20INGB0001234567"
    not_applicable: ClassVar = {}

    def __init__(self, folder):
        self.server = OdooStandIn(self.version)
        self.settings = Settings(
            url=self.server.url,
            database=DATABASE,
            login=LOGIN,
            key_variable="ODOO_KEY",
            discount_account="703000",
            write_off_accounts={"default": "709000"},
        )

    def connector(self, interrupt=None):
        return OdooConnector(self.settings, Secret(KEY, name="ODOO_KEY"), transport=Struck(interrupt), sleep=no_sleep)

    def add_customer(self, name, *, iban=""):
        return str(self.server.add_partner(name, iban))

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
        line = self.server.add_invoice(
            f"INV/2026/{number}",
            to_decimal(amount, currency),
            int(customer_id),
            currency=CURRENCIES[currency],
            move_type="out_invoice" if kind == "invoice" else "out_refund",
            invoice_date=issued_on.isoformat(),
            due=due_on.isoformat(),
            discount=(discount[0].isoformat(), to_decimal(discount[1], currency)) if discount else None,
        )
        return str(line)

    def _line(self, item_id):
        return self.server.data["account.move.line"][int(item_id)]

    def open_amount(self, item_id):
        line = self._line(item_id)
        if self.server.data["account.move"][line["move_id"]]["state"] != "posted":
            return 0
        return to_minor(line["amount_residual_currency"], "EUR")

    def cash_booked(self):
        lines = self.server.data["account.move.line"].values()
        return to_minor(sum((line["balance"] for line in lines if line["account_id"] == BANK), Decimal(0)), "EUR")

    def pay_outside(self, item_id, amount):
        line = self._line(item_id)
        values = {"payment_reference": False, "ref": False, "invoice_origin": False, "payment_state": "not_paid"}
        move = self.server.make(
            "account.move", name="PBNK/1", state="posted", move_type="entry", date="2026-11-20", **values
        )
        own = self.server.add_line(move, "by hand", -to_decimal(amount, "EUR"), line["partner_id"], 1, due="2026-11-20")
        self.server.do_reconcile("account.move.line", [own["id"], int(item_id)])
        assert own["account_id"] == RECEIVABLE

    def cancel_outside(self, item_id):
        # Cancelling leaves residual and reconciled as they were; only the state tells.
        move = self.server.data["account.move"][self._line(item_id)["move_id"]]
        move["state"] = "cancel"
        self.server.touch(move)
        self.server.touch(self._line(item_id))

    def foreign_account(self, currency):
        number = self.server.make("res.partner.bank", partner_id=1, sanitized_acc_number="NL02ABNA0123456789")
        self.server.make("account.journal", name="Bank USD", code="BNKU", type="bank", company_id=1,
                         currency_id=CURRENCIES[currency], default_account_id=BANK, bank_account_id=number["id"],
                         suspense_account_id=SUSPENSE, restrict_mode_hash_table=False)  # fmt: skip
        return "NL02ABNA0123456789"

    def unmatch_outside(self, key, item_id):
        matches = self.server.data["account.partial.reconcile"].items()
        for each in [number for number, match in matches if match["debit_move_id"] == int(item_id)]:
            self.server.do_js_remove_outstanding_partial("account.move", [], each)

    def lock_until(self, day):
        self.server.data["res.company"][1]["fiscalyear_lock_date"] = day.isoformat()

    def close(self):
        self.server.close()


class Odoo17World(OdooWorld):
    name = "odoo-17"
    version = 17
    stride = 7


class Odoo19World(OdooWorld):
    name = "odoo-19-json2"
    version = 19
    stride = 5


WORLDS = [Odoo17World, OdooWorld, Odoo19World]
