"""A real Odoo, whose address is given in the environment; nothing of it runs unless it is.

    LETTRAGE_LIVE_ODOO           http://127.0.0.1:8069      a server that may be written to freely
    LETTRAGE_LIVE_ODOO_DATABASE  its database, with `account` and a chart of accounts
    LETTRAGE_LIVE_ODOO_ADMIN     login:password of an administrator: sets the scene and reads the books
    LETTRAGE_LIVE_ODOO_BOT       login:key of the user that the connector signs in as, with a bookkeeper's rights
    LETTRAGE_LIVE_ODOO_COMPANY   id of the company, where the database has several
    LETTRAGE_LIVE_ODOO_STRIDE    stops are tried at every so many calls instead of at each one

Every world gets a receivable account and a bank journal of its own, so that it begins with nothing open and nothing
booked, whatever the database holds. What it wrote stays there: never name a database that anybody needs.
"""

import itertools
import json
import os
from datetime import date
from decimal import Decimal
from typing import ClassVar

import httpx
import pytest

from integrations.erp.odoo.config import Settings
from integrations.erp.odoo.connector import OdooConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.kit import Struck

URL = os.environ.get("LETTRAGE_LIVE_ODOO", "")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def named(variable):
    return os.environ[f"LETTRAGE_LIVE_ODOO_{variable}"]


class Administrator:
    """JSON-RPC as the administrator, written apart from the connector so that its view of the books is its own."""

    def __init__(self, url, database, login, password, company_id=None):
        self.client = httpx.Client(base_url=url, timeout=300)
        self.database, self.password = database, password
        self.context = {}
        self.uid = self.send("common", "authenticate", [database, login, password, {}])
        version = self.send("common", "version", [])
        self.version = version["server_version_info"][0]
        (user,) = self("res.users", "read", [self.uid], ["company_id"])
        self.company_id = company_id or user["company_id"][0]
        self.context = {"allowed_company_ids": [self.company_id]}
        # Prices with three decimals, or an amount in dinars could not be invoiced.
        digits = self("decimal.precision", "search", [["name", "=", "Product Price"]])
        self("decimal.precision", "write", digits, {"digits": 4})
        self.kept = {}

    def send(self, service, method, args):
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }
        answer = json.loads(self.client.post("/jsonrpc", json=body).text, parse_float=Decimal)
        assert "error" not in answer, answer["error"]["data"].get("debug") or answer["error"]
        return answer.get("result")

    def __call__(self, model, method, *args, **named):
        context = {**self.context, **named.pop("context", {})}
        named = {**named, "context": context}
        return self.send(
            "object", "execute_kw", [self.database, self.uid, self.password, model, method, list(args), named]
        )

    def make(self, model, **values):
        return self(model, "create", values)

    def one(self, model, record_id, *fields):
        (record,) = self(model, "read", [record_id], list(fields), load=None)
        return record

    def currency(self, name):
        if name not in self.kept:
            (found,) = self("res.currency", "search", [["name", "=", name]], context={"active_test": False})
            self("res.currency", "write", [found], {"active": True})
            self.kept[name] = found
        return self.kept[name]

    def account(self, name, account_type, prefix, **values):
        """An account of this name, made at its first use."""
        key = (name, account_type)
        if key not in self.kept:
            company = (
                {"company_id": self.company_id} if self.version < 18 else {"company_ids": [[6, 0, [self.company_id]]]}
            )
            codes = {
                row["code"]
                for row in self("account.account", "search_read", [["code", "=like", f"{prefix}%"]], ["code"])
            }
            code = next(code for n in itertools.count(1) if (code := f"{prefix}{n:03}") not in codes)
            made = self.make("account.account", name=name, code=code, account_type=account_type, **values, **company)
            self.kept[key] = (made, code)
        return self.kept[key]

    def invoice(self, partner, lines, *, move_type="out_invoice", currency="EUR", post=True, **values):
        """A posted invoice; ``lines`` are (net price, tax ids). Returns its id."""
        move = self.make(
            "account.move",
            move_type=move_type,
            partner_id=partner,
            currency_id=self.currency(currency),
            company_id=self.company_id,
            invoice_line_ids=[
                [0, 0, {"name": "goods", "quantity": 1, "price_unit": price, "tax_ids": [[6, 0, taxes]]}]
                for price, taxes in lines
            ],
            **values,
        )
        if post:
            self("account.move", "action_post", [move])
        return move

    def receivable_lines(self, move):
        return self(
            "account.move.line",
            "search",
            [["move_id", "=", move], ["account_type", "=", "asset_receivable"]],
            order="date_maturity,id",
        )


