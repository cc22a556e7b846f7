"""ERPNext as a stand-in: with a unique key field on Payment Entry, and without."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from integrations.erp.erpnext.config import Settings
from integrations.erp.erpnext.connector import ErpNextConnector
from integrations.erp.settings import Secret
from matching.model.money import to_decimal, to_minor
from tests.integrations.erp.standins.erpnext import COMPANY, DEBTORS, DISCOUNT, KEY, SECRET, WRITE_OFF, ErpNextStandIn
from tests.integrations.erp.standins.kit import Struck, no_sleep


class ErpNextWorld:
    name = "erpnext-key-field"
    stride = 1
    stride_lost = 1
    key_field = "lettrage_key"
    version = 15
    account = "DE02120300000000202051"
    not_applicable: ClassVar = {}

    def __init__(self, folder):
        self.server = ErpNextStandIn(self.key_field, self.version)
        self.count = 0
        self.settings = Settings(
            url=self.server.url,
            company=COMPANY,
            key_variable="ERPNEXT_KEY",
            secret_variable="ERPNEXT_SECRET",
            discount_account=DISCOUNT,
            write_off_accounts={"default": WRITE_OFF},
            key_field=self.key_field,
        )

    def connector(self, interrupt=None):
        key, secret = Secret(KEY, name="ERPNEXT_KEY"), Secret(SECRET, name="ERPNEXT_SECRET")
        return ErpNextConnector(self.settings, key, secret, transport=Struck(interrupt), sleep=no_sleep)

    def add_customer(self, name, *, iban=""):
        self.count += 1
        customer = f"CUST-{self.count:04}"
        self.server.put("Customer", customer, customer_name=name)
        if iban:
            self.server.put("Bank Account", f"BA-{self.count}", party_type="Customer", party=customer, iban=iban)
        return customer

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
        self.count += 1
        name = f"SINV-{number}-{self.count}"
        percent = (discount[0].isoformat(), Decimal(discount[1]) * 100 / amount) if discount else None
        debtors = DEBTORS if currency == "EUR" else f"Debitoren {currency} - A"
        self.server.put("Account", debtors, company=COMPANY, account_currency=currency)
        self.server.add_invoice(
            name, to_decimal(amount, currency), customer_id, issued_on=issued_on.isoformat(),
            due_on=due_on.isoformat(), discount=percent, currency=currency, debit_to=debtors,
        )  # fmt: skip
        return name

    def open_amount(self, item_id):
        if self.server.docs["Sales Invoice"][item_id]["docstatus"] != 1:
            return 0
        return to_minor(self.server.outstanding(item_id), "EUR")

    def cash_booked(self):
        entries = self.server.docs["Payment Entry"].values()
        live = (
            Decimal(entry["paid_amount"])
            for entry in entries
            if entry["docstatus"] == 1 and entry["reference_no"] != "BY-HAND"
        )
        return to_minor(sum(live, Decimal(0)), "EUR")

    def pay_outside(self, item_id, amount):
        invoice = self.server.docs["Sales Invoice"][item_id]
        self.server.insert(
            "Payment Entry",
            {"payment_type": "Receive", "company": COMPANY, "posting_date": "2026-11-20", "party_type": "Customer",
             "party": invoice["customer"], "paid_from": invoice["debit_to"], "paid_to": "1800 - Bank - A",
             "paid_amount": to_decimal(amount, "EUR"), "reference_no": "BY-HAND", "deductions": [],
             "references": [{"reference_name": item_id, "allocated_amount": to_decimal(amount, "EUR")}]},
        )  # fmt: skip

    def cancel_outside(self, item_id):
        # A cancelled invoice keeps its old outstanding amount; its own ledger rows are delinked.
        invoice = self.server.docs["Sales Invoice"][item_id]
        invoice["docstatus"] = 2
        invoice["modified"] = self.server.stamp()
        for row in self.server.docs["Payment Ledger Entry"].values():
            if row["voucher_no"] == item_id:
                row["delinked"] = 1

    def foreign_account(self, currency):
        name = f"1810 - Bank {currency} - A"
        self.server.put("Account", name, company=COMPANY, account_currency=currency, account_type="Bank")
        self.settings = self.settings.model_copy(update={"bank_accounts": {self.account: name}})
        self.server.put("Account", "2660 - Kursdifferenzen - A", company=COMPANY, account_currency="EUR")
        self.server.docs["Company"][COMPANY]["exchange_gain_loss_account"] = "2660 - Kursdifferenzen - A"
        self.server.rates[currency, "EUR"] = Decimal("0.8137")
        return self.account

    def set_clock_back(self):
        self.server.now -= timedelta(minutes=55)

    def unmatch_outside(self, key, item_id):
        """What "Unreconcile Payment" does: the reference goes, its money is unallocated again."""
        (entry,) = (each for each in self.server.docs["Payment Entry"].values() if each["reference_no"] == key)
        taken = [each for each in entry["references"] if each["reference_name"] == item_id]
        entry["references"] = [each for each in entry["references"] if each not in taken]
        entry["unallocated_amount"] += sum(Decimal(each["allocated_amount"]) for each in taken)
        entry["modified"] = self.server.stamp()
        for row in self.server.docs["Payment Ledger Entry"].values():
            if row["voucher_no"] == entry["name"] and row["against_voucher_no"] == item_id:
                row["delinked"] = 1

    def lock_until(self, day):
        self.server.frozen_until = day.isoformat()

    def close(self):
        self.server.close()


class ErpNext16World(ErpNextWorld):
    """Version 16 refuses functions as text; here with the bank's lines in ERPNext as well."""

    name = "erpnext-16-bank-transactions"
    stride = 2
    version = 16

    def __init__(self, folder):
        super().__init__(folder)
        self.settings = self.settings.model_copy(update={"bank_transactions": True})


class ErpNextByReferenceWorld(ErpNextWorld):
    name = "erpnext-reference-only"
    stride = 5
    key_field = ""
    not_applicable: ClassVar = {
        "two_workers_with_one_posting_have_one_effect": "without a unique field only one writer at a time is allowed"
    }


WORLDS = [ErpNextWorld, ErpNext16World, ErpNextByReferenceWorld]
