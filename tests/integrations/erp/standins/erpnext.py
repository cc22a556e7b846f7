"""A stand-in for ERPNext 15/16 over its v1 REST interface: invoices, payment entries, payment ledger, comments, tags.

Written from what a live server answered: 20 rows unless asked for more, newest first unless asked otherwise, 417 for
every refusal with the reason in exc_type, a reply to a submitted insert that still says Draft and 0, a reference_no
that is not unique, null fields left out, cancelled documents that stay with their old outstanding amount, moments in
the site's own time.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.integrations.erp.standins.kit import Answer, StandIn

KEY, SECRET, COMPANY = "erpnext-key-77aa", "erpnext-secret-99bb", "Acme GmbH"
BANK, DEBTORS = "1800 - Bank - A", "1400 - Debitoren - A"
DISCOUNT, WRITE_OFF = "8730 - Skonti - A", "6900 - Ausbuchung - A"


class RefusedError(Exception):
    def __init__(self, status, exc_type, text):
        super().__init__(text)
        self.status, self.exc_type, self.text = status, exc_type, text


class ErpNextStandIn(StandIn):
    def __init__(self, key_field="lettrage_key"):
        super().__init__()
        self.key_field = key_field
        self.now = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
        self.frozen_until = None
        self.interfere = None  # called once between our payment entry's checks and its ledger rows
        self.count = 0
        self.docs = {
            "Company": {}, "Customer": {}, "Account": {}, "Bank Account": {}, "Sales Invoice": {}, "Payment Entry": {},
            "Payment Ledger Entry": {},
        }  # fmt: skip
        self.put(
            "Company", COMPANY, default_currency="EUR", cost_center="Haupt - A", default_receivable_account=DEBTORS
        )
        for account in (BANK, DEBTORS, DISCOUNT, WRITE_OFF):
            self.put("Account", account, company=COMPANY, account_currency="EUR")
        self.put("Bank Account", "Hausbank", is_company_account=1, company=COMPANY, account=BANK,
                 iban="DE02 1203 0000 0000 2020 51")  # fmt: skip

    def put(self, doctype, name, **values):
        document = {"name": name, "docstatus": 0, **values, "modified": self.stamp()}
        self.docs[doctype][name] = document
        return document

    def stamp(self):
        self.now += timedelta(milliseconds=150)
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    def add_invoice(self, name, amount, customer, *, issued_on, due_on, discount=None):
        schedule = {"due_date": due_on, "payment_amount": amount}
        if discount:
            schedule |= {"discount": discount[1], "discount_type": "Percentage", "discount_date": discount[0]}
        self.put(
            "Sales Invoice", name, company=COMPANY, customer=customer, currency="EUR", party_account_currency="EUR",
            grand_total=amount, rounded_total=Decimal(0), outstanding_amount=amount, posting_date=issued_on,
            due_date=due_on, is_return=int(amount < 0), debit_to=DEBTORS, payment_schedule=[schedule],
        )["docstatus"] = 1  # fmt: skip
        self.ledger(name, name, amount)

    def ledger(self, voucher, against, amount):
        self.count += 1
        self.put("Payment Ledger Entry", f"PLE-{self.count:06}", company=COMPANY, voucher_no=voucher, delinked=0,
                 against_voucher_type="Sales Invoice", against_voucher_no=against,
                 amount_in_account_currency=amount)  # fmt: skip

    def outstanding(self, invoice):
        return sum(
            (row["amount_in_account_currency"] for row in self.docs["Payment Ledger Entry"].values()
             if row["against_voucher_no"] == invoice and not row["delinked"]), Decimal(0)
        )  # fmt: skip

    # -- requests --------------------------------------------------------------------------------------------------

    def handle(self, request):
        if request.headers.get("authorization") != f"token {KEY}:{SECRET}":
            return self.failed(RefusedError(401, "AuthenticationError", "Invalid key"))
        parts = [each.replace("%20", " ") for each in request.path.strip("/").split("/")]
        try:
            if parts[:2] == ["api", "method"]:
                return Answer(body={"message": self.method(parts[2], request.body)})
            if request.method == "POST":
                return Answer(body={"data": self.insert(parts[2], dict(request.body))})
            if len(parts) == 4:
                return Answer(body={"data": _without_nulls(self.document(parts[2], parts[3]))})
            return Answer(body={"data": self.listing(parts[2], request.query)})
        except RefusedError as error:
            return self.failed(error)

    def document(self, doctype, name):
        if name not in self.docs[doctype]:
            raise RefusedError(404, "DoesNotExistError", f"{doctype} {name} not found")
        return self.docs[doctype][name]

    def failed(self, error):
        messages = json.dumps([json.dumps({"message": f"<b>{error.text}</b>", "indicator": "red"})])
        body = {"exception": f"frappe.exceptions.{error.exc_type}: {error.text}", "exc_type": error.exc_type,
                "exc": json.dumps(["Traceback ..."]), "_server_messages": messages}  # fmt: skip
        return Answer(error.status, body)

    def listing(self, doctype, query):
        if doctype not in self.docs:
            raise RefusedError(404, "DoesNotExistError", f"DocType {doctype} not found")
        filters, fields = json.loads(query.get("filters", "[]"), parse_float=Decimal), json.loads(query["fields"])
        rows = [row for row in self.docs[doctype].values() if all(_meets(row, each) for each in filters)]
        if "group_by" in query:
            groups = {}
            for row in rows:
                key = row[query["group_by"]]
                groups[key] = groups.get(key, Decimal(0)) + row["amount_in_account_currency"]
            return [{query["group_by"]: key, "open_amount": amount} for key, amount in groups.items()]
        column, _, direction = query.get("order_by", "modified desc").partition(" ")
        rows.sort(key=lambda row: (row[column], row["name"]), reverse=direction == "desc")
        limit = int(query.get("limit_page_length", "20"))
        return [each for row in (rows[:limit] if limit else rows) for each in self.projected(doctype, row, fields)]

    def projected(self, doctype, row, fields):
        known = {name for each in self.docs[doctype].values() for name in each} | {"_user_tags", "remarks", "iban"}
        known |= {
            "party",
            "bank_account_no",
            "po_no",
            "customer_name",
            "account",
            "unallocated_amount",
            "base_grand_total",
        }
        known |= {"received_amount", "paid_amount", "paid_from_account_currency", "posting_date", "reference_no"}
        known |= {"base_rounded_total", *_INVOICE_FIELDS, self.key_field}
        children = [each for each in fields if "." in each]
        plain = [each for each in fields if "." not in each]
        unknown = [each for each in plain if each not in known]
        if unknown:
            raise RefusedError(417, "DataError", f"Field not permitted in query: {unknown[0]}")
        base = {name: row.get(name) for name in plain}
        if not children:
            return [base]
        return [
            {**base, **{each.split(" as ")[1]: child.get(each.split(" as ")[0].split(".")[1]) for each in children}}
            for child in row.get("payment_schedule", [{}])
        ]

    # -- payment entries -------------------------------------------------------------------------------------------

    def insert(self, doctype, values):
        assert doctype == "Payment Entry"
        booked_on = values["posting_date"]
        if self.frozen_until and booked_on <= self.frozen_until:
            text = "You are not authorized to add or update entries before " + self.frozen_until
            raise RefusedError(417, "ValidationError", text)
        self.validate(values)
        if self.interfere is not None:
            interfere, self.interfere = self.interfere, None
            interfere()
        self.count += 1
        name = f"ACC-PAY-2026-{self.count:05}"
        allocated = sum((Decimal(each["allocated_amount"]) for each in values["references"]), Decimal(0))
        deducted = sum((Decimal(each["amount"]) for each in values["deductions"]), Decimal(0))
        unallocated = Decimal(values["paid_amount"]) + deducted - allocated
        document = self.put(doctype, name, **values, unallocated_amount=unallocated, paid_from_account_currency="EUR",
                            paid_to_account_currency="EUR")  # fmt: skip
        document["docstatus"] = 1
        for each in values["references"]:
            self.ledger(name, each["reference_name"], -Decimal(each["allocated_amount"]))
            self.refresh(each["reference_name"])
        return {**document, "status": "Draft", "docstatus": 1}

    def refresh(self, invoice):
        document = self.docs["Sales Invoice"][invoice]
        document["outstanding_amount"] = self.outstanding(invoice)
        document["modified"] = self.stamp()

    def validate(self, values):
        if values["paid_to"] not in self.docs["Account"] or values["paid_from"] not in self.docs["Account"]:
            raise RefusedError(417, "LinkValidationError", "Could not find Account")
        if Decimal(values["paid_amount"]) <= 0:
            raise RefusedError(417, "MandatoryError", "Paid Amount is mandatory")
        if any(not each.get("cost_center") for each in values["deductions"]):
            raise RefusedError(417, "MandatoryError", "Cost Center is mandatory")
        for each in values["references"]:
            invoice = self.docs["Sales Invoice"].get(each["reference_name"])
            if invoice is None:
                raise RefusedError(417, "LinkValidationError", "Could not find Row #1: Name")
            if invoice["docstatus"] == 2:
                raise RefusedError(417, "CancelledLinkError", "Cannot link cancelled document")
            if invoice["customer"] != values["party"]:
                raise RefusedError(
                    417, "ValidationError", f"{invoice['name']} is not associated with {values['party']}"
                )
            outstanding, allocated = self.outstanding(invoice["name"]), Decimal(each["allocated_amount"])
            if not outstanding:
                raise RefusedError(417, "ValidationError", f"{invoice['name']} has already been fully paid.")
            if abs(allocated) > abs(outstanding):
                raise RefusedError(
                    417, "ValidationError", "Allocated Amount cannot be greater than outstanding amount."
                )
        key = values.get(self.key_field) if self.key_field else None
        if key and any(each.get(self.key_field) == key for each in self.docs["Payment Entry"].values()):
            raise RefusedError(417, "UniqueValidationError", f"{self.key_field} {key} must be unique")

    def method(self, name, values):
        if name == "frappe.client.cancel":
            document = self.docs[values["doctype"]][values["name"]]
            if document["docstatus"] == 2:
                raise RefusedError(417, "ValidationError", "Cannot edit cancelled document")
            document["docstatus"] = 2
            document["modified"] = self.stamp()
            for row in self.docs["Payment Ledger Entry"].values():
                if row["voucher_no"] == document["name"]:
                    row["delinked"] = 1
            for each in document["references"]:
                self.refresh(each["reference_name"])
            return document["name"]
        if name == "frappe.desk.form.utils.add_comment":
            document = self.docs[values["reference_doctype"]][values["reference_name"]]
            document.setdefault("comments", []).append(values["content"])
            return {"name": "comment"}
        if name.startswith("frappe.desk.doctype.tag.tag."):
            document = self.docs[values["dt"]][values["dn"]]
            tags = [each for each in (document.get("_user_tags") or "").split(",") if each]
            if name.endswith("add_tag"):
                tags.append(values["tag"])
            else:
                tags.remove(values["tag"])
            document["_user_tags"] = ",".join(tags)
            return values["tag"]
        raise RefusedError(417, "ValidationError", f"Failed to get method {name}")


_INVOICE_FIELDS = {
    *("customer", "currency", "party_account_currency", "grand_total", "rounded_total", "outstanding_amount"),
    *("due_date", "is_return", "debit_to"),
}


def _meets(row, each):
    name, operator, wanted = each[-3:]
    value = row.get(name)
    if isinstance(value, date):
        value = value.isoformat()
    if operator in {">", ">="} and value is None:
        return False
    return {
        "=": lambda: value == wanted,
        "!=": lambda: value != wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
        "in": lambda: value in wanted,
    }[operator]()


def _without_nulls(document):
    return {name: value for name, value in document.items() if value is not None}