_admins = {}


def administrator(company_id=None):
    if company_id not in _admins:
        _admins[company_id] = Administrator(URL, named("DATABASE"), *named("ADMIN").split(":", 1), company_id)
    return _admins[company_id]


def iban(number):
    """A German IBAN with right check digits."""
    account = f"51210800{number:010}"
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02}{account}"


class OdooLiveWorld:
    name = "odoo-live"
    marks = (pytest.mark.slow,)
    stride = int(os.environ.get("LETTRAGE_LIVE_ODOO_STRIDE", "1"))
    stride_lost = 3 * stride
    not_applicable: ClassVar = {}

    def __init__(self, folder):
        company_id = int(os.environ.get("LETTRAGE_LIVE_ODOO_COMPANY", "0")) or None
        self.admin = administrator(company_id)
        journals = self.admin(
            "account.journal", "search_read", [["code", "=like", "L%"]], ["code"], context={"active_test": False}
        )
        taken = {row["code"] for row in journals}
        number = next(n for n in itertools.count(1) if self.code(n) not in taken)
        self.mark = self.code(number)
        self.account = iban(number)
        self.journal = self.admin.make(
            "account.journal", name=f"Bank {number}", code=self.code(number), type="bank", bank_acc_number=self.account,
            company_id=self.admin.company_id,
        )  # fmt: skip
        self.bank = self.admin.one("account.journal", self.journal, "default_account_id")["default_account_id"]
        self.receivable, receivable_code = self.admin.account(
            f"Debtors {number}", "asset_receivable", "119", reconcile=True
        )
        _, discount = self.admin.account("Cash discount given", "expense", "698")
        _, write_off = self.admin.account("Write-offs", "expense", "699")
        login, self.key = named("BOT").split(":", 1)
        self.settings = Settings(
            url=URL,
            database=named("DATABASE"),
            login=login,
            key_variable="ODOO_KEY",
            company_id=company_id,
            discount_account=discount,
            write_off_accounts={"default": write_off},
            item_filter=[["account_id.code", "=", receivable_code]],
        )

    @staticmethod
    def code(number):
        text = ""
        while number:
            number, digit = divmod(number, 36)
            text = _LETTERS[digit] + text
        return f"L{text:0>4}"

    def connector(self, interrupt=None):
        return OdooConnector(self.settings, Secret(self.key, name="ODOO_KEY"), transport=Struck(interrupt))

    def add_customer(self, name, *, iban=""):
        partner = self.admin.make(
            "res.partner", name=name, is_company=True, property_account_receivable_id=self.receivable
        )
        if iban:
            self.admin.make("res.partner.bank", partner_id=partner, acc_number=iban)
        return str(partner)

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
        term = self.term(amount, issued_on, discount) if discount else False
        move = self.admin.invoice(
            int(customer_id),
            [(float(to_decimal(abs(amount), currency)), [])],
            move_type="out_refund" if kind == "credit_note" else "out_invoice",
            currency=currency,
            invoice_date=issued_on.isoformat(),
            invoice_payment_term_id=term,
            ref=number,
            **({} if term else {"invoice_date_due": due_on.isoformat()}),
        )
        (line,) = self.admin.receivable_lines(move)
        return str(line)

    def term(self, amount, issued_on, discount):
        until, less = discount
        return self.admin.make(
            "account.payment.term",
            name="with discount",
            early_discount=True,
            discount_percentage=100 * less / amount,
            discount_days=(until - issued_on).days,
            early_pay_discount_computation="mixed",
            line_ids=[[0, 0, {"value": "percent", "value_amount": 100, "nb_days": 30}]],
        )

    def open_amount(self, item_id):
        line = self.admin.one(
            "account.move.line", int(item_id), "amount_residual_currency", "parent_state", "currency_id"
        )
        if line["parent_state"] != "posted":
            return 0
        return to_minor(line["amount_residual_currency"], "EUR")

    def cash_booked(self):
        domain = [["account_id", "=", self.bank], ["parent_state", "=", "posted"]]
        rows = self.admin("account.move.line", "search_read", domain, ["balance"])
        return sum(to_minor(row["balance"], "EUR") for row in rows)

    def pay_outside(self, item_id, amount):
        line = self.admin.one("account.move.line", int(item_id), "account_id", "partner_id")
        cash, _ = self.admin.account("Cash elsewhere", "asset_current", "148")
        euros = float(to_decimal(amount, "EUR"))
        move = self.admin.make(
            "account.move",
            move_type="entry",
            date="2026-11-20",
            line_ids=[
                [0, 0, {"account_id": cash, "debit": euros, "credit": 0}],
                [
                    0,
                    0,
                    {"account_id": line["account_id"], "partner_id": line["partner_id"], "debit": 0, "credit": euros},
                ],
            ],
        )
        self.admin("account.move", "action_post", [move])
        (own,) = self.admin.receivable_lines(move)
        self.admin("account.move.line", "reconcile", [own, int(item_id)])

    def cancel_outside(self, item_id):
        move = self.admin.one("account.move.line", int(item_id), "move_id")["move_id"]
        self.admin("account.move", "button_draft", [move])
        self.admin("account.move", "button_cancel", [move])

    def foreign_account(self, currency):
        number = "XX" + self.account[2:]
        found = self.admin.currency(currency)
        home = self.admin.one("res.company", self.admin.company_id, "currency_id")["currency_id"]
        assert home != found, "the company's own currency is not foreign"
        for day, rate in (("2026-09-01", 1.10), ("2026-11-10", 1.25)):
            at = [["currency_id", "=", found], ["name", "=", day], ["company_id", "=", self.admin.company_id]]
            if not self.admin("res.currency.rate", "search", at):
                self.admin.make("res.currency.rate", currency_id=found, name=day, company_rate=rate,
                                company_id=self.admin.company_id)  # fmt: skip
        self.admin.make("account.journal", name=f"Bank {currency}", code="U" + self.mark[1:], type="bank",
                        bank_acc_number=number, currency_id=found, company_id=self.admin.company_id)  # fmt: skip
        return number

    def unmatch_outside(self, key, item_id):
        matches = self.admin("account.partial.reconcile", "search", [["debit_move_id", "=", int(item_id)]])
        move = self.admin.one("account.move.line", int(item_id), "move_id")["move_id"]
        for each in matches:
            self.as_bookkeeper("account.move", "js_remove_outstanding_partial", [move], each)

    def as_bookkeeper(self, model, method, *args):
        """What a person with a bookkeeper's rights does; an administrator need not have them."""
        login, key = named("BOT").split(":", 1)
        uid = self.admin.send("common", "authenticate", [named("DATABASE"), login, key, {}])
        signed = [named("DATABASE"), uid, key, model, method, list(args), {"context": self.admin.context}]
        return self.admin.send("object", "execute_kw", signed)

    def lock_until(self, day):
        self.admin("res.company", "write", [self.admin.company_id], {"fiscalyear_lock_date": day.isoformat()})

    def close(self):
        company = self.admin.one("res.company", self.admin.company_id, "fiscalyear_lock_date")
        if company["fiscalyear_lock_date"]:
            self.admin("res.company", "write", [self.admin.company_id], {"fiscalyear_lock_date": False})
        self.admin("account.journal", "write", [self.journal], {"active": False})
        while Struck.made:
            Struck.made.pop().close()


WORLDS = [OdooLiveWorld] if URL else []
