"""A real ERPNext, named by environment variables; without them this world is not there.

    LETTRAGE_ERPNEXT_URL, LETTRAGE_ERPNEXT_COMPANY      a site, and a company on it in which nothing is open
    LETTRAGE_ERPNEXT_KEY, LETTRAGE_ERPNEXT_SECRET       the connector's user, with the documented rights and no more
    LETTRAGE_ERPNEXT_SCENE_KEY, ..._SCENE_SECRET        a user who may make customers, invoices and settings

The scene is set over the same REST interface, and whatever was made is cancelled afterwards. The books are read from
the general ledger and the payment ledger, with requests of the test's own.
"""

import base64
import os
import secrets
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import ClassVar

import pytest

from integrations.erp.erpnext.client import ErpNextClient
from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.connector import ErpNextConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.kit import Struck, no_sleep

URL = os.environ.get("LETTRAGE_ERPNEXT_URL", "")
KEY_FIELD = "lettrage_key"


def _secret(name):
    return Secret(os.environ[name], name=name)


class ErpNextLiveWorld:
    name = "erpnext-live"
    stride = int(os.environ.get("LETTRAGE_ERPNEXT_STRIDE", "1"))
    stride_lost = stride
    marks = (pytest.mark.slow,)
    account = "DE02120300000000202051"
    key_field = KEY_FIELD
    not_applicable: ClassVar = {
        "currencies_without_two_decimals_are_exact": "ERPNext rounds documents to the decimals that its site is set to"
    }

    def __init__(self, folder):
        self.mark = base64.b32encode(secrets.token_bytes(5)).decode()
        self.company = os.environ.get("LETTRAGE_ERPNEXT_COMPANY", "")
        self.transports, self.customers, self.count = [], [], 0
        self.settings = Settings(
            url=URL,
            company=self.company,
            key_variable="LETTRAGE_ERPNEXT_KEY",
            secret_variable="LETTRAGE_ERPNEXT_SECRET",
        )
        self.admin = ErpNextClient(
            self.settings,
            _secret("LETTRAGE_ERPNEXT_SCENE_KEY"),
            _secret("LETTRAGE_ERPNEXT_SCENE_SECRET"),
            transport=self._way(None),
        )
        (company,) = self.rows(
            "Company", [["name", "=", self.company]], ["default_currency", "cost_center", "default_receivable_account"]
        )
        self.currency, self.cost_center = company["default_currency"], company["cost_center"]
        self.debtors = company["default_receivable_account"]
        self.bank = self._bank_ledger()
        self.income = self._account([["root_type", "=", "Income"]])
        expenses = [["root_type", "=", "Expense"], ["account_type", "in", ["", "Expense Account", "Round Off"]]]
        self._bank_account()
        if self.key_field:
            self._key_field()
        self.settings = self.settings.model_copy(
            update={
                "discount_account": self._account(expenses),
                "write_off_accounts": {"default": self._account(expenses, last=True)},
                "key_field": self.key_field,
                "bank_accounts": {self.account: self.bank},
            }
        )
        self.cash_before = self._cash()
        open_before = self.rows(
            "Sales Invoice",
            [["company", "=", self.company], ["docstatus", "=", 1], ["outstanding_amount", "!=", 0]],
            ["name"],
        )
        assert not open_before, f"{self.company} must have nothing open, it has {open_before[:3]}"

    def rows(self, doctype, filters, fields, **more):
        return self.admin.rows(doctype, filters, fields, **more)

    def _account(self, filters, *, last=False):
        found = self.rows(
            "Account",
            [["company", "=", self.company], ["is_group", "=", 0], ["disabled", "=", 0], *filters],
            ["name"],
            order_by="name desc" if last else "name asc",
        )
        assert found, f"{self.company} has no account with {filters}"
        return found[0]["name"]

    def _bank_ledger(self):
        """Some charts have only the group for bank accounts."""
        bank, own = [["account_type", "=", "Bank"]], [["company", "=", self.company]]
        leaves = [*own, *bank, ["is_group", "=", 0], ["account_currency", "=", self.currency]]
        found = self.rows("Account", leaves, ["name"], order_by="name asc")
        if found:
            return found[0]["name"]
        (group,) = self.rows("Account", [*own, *bank, ["is_group", "=", 1]], ["name"], limit=1)
        values = {"account_name": "House bank", "parent_account": group["name"], "company": self.company}
        return self.admin.insert("Account", values | {"account_type": "Bank"})["name"]

    def _bank_account(self):
        if not self.rows("Bank", [["name", "=", "Test Bank"]], ["name"]):
            self.admin.insert("Bank", {"bank_name": "Test Bank"})

    def _key_field(self):
        if not self.rows("Custom Field", [["dt", "=", "Payment Entry"], ["fieldname", "=", KEY_FIELD]], ["name"]):
            self.admin.insert(
                "Custom Field",
                {"dt": "Payment Entry", "fieldname": KEY_FIELD, "label": "Lettrage key", "fieldtype": "Data",
                 "unique": 1, "no_copy": 1, "read_only": 1, "insert_after": "reference_no"},
            )  # fmt: skip

    def _way(self, interrupt):
        transport = Struck(interrupt)
        self.transports.append(transport)
        return transport

    def connector(self, interrupt=None):
        return ErpNextConnector(
            self.settings,
            _secret("LETTRAGE_ERPNEXT_KEY"),
            _secret("LETTRAGE_ERPNEXT_SECRET"),
            transport=self._way(interrupt),
            sleep=no_sleep,
        )

    # -- the scene -------------------------------------------------------------------------------------------------

    def add_customer(self, name, *, iban="", currency=""):
        made = self.admin.insert("Customer", {"customer_name": name, "customer_type": "Company"})
        customer = made["name"]
        self.customers.append(customer)
        if currency and currency != self.currency:
            accounts = [{"company": self.company, "account": self._receivable_in(currency)}]
            party = {"default_currency": currency, "accounts": accounts}
            # The customer's page is saved as a person would.
            document = self.admin.document("Customer", customer) | party
            self.admin.method("frappe.client.save", writing=True, doc=document)
        if iban:
            account = {"account_name": customer, "bank": "Test Bank", "party_type": "Customer", "party": customer,
                       "iban": iban}  # fmt: skip
            self.admin.insert("Bank Account", account)
        return customer

    def _receivable_in(self, currency):
        filters = [["account_type", "=", "Receivable"], ["account_currency", "=", currency]]
        found = self.rows("Account", [["company", "=", self.company], *filters], ["name"])
        if found:
            return found[0]["name"]
        (debtors,) = self.rows("Account", [["name", "=", self.debtors]], ["parent_account"])
        made = self.admin.insert(
            "Account",
            {"account_name": f"Debtors {currency}", "parent_account": debtors["parent_account"],
             "company": self.company, "account_type": "Receivable", "account_currency": currency},
        )  # fmt: skip
        return made["name"]

    def add_item(
        self,
        number,
        amount,
        *,
        customer_id,
        kind="invoice",
        currency="",
        issued_on=date(2026, 10, 1),
        due_on=date(2026, 10, 31),
        discount=None,
        **more,
    ):
        currency = self.currency if currency in {"", "EUR"} else currency
        value = to_decimal(abs(amount), currency)
        line = {"item_name": number, "description": number, "qty": 1 if amount > 0 else -1, "rate": value,
                "uom": "Nos", "conversion_factor": 1, "income_account": self.income,
                "cost_center": self.cost_center}  # fmt: skip
        values = {
            "company": self.company, "customer": customer_id, "currency": currency, "set_posting_time": 1,
            "posting_date": issued_on.isoformat(), "due_date": due_on.isoformat(), "po_no": number,
            "debit_to": self.debtors, "items": [line], "docstatus": 1, "is_return": int(amount < 0), **more,
        }  # fmt: skip
        if currency != self.currency:
            values |= {"debit_to": self._receivable_in(currency), "conversion_rate": more.get("conversion_rate", 2)}
        if discount:
            values["payment_schedule"] = [
                {"due_date": due_on.isoformat(), "invoice_portion": 100, "payment_amount": value,
                 "discount_type": "Percentage", "discount": Decimal(discount[1]) * 100 / amount,
                 "discount_date": discount[0].isoformat()}
            ]  # fmt: skip
        return self.admin.insert("Sales Invoice", values)["name"]

    def pay_outside(self, item_id, amount):
        (invoice,) = self.rows("Sales Invoice", [["name", "=", item_id]], ["customer", "debit_to"])
        value = to_decimal(amount, self.currency)
        reference = {"reference_doctype": "Sales Invoice", "reference_name": item_id, "allocated_amount": value}
        self.admin.insert(
            "Payment Entry",
            {"payment_type": "Receive", "company": self.company, "posting_date": "2026-11-20",
             "party_type": "Customer", "party": invoice["customer"], "paid_from": invoice["debit_to"],
             "paid_to": self.bank, "paid_amount": value, "received_amount": value, "source_exchange_rate": 1,
             "target_exchange_rate": 1, "reference_no": "BY HAND", "reference_date": "2026-11-20",
             "references": [reference], "docstatus": 1},
        )  # fmt: skip

    def cancel_outside(self, item_id):
        self.admin.method("frappe.client.cancel", writing=True, doctype="Sales Invoice", name=item_id)

    def lock_until(self, day):
        self._freeze(day.isoformat())

    def _freeze(self, day):
        values = {"doctype": "Accounts Settings", "name": "Accounts Settings", "fieldname": "acc_frozen_upto"}
        self.admin.method("frappe.client.set_value", writing=True, **values, value=day)

    # -- the books -------------------------------------------------------------------------------------------------

    def open_amount(self, item_id):
        (invoice,) = self.rows("Sales Invoice", [["name", "=", item_id]], ["docstatus", "party_account_currency"])
        if invoice["docstatus"] != 1:
            return 0
        filters = [["delinked", "=", 0], ["against_voucher_no", "=", item_id]]
        (row,) = self.rows("Payment Ledger Entry", filters, ["sum(amount_in_account_currency) as amount"])
        (again,) = self.rows("Sales Invoice", [["name", "=", item_id]], ["outstanding_amount"])
        amount = to_minor(Decimal(row["amount"] or 0).quantize(Decimal("0.001")), invoice["party_account_currency"])
        assert to_decimal(amount, invoice["party_account_currency"]) == Decimal(again["outstanding_amount"])
        return amount

    def _cash(self):
        filters = [["account", "=", self.bank], ["is_cancelled", "=", 0]]
        fields = ["voucher_no", "sum(debit) as debit", "sum(credit) as credit"]
        per_voucher = {row["voucher_no"]: Decimal(row["debit"]) - Decimal(row["credit"])
                       for row in self.rows("GL Entry", filters, fields, group_by="voucher_no")}  # fmt: skip
        by_hand = self.rows("Payment Entry", [["reference_no", "=", "BY HAND"]], ["name"])
        for row in by_hand:
            per_voucher.pop(row["name"], None)
        return to_minor(sum(per_voucher.values(), Decimal(0)).quantize(Decimal("0.01")), self.currency)

    def cash_booked(self):
        return self._cash() - self.cash_before

    def close(self):
        self._freeze(None)
        made = defaultdict(list)
        for doctype, party in (("Payment Entry", "party"), ("Sales Invoice", "customer")):
            filters = [[party, "in", self.customers], ["docstatus", "=", 1], ["company", "=", self.company]]
            if self.customers:
                made[doctype] = [row["name"] for row in self.rows(doctype, filters, ["name"], order_by="creation desc")]
        for doctype, names in made.items():
            for name in names:
                self.admin.method("frappe.client.cancel", writing=True, doctype=doctype, name=name)
        for transport in self.transports:
            transport.close()


class ErpNextLiveByReferenceWorld(ErpNextLiveWorld):
    name = "erpnext-live-reference-only"
    key_field = ""
    not_applicable: ClassVar = {
        **ErpNextLiveWorld.not_applicable,
        "two_workers_with_one_posting_have_one_effect": "without a unique field only one writer at a time is allowed",
    }


WORLDS = [ErpNextLiveWorld, ErpNextLiveByReferenceWorld] if URL else []
