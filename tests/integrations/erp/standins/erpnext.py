"""A stand-in for ERPNext 15/16 over its v1 REST interface: invoices, payment entries, payment ledger, comments.

Written from what a live server answered: 20 rows unless asked for more, newest first unless asked otherwise, 417 for
every refusal with the reason in exc_type, a reply to a submitted insert that still says Draft and 0, a reference_no
that is not unique, null fields left out, cancelled documents that stay with their old outstanding amount, moments in
the site's own time, addresses of no more than 4,094 characters, the site's language unless English is asked for.
``version`` 16 refuses functions written as text, as its releases do; 15 breaks on any other way.
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
    def __init__(self, key_field="lettrage_key", version=15):
        super().__init__()
        self.version = version
        self.rights = {"create", "submit", "cancel"}
        self.rates = {}
        self.key_field = key_field
        self.now = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
        self.frozen_until = None
        self.interfere = None  # called once between our payment entry's checks and its ledger rows
        self.count = 0
        self.docs = {
            "Company": {}, "Customer": {}, "Account": {}, "Bank Account": {}, "Sales Invoice": {}, "Payment Entry": {},
            "Payment Ledger Entry": {}, "Journal Entry": {}, "Fiscal Year": {}, "Accounting Period": {},
            "Mode of Payment": {}, "Cost Center": {}, "Payment Terms Template": {}, "Bank Transaction": {},
        }  # fmt: skip
        self.put("Fiscal Year", "2026", year_start_date="2000-01-01", year_end_date="2099-12-31", disabled=0)
        self.put("Mode of Payment", "Wire Transfer", enabled=1)
        self.put("Cost Center", "Haupt - A", company=COMPANY, is_group=0, disabled=0)
        self.put(
            "Company", COMPANY, default_currency="EUR", cost_center="Haupt - A", default_receivable_account=DEBTORS
        )
        for account in (BANK, DEBTORS, DISCOUNT, WRITE_OFF):
            kind = {BANK: "Bank", DEBTORS: "Receivable"}.get(account, "")
            self.put("Account", account, company=COMPANY, account_currency="EUR", is_group=0, disabled=0,
                     freeze_account="No", account_type=kind)  # fmt: skip
        self.put("Bank Account", "Hausbank", is_company_account=1, company=COMPANY, account=BANK,
                 iban="DE02 1203 0000 0000 2020 51")  # fmt: skip

    def put(self, doctype, name, **values):
        document = {"name": name, "docstatus": 0, **values, "modified": self.stamp()}
        self.docs[doctype][name] = document
        return document

    def stamp(self):
        self.now += timedelta(milliseconds=150)
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    def add_invoice(
        self, name, amount, customer, *, issued_on, due_on, discount=None, currency="EUR", debit_to=DEBTORS, terms=()
    ):
        """``terms``: (payment term, due date, amount) each; with them the template allocates by term."""
        schedule = [{"idx": 1, "due_date": due_on, "payment_amount": amount, "outstanding": amount}]
        if discount:
            schedule[0] |= {"discount": discount[1], "discount_type": "Percentage", "discount_date": discount[0]}
        template = None
        if terms:
            template = "In instalments"
            self.put("Payment Terms Template", template, allocate_payment_based_on_payment_terms=1)
            schedule = [
                {"idx": idx, "payment_term": term, "due_date": due, "payment_amount": part, "outstanding": part}
                for idx, (term, due, part) in enumerate(terms, start=1)
            ]
        self.put(
            "Sales Invoice", name, company=COMPANY, customer=customer, currency=currency,
            party_account_currency=currency, grand_total=amount, rounded_total=Decimal(0), outstanding_amount=amount,
            posting_date=issued_on, due_date=due_on, is_return=int(amount < 0), debit_to=debit_to,
            payment_schedule=schedule, payment_terms_template=template,
        )["docstatus"] = 1  # fmt: skip
        self.ledger(name, name, amount, party=customer, account=debit_to, currency=currency)

    def add_journal(self, name, amount, customer, *, booked_on, due_on):
        """An opening balance of a customer, booked by journal entry."""
        self.put("Journal Entry", name, company=COMPANY, posting_date=booked_on)["docstatus"] = 1
        self.ledger(name, name, amount, party=customer, against_type="Journal Entry", on=booked_on, due_on=due_on)

    def ledger(
        self, voucher, against, amount, *, party="", account=DEBTORS, currency="EUR", against_type="Sales Invoice",
        on="2026-10-01", due_on=None,
    ):  # fmt: skip
        self.count += 1
        self.put("Payment Ledger Entry", f"PLE-{self.count:06}", company=COMPANY, voucher_no=voucher, delinked=0,
                 against_voucher_type=against_type, against_voucher_no=against, party_type="Customer", party=party,
                 account=account, account_currency=currency, posting_date=on, due_date=due_on,
                 amount_in_account_currency=amount)  # fmt: skip

    def outstanding(self, invoice):
        return sum(
            (row["amount_in_account_currency"] for row in self.docs["Payment Ledger Entry"].values()
             if row["against_voucher_no"] == invoice and not row["delinked"]), Decimal(0)
        )  # fmt: skip

    # -- requests --------------------------------------------------------------------------------------------------

    def handle(self, request):
        if request.headers.get("authorization") != f"token {KEY}:{SECRET}":
            return self.failed(request, RefusedError(401, "AuthenticationError", "Invalid key"))
        parts = [each.replace("%20", " ") for each in request.path.strip("/").split("/")]
        if request.length > 4094:
            return Answer(400, b"<html>Request Line is too large</html>")
        try:
            if parts[:3] == ["api", "method", "frappe.client.get_list"]:
                query = {name: str(value) for name, value in request.body.items()}
                return Answer(body={"message": self.listing(query["doctype"], query)})
            if parts[:2] == ["api", "method"]:
                answer = self.method(parts[2], request.body or {})
                beside = isinstance(answer, dict) and answer.keys() & {"docinfo", "docs"}
                return Answer(body=answer if beside else {"message": answer})
            if request.method == "POST":
                return Answer(body={"data": self.insert(parts[2], dict(request.body))})
            if len(parts) == 4:
                return Answer(body={"data": _without_nulls(self.document(parts[2], parts[3]))})
            return Answer(body={"data": self.listing(parts[2], request.query)})
        except RefusedError as error:
            return self.failed(request, error)

    def document(self, doctype, name):
        if name not in self.docs[doctype]:
            raise RefusedError(404, "DoesNotExistError", f"{doctype} {name} not found")
        return self.docs[doctype][name]

    def failed(self, request, error):
        said = error.text if request.headers.get("accept-language") == "en" else "in der Sprache der Website"
        messages = json.dumps([json.dumps({"message": f"<b>{said}</b>", "indicator": "red"})])
        body = {"exception": f"frappe.exceptions.{error.exc_type}: {said}", "exc_type": error.exc_type,
                "exc": json.dumps(["Traceback ..."]), "_server_messages": messages}  # fmt: skip
        return Answer(error.status, body)

    def listing(self, doctype, query):
        if doctype not in self.docs:
            raise RefusedError(404, "DoesNotExistError", f"DocType {doctype} not found")
        filters, fields = json.loads(query.get("filters", "[]"), parse_float=Decimal), json.loads(query["fields"])
        rows = [row for row in self.docs[doctype].values() if all(_meets(row, each) for each in filters)]
        self.refuse_unknown(doctype, fields)
        if "group_by" in query:
            return self.grouped(rows, fields, query)
        column, _, direction = query.get("order_by", "modified desc").partition(" ")
        rows.sort(key=lambda row: (row[column], row["name"]), reverse=direction == "desc")
        limit = int(query.get("limit_page_length", "20"))
        return [each for row in (rows[:limit] if limit else rows) for each in self.projected(row, fields)]

    def grouped(self, rows, fields, query):
        by, total = fields
        if self.version >= 16 and isinstance(total, str):
            raise RefusedError(417, "ValidationError", f"SQL functions are not allowed as strings in SELECT: {total}")
        if self.version < 16 and not isinstance(total, str):
            raise RefusedError(500, "TypeError", "unhashable type: 'dict'")
        groups = {}
        for row in rows:
            groups[row[by]] = groups.get(row[by], Decimal(0)) + row["amount_in_account_currency"]
        found = [{by: key, "total": groups[key]} for key in sorted(groups)]
        return found[: int(query["limit_page_length"]) or None]

    def refuse_unknown(self, doctype, fields):
        known = {name for each in self.docs[doctype].values() for name in each} | {*_COMMON_FIELDS}
        known |= {"party", "bank_account_no", "po_no", "customer_name", "account", "unallocated_amount", self.key_field}
        known |= {"received_amount", "paid_amount", "paid_from_account_currency", "posting_date", "reference_no"}
        known |= {"base_grand_total", "base_rounded_total", "due_date", *_INVOICE_FIELDS, *_LEDGER_FIELDS}
        known |= {"year_start_date", "year_end_date", "start_date", "end_date", "disabled", "transaction_id"}
        known |= {"exchange_gain_loss_account", "book_advance_payments_in_separate_party_account"}
        known |= {"accounts_frozen_till_date"} if self.version >= 16 else set()
        for each in fields:
            if isinstance(each, str) and "." not in each and "(" not in each and each not in known:
                raise RefusedError(417, "DataError", f"Field not permitted in query: {each}")

    def projected(self, row, fields):
        children = [each for each in fields if "." in each]
        plain = [each for each in fields if "." not in each]
        base = {name: row.get(name) for name in plain}
        if not children:
            return [base]
        return [
            {**base, **{each.split(" as ")[1]: child.get(each.split(" as ")[0].split(".")[1]) for each in children}}
            for child in row.get(children[0].partition(".")[0]) or [{}]
        ]

    # -- payment entries -------------------------------------------------------------------------------------------

    def insert(self, doctype, values):
        if doctype == "Bank Transaction":
            return self.insert_bank_transaction(values)
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
        currency = self.docs["Account"][values["paid_from"]]["account_currency"]
        document = self.put(doctype, name, **values, unallocated_amount=self.unallocated(values),
                            paid_from_account_currency=currency, paid_to_account_currency=currency)  # fmt: skip
        document["docstatus"] = 1
        for each in values["references"]:
            self.ledger(name, each["reference_name"], -Decimal(each["allocated_amount"]), party=values["party"],
                        account=values["paid_from"], currency=currency,
                        against_type=each.get("reference_doctype", "Sales Invoice"))  # fmt: skip
            self.refresh(each["reference_name"])
            self.move_term(each, -1)
        return {**document, "status": "Draft", "docstatus": 1}

    def unallocated(self, values):
        """What is left, worked out in the company's currency; an entry that does not close is refused."""
        rate = Decimal(values.get("source_exchange_rate") or 1)

        def base(amount):
            return (Decimal(amount) * rate).quantize(Decimal("0.01"))

        allocated = sum((base(each["allocated_amount"]) for each in values["references"]), Decimal(0))
        deducted = sum((Decimal(each["amount"]) for each in values["deductions"]), Decimal(0))
        left = base(values["paid_amount"]) + deducted - allocated
        if left < 0:
            raise RefusedError(417, "ValidationError", "Difference Amount must be zero")
        return left / rate

    def move_term(self, reference, sign):
        invoice = self.docs["Sales Invoice"].get(reference["reference_name"])
        for term in (invoice or {}).get("payment_schedule", ()):
            if reference.get("payment_term") and term.get("payment_term") == reference["payment_term"]:
                term["outstanding"] += sign * Decimal(reference["allocated_amount"])

    def insert_bank_transaction(self, values):
        lines = self.docs["Bank Transaction"]
        if any(each["transaction_id"] == values["transaction_id"] for each in lines.values()):
            raise RefusedError(417, "UniqueValidationError", "Transaction ID must be unique")
        self.count += 1
        name = f"ACC-BTN-2026-{self.count:05}"
        document = self.put("Bank Transaction", name, **values, payment_entries=[], status="Unreconciled")
        document["docstatus"] = 1
        return document

    def refresh(self, invoice):
        document = self.docs["Sales Invoice"].get(invoice)
        if document is None:
            return
        document["outstanding_amount"] = self.outstanding(invoice)
        document["modified"] = self.stamp()

    def validate(self, values):
        if values["paid_to"] not in self.docs["Account"] or values["paid_from"] not in self.docs["Account"]:
            raise RefusedError(417, "LinkValidationError", "Could not find Account")
        if values.get("mode_of_payment", "Wire Transfer") not in self.docs["Mode of Payment"]:
            text = f"Could not find Mode of Payment: {values['mode_of_payment']}"
            raise RefusedError(417, "LinkValidationError", text)
        if Decimal(values["paid_amount"]) <= 0:
            raise RefusedError(417, "MandatoryError", "Paid Amount is mandatory")
        if any(not each.get("cost_center") for each in values["deductions"]):
            raise RefusedError(417, "MandatoryError", "Cost Center is mandatory")
        for each in values["references"]:
            if each.get("reference_doctype", "Sales Invoice") == "Sales Invoice":
                self.validate_reference(values, each)
        key = values.get(self.key_field) if self.key_field else None
        if key and any(each.get(self.key_field) == key for each in self.docs["Payment Entry"].values()):
            raise RefusedError(417, "UniqueValidationError", f"{self.key_field} {key} must be unique")

    def validate_reference(self, values, each):
        invoice = self.docs["Sales Invoice"].get(each["reference_name"])
        if invoice is None:
            raise RefusedError(417, "LinkValidationError", "Could not find Row #1: Name")
        if invoice["docstatus"] == 2:
            raise RefusedError(417, "CancelledLinkError", "Cannot link cancelled document")
        if invoice["customer"] != values["party"]:
            text = f"{invoice['name']} is not associated with {values['party']}"
            raise RefusedError(417, "ValidationError", text)
        if invoice["debit_to"] != values["paid_from"]:
            text = f"{invoice['name']} is associated with {invoice['debit_to']}, but Party Account is another"
            raise RefusedError(417, "ValidationError", text)
        outstanding, allocated = self.outstanding(invoice["name"]), Decimal(each["allocated_amount"])
        if not outstanding:
            raise RefusedError(417, "ValidationError", f"{invoice['name']} has already been fully paid.")
        if abs(allocated) > abs(outstanding):
            text = "Allocated Amount cannot be greater than outstanding amount."
            raise RefusedError(417, "ValidationError", text)
        if invoice.get("payment_terms_template"):
            terms = {term["payment_term"]: term["outstanding"] for term in invoice["payment_schedule"]}
            if not each.get("payment_term"):
                text = "has Payment Term based allocation enabled. Select a Payment Term for Row #1"
                raise RefusedError(417, "ValidationError", text)
            if allocated > terms[each["payment_term"]]:
                text = f"Row #1: Allocated amount:{allocated} is greater than outstanding amount for Payment Term"
                raise RefusedError(417, "ValidationError", text)

    def method(self, name, values):
        handler = getattr(self, "method_" + name.rpartition(".")[2], None)
        if handler is None:
            raise RefusedError(417, "ValidationError", f"Failed to get method {name}")
        return handler(values)

    def method_get_logged_user(self, values):
        return "lettrage@example.com"

    def method_get_versions(self, values):
        return {"erpnext": {"version": f"{self.version}.1.0"}}

    def method_has_permission(self, values):
        return {"has_permission": values["perm_type"] in self.rights}

    def method_getdoctype(self, values):
        fields = [{"fieldname": self.key_field, "unique": 1}] if self.key_field else []
        return {"docs": [{"fields": [{"fieldname": "party"}, *fields]}]}

    def method_get_single_value(self, values):
        raise RefusedError(403, "PermissionError", "No permission for Accounts Settings")

    def method_get_party_account(self, values):
        return DEBTORS

    def method_get_exchange_rate(self, values):
        return self.rates.get((values["from_currency"], values["to_currency"]), 0)

    def method_get_docinfo(self, values):
        return {"docinfo": {"comments": self.document(values["doctype"], values["name"]).get("comments", [])}}

    def method_add_comment(self, values):
        self.count += 1
        document = self.docs[values["reference_doctype"]][values["reference_name"]]
        comment = {"name": f"c{self.count}", "content": values["content"], "creation": self.stamp()}
        document.setdefault("comments", []).append(comment)
        return comment

    def method_update_comment(self, values):
        for documents in self.docs.values():
            for document in documents.values():
                for comment in document.get("comments", ()):
                    if comment["name"] == values["name"]:
                        # The server's editor makes a paragraph of it.
                        comment["content"] = f"<p>{values['content']}</p>\n"
        return {}

    def method_reconcile_vouchers(self, values):
        line = self.docs["Bank Transaction"][values["bank_transaction_name"]]
        if line["status"] == "Reconciled":
            raise RefusedError(417, "ValidationError", f"Bank Transaction {line['name']} is already fully reconciled")
        line["payment_entries"] += [{"payment_entry": each["payment_name"]} for each in json.loads(values["vouchers"])]
        line["status"] = "Reconciled"
        return line

    def method_cancel(self, values):
        document = self.docs[values["doctype"]][values["name"]]
        if document["docstatus"] == 2:
            raise RefusedError(417, "ValidationError", "Cannot edit cancelled document")
        document["docstatus"] = 2
        document["modified"] = self.stamp()
        for row in self.docs["Payment Ledger Entry"].values():
            if row["voucher_no"] == document["name"]:
                row["delinked"] = 1
                row["modified"] = self.stamp()
        for each in document.get("references", ()):
            self.refresh(each["reference_name"])
            self.move_term(each, 1)
        for line in self.docs["Bank Transaction"].values():
            line["payment_entries"] = [
                each for each in line["payment_entries"] if each["payment_entry"] != values["name"]
            ]
            line["status"] = "Reconciled" if line["payment_entries"] else "Unreconciled"
        return document["name"]


_INVOICE_FIELDS = {
    *("customer", "currency", "party_account_currency", "grand_total", "rounded_total", "outstanding_amount"),
    *("due_date", "is_return", "debit_to", "payment_terms_template"),
}
_COMMON_FIELDS = {"name", "modified", "docstatus", "company", "remarks", "iban", "enabled", "payment_schedule"}
_LEDGER_FIELDS = {"against_voucher_no", "voucher_no", "account", "account_currency", "amount_in_account_currency"}


def _meets(row, each):
    name, operator, wanted = each[-3:]
    if each[0] == "Payment Schedule":
        return any(_meets(term, each[1:]) for term in row["payment_schedule"])
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
