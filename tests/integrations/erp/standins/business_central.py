"""A stand-in for the Business Central API v2.0: sales documents, journals, general ledger, attachments, a token server.

Written from Microsoft's reference and the published source of its pages: property names, types and lengths are those of
a published $metadata, and anything else is refused with 400. Traps kept: a partial payment does not touch the invoice's
own date, journal lines can only be read through their journal, a line's invoice number cannot be filtered by, posting a
journal posts everything in it, posted entries know the document number and the description but not the key, payment
amounts are negative, local currency stands as its code, and a change needs the entity tag.
"""

import itertools
import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote, unquote

from tests.integrations.erp.standins.kit import Answer, StandIn
from tests.integrations.erp.standins.odata import Metadata, UnknownProperty, parse_filter

METADATA = Metadata(Path(__file__).resolve().parents[4] / "fixtures" / "vendor" / "business-central" / "metadata.xml")
TENANT, ENVIRONMENT, COMPANY = "0b6f1c1e-0000-4000-8000-00000000aaaa", "Production", "CRONUS Demo"
CLIENT, SECRET = "11111111-2222-4333-8444-555555555555", "bc-client-secret-5d~1f/77+x"
JOURNAL, BANK_ACCOUNT, RECEIVABLES = "LETTRAGE", "2910", "2310"
LEDGER_PAGE = "acme/cash/v1.0/customerLedgerEntries"
_LEDGER_FIELDS = (
    *("entryNumber", "documentType", "documentNumber", "externalDocumentNumber", "description", "customerNumber"),
    *("postingDate", "documentDate", "dueDate", "currencyCode", "amount", "remainingAmount", "open", "reversed"),
    *("paymentDiscountDate", "remainingPaymentDiscount", "paymentReference", "disputeStatus", "lastModifiedDateTime"),
)
_JOURNAL_FIELDS = {"externalDocumentNumber", "documentNumber", "customerNumber", "postingDate", "lineNumber", "id"}


class RefusedError(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def new_id():
    return str(uuid.uuid4())


class BusinessCentralStandIn(StandIn):
    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
        self.numbers = itertools.count(1)
        self.tokens = set()
        self.token_requests = 0
        self.company = {"id": new_id(), "name": COMPANY, "displayName": COMPANY}
        self.setup = {"id": new_id(), "allowPostingFrom": None, "allowPostingTo": None, "localCurrencyCode": "EUR"}
        self.customers, self.documents, self.entries, self.ledger, self.lines = {}, {}, {}, [], {}
        self.attachments, self.contents = {}, {}
        self.journals = {}
        self.half_post = None  # so many lines are posted, then the service fails
        self.add_journal(JOURNAL, BANK_ACCOUNT)
        self.bank = {"id": new_id(), "number": "GIRO", "displayName": "Girokonto", "bankAccountNumber": "",
                     "iban": "DE02 1203 0000 0000 2020 51", "currencyCode": ""}  # fmt: skip

    # -- setting the scene -----------------------------------------------------------------------------------------

    def stamp(self):
        self.now += timedelta(milliseconds=150)
        return self.now

    def add_journal(self, code, balancing):
        journal = {"id": new_id(), "code": code, "displayName": code, "balancingAccountId": new_id(),
                   "balancingAccountNumber": balancing, "lastModifiedDateTime": self.stamp()}  # fmt: skip
        self.journals[journal["id"]] = journal
        return journal

    def add_customer(self, number, name, country="DE"):
        self.customers[number] = {"id": new_id(), "number": number, "displayName": name, "country": country,
                                  "lastModifiedDateTime": self.stamp()}  # fmt: skip

    def add_document(self, number, amount, customer, *, kind, currency, issued_on, due_on, discount=None):
        """A posted sales invoice (positive) or credit memo (negative) with its ledger entry."""
        entry = self.add_entry(kind, number, amount, customer, issued_on, due_on=due_on, currency=currency)
        if discount:
            entry["paymentDiscountDate"], entry["remainingPaymentDiscount"] = discount
        document = {"id": new_id(), "number": number, "customerNumber": customer, "billToCustomerNumber": customer,
                    "postingDate": issued_on, "dueDate": due_on, "currencyCode": currency, "status": "Open",
                    "totalAmountIncludingTax": abs(amount), "lastModifiedDateTime": self.stamp(), "entry": entry,
                    "externalDocumentNumber": f"PO-{number}"[:35], "version": 1}  # fmt: skip
        if kind == "Invoice":
            document |= {"invoiceDate": issued_on, "disputeStatus": "", "orderNumber": "",
                         "customerPurchaseOrderReference": ""}  # fmt: skip
        else:
            document |= {"creditMemoDate": issued_on}
        self.documents[document["id"]] = document
        return document

    def add_entry(self, kind, number, amount, customer, posted_on, *, due_on=None, currency="EUR", key="", text=""):
        entry = {"entryNumber": next(self.numbers), "documentType": kind.replace(" ", "_x0020_"), "description": text,
                 "documentNumber": number, "externalDocumentNumber": key, "customerNumber": customer,
                 "postingDate": posted_on, "documentDate": posted_on, "dueDate": due_on or posted_on,
                 "currencyCode": "" if currency == "EUR" else currency, "amount": amount, "remainingAmount": amount,
                 "open": True, "reversed": False, "paymentDiscountDate": None, "paymentReference": "",
                 "remainingPaymentDiscount": Decimal(0), "disputeStatus": "",
                 "lastModifiedDateTime": self.stamp()}  # fmt: skip
        self.entries[entry["entryNumber"]] = entry
        return entry

    def document_of(self, number, kind="Invoice"):
        return next((each for each in self.documents.values()
                     if each["number"] == number and each["entry"]["documentType"] == kind), None)  # fmt: skip

    def apply(self, document, amount):
        """Settle so much of a document; only what closes it moves the document's own date."""
        entry = document["entry"]
        entry["remainingAmount"] -= amount
        entry["lastModifiedDateTime"] = self.stamp()
        if not entry["remainingAmount"]:
            entry["open"] = False
            document["status"] = "Paid"
            document["lastModifiedDateTime"] = self.stamp()

    def cancel(self, document):
        document["entry"] |= {"remainingAmount": Decimal(0), "open": False, "lastModifiedDateTime": self.stamp()}
        document |= {"status": "Canceled", "lastModifiedDateTime": self.stamp()}

    def expire_tokens(self):
        self.tokens.clear()

    # -- requests --------------------------------------------------------------------------------------------------

    def handle(self, request):
        try:
            if request.path == f"/{TENANT}/oauth2/v2.0/token":
                return self.token(request)
            self.require_token(request)
            return self.api(request)
        except RefusedError as error:
            text = f"{error.text}  CorrelationId:  {new_id()}."
            return Answer(error.status, {"error": {"code": error.code, "message": text}})
        except UnknownProperty as error:
            return Answer(400, {"error": {"code": "BadRequest", "message": f"{error}  CorrelationId:  {new_id()}."}})

    def require_token(self, request):
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise RefusedError(401, "Authentication_InvalidCredentials", "The server has rejected the credentials.")

    def token(self, request):
        form = dict(pair.split("=", 1) for pair in request.text.split("&"))
        self.token_requests += 1
        if form.get("client_secret") != quote(SECRET, safe="~") or form.get("client_id") != CLIENT:
            text = "AADSTS7000215: Invalid client secret provided."
            return Answer(401, {"error": "invalid_client", "error_description": text})
        token = f"bc-token-{uuid.uuid4().hex}"
        self.tokens.add(token)
        return Answer(body={"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def api(self, request):
        prefix = f"/v2.0/{TENANT}/{ENVIRONMENT}/api/"
        assert request.path.startswith(prefix), request.path
        path = unquote(request.path).removeprefix(prefix)
        if path == "v2.0/companies":
            return self.listing(request, "companies", [self.company])
        found = re.fullmatch(r"(.+)/companies\(([^)]*)\)/(.+)", path)
        assert found, path
        if found[2] != self.company["id"]:
            raise RefusedError(404, "Internal_CompanyNotFound", "Cannot find company")
        if found[1] != "v2.0":
            return self.custom(request, f"{found[1]}/{found[3]}")
        return self.standard(request, re.findall(r"([A-Za-z.]+)(?:\(([^)]*)\))?", found[3]))

    def custom(self, request, path):
        if path != LEDGER_PAGE:
            raise RefusedError(404, "BadRequest_NotFound", f"No HTTP resource was found that matches {path}")
        unknown = {*parse_filter(request.query.get("$filter", "")).names,
                   *filter(None, request.query.get("$select", "").split(","))} - set(_LEDGER_FIELDS)  # fmt: skip
        if unknown:
            raise UnknownProperty(f"Could not find a property named '{sorted(unknown)[0]}'")
        return self.listing(request, None, self.entries.values())

    def standard(self, request, steps):
        (entities, record_id), *more = steps
        if more and more[0][0] == "customerPayments":
            if request.method == "POST":
                return self.insert_line(request, record_id)
            lines = [line for line in self.lines.values() if line["journalId"] == record_id]
            outside = parse_filter(request.query.get("$filter", "")).names - _JOURNAL_FIELDS
            if outside:
                raise RefusedError(400, "BadRequest", f"Filter on {outside} is not supported")
            return self.listing(request, "customerPayments", lines)
        if more and more[0][0] == "Microsoft.NAV.post":
            assert ("journal", "post") in METADATA.actions
            return self.post_journal(record_id)
        if more and more[0][0] == "attachmentContent":
            self.contents[record_id] = request.text
            self.attachments[record_id]["version"] += 1
            return Answer(204)
        rows = self.rows_of(entities)
        if request.method == "POST":
            return self.create(request, entities)
        if record_id:
            return self.one(request, entities, rows, record_id)
        return self.listing(request, entities, rows)

    def rows_of(self, entities):
        if entities == "customerPayments":
            return list(self.lines.values())
        return {
            "customers": lambda: list(self.customers.values()),
            "salesInvoices": lambda: [self.invoice(each) for each in self.documents.values()
                                      if each["entry"]["documentType"] == "Invoice"],
            "salesCreditMemos": lambda: [each for each in self.documents.values()
                                         if each["entry"]["documentType"] != "Invoice"],
            "customerPaymentJournals": lambda: list(self.journals.values()),
            "journals": list,
            "generalLedgerEntries": lambda: self.ledger,
            "generalLedgerSetup": lambda: [self.setup],
            "bankAccounts": lambda: [self.bank],
            "documentAttachments": lambda: list(self.attachments.values()),
        }[entities]()  # fmt: skip

    def invoice(self, document):
        return {**document, "remainingAmount": document["entry"]["remainingAmount"]}

    def listing(self, request, entities, rows):
        query = request.query
        condition = parse_filter(query.get("$filter", ""))
        selected = [name for name in query.get("$select", "").split(",") if name]
        if entities is not None:
            ordered = query.get("$orderby", "").split(" ")[0]
            METADATA.require(entities, {*condition.names, *selected, *filter(None, [ordered])})
        found = [row for row in rows if condition.meets(row)]
        if "$orderby" in query:
            name, _, direction = query["$orderby"].partition(" ")
            found.sort(key=lambda row: row[name], reverse=direction == "desc")
        total, start = len(found), int(query.get("$skiptoken", "0"))
        prefer = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("prefer", ""))
        size = int(prefer[1]) if prefer else 20_000
        if "$top" in query:
            found = found[: int(query["$top"])]
        page = found[start : start + size]
        body = {"@odata.context": f"{self.url}/$metadata#{entities}"}
        if query.get("$count") == "true":
            body["@odata.count"] = total
        body["value"] = [self.shown(entities, row, selected) for row in page]
        if start + size < len(found):
            kept = "&".join(f"{name}={quote(value)}" for name, value in query.items() if name != "$skiptoken")
            body["@odata.nextLink"] = f"{self.url}{request.path}?{kept}&$skiptoken={start + size}"
        return Answer(body=body)

    def shown(self, entities, row, selected):
        known = METADATA.sets[entities] if entities else _LEDGER_FIELDS
        values = {name: self.plain(value) for name, value in row.items() if name in known}
        if selected:
            values = {name: values.get(name) for name in selected}
        if "version" in row:
            values["@odata.etag"] = self.etag(row)
        return values

    def etag(self, row):
        return f'W/"{row["version"]}"'

    def plain(self, value):
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        return value.isoformat() if isinstance(value, date) else value

    def one(self, request, entities, rows, record_id):
        row = next((each for each in rows if each["id"] == record_id), None)
        if row is None:
            raise RefusedError(404, "BadRequest_ResourceNotFound", "Resource not found")
        if request.method == "GET":
            selected = [name for name in request.query.get("$select", "").split(",") if name]
            METADATA.require(entities, selected)
            return Answer(body=self.shown(entities, row, selected))
        match = request.headers.get("if-match")
        if match is None:
            raise RefusedError(400, "BadRequest", "The request must have an If-Match header")
        if match not in {"*", self.etag(row)}:
            raise RefusedError(409, "Request_EntityChanged", "Another user has already changed the record.")
        if request.method == "DELETE":
            del {"customerPayments": self.lines, "documentAttachments": self.attachments}[entities][record_id]
            return Answer(204)
        self.require_values(entities, request.body)
        original = self.documents.get(record_id) or self.attachments.get(record_id)
        original.update(request.body)
        original["version"] += 1
        return Answer(body=self.shown(entities, original, []))

    def require_values(self, entities, values):
        METADATA.require(entities, values)
        for name, value in values.items():
            kind, longest = METADATA.sets[entities][name]
            if longest and len(value) > longest:
                raise RefusedError(400, "Application_StringExceededLength", f"{name} is longer than {longest}")
            if kind == "Edm.Date":
                date.fromisoformat(value)

    def create(self, request, entities):
        assert entities == "documentAttachments"
        self.require_values(entities, request.body)
        attachment = {"id": new_id(), "version": 1, **request.body, "lastModifiedDateTime": self.stamp()}
        self.attachments[attachment["id"]] = attachment
        return Answer(201, self.shown(entities, attachment, []))

    # -- journals --------------------------------------------------------------------------------------------------

    def insert_line(self, request, journal_id):
        values = request.body
        self.require_values("customerPayments", values)
        if values["customerNumber"] not in self.customers:
            raise RefusedError(400, "Application_DialogException", 'The "customerNumber" does not match to a Customer.')
        if Decimal(values["amount"]) >= 0:
            raise RefusedError(400, "Application_DialogException", "The amount should be a negative number.")
        taken = {line["lineNumber"] for line in self.lines.values() if line["journalId"] == journal_id}
        if values.get("lineNumber") in taken:
            raise RefusedError(400, "Internal_EntityWithSameKeyExists", "The record already exists.")
        invoice = self.document_of(values.get("appliesToInvoiceNumber", ""))
        line = {"id": new_id(), "version": 1, "journalId": journal_id, "lineNumber": max(taken, default=0) + 10_000,
                "documentNumber": f"G{next(self.numbers):05}", "appliesToInvoiceNumber": "", "description": "",
                "externalDocumentNumber": "", **values, "postingDate": date.fromisoformat(values["postingDate"]),
                "appliesToInvoiceId": invoice["id"] if invoice else "00000000-0000-0000-0000-000000000000",
                "lastModifiedDateTime": self.stamp()}  # fmt: skip
        self.lines[line["id"]] = line
        return Answer(201, self.shown("customerPayments", line, []))

    def post_journal(self, journal_id):
        lines = [line for line in self.lines.values() if line["journalId"] == journal_id]
        if not lines:
            raise RefusedError(400, "Application_DialogException", "There is nothing to post.")
        for line in lines:
            self.check_line(line)
        for place, line in enumerate(lines):
            if self.half_post is not None and place >= self.half_post:
                self.half_post = None
                raise RefusedError(500, "Internal_ServerError", "The server did not respond in time.")
            self.post_line(line)
        return Answer(204)

    def check_line(self, line):
        first = self.setup["allowPostingFrom"]
        if first and line["postingDate"] < first:
            text = "Posting Date is not within your range of allowed posting dates in Gen. Journal Line"
            raise RefusedError(400, "Application_DialogException", text)
        invoice = self.document_of(line["appliesToInvoiceNumber"])
        if line["appliesToInvoiceNumber"] and (invoice is None or invoice["status"] != "Open"):
            raise RefusedError(400, "Application_DialogException", "The invoice is not open.")

    def post_line(self, line):
        del self.lines[line["id"]]
        amount = -Decimal(line["amount"])
        text = {"description": line["description"], "documentNumber": line["documentNumber"],
                "postingDate": line["postingDate"], "documentType": "Payment"}  # fmt: skip
        for account, moved in ((BANK_ACCOUNT, amount), (RECEIVABLES, -amount)):
            self.ledger.append({"id": new_id(), "entryNumber": next(self.numbers), "accountNumber": account, **text,
                                "debitAmount": max(moved, Decimal(0)), "creditAmount": max(-moved, Decimal(0)),
                                "lastModifiedDateTime": self.stamp()})  # fmt: skip
        entry = self.add_entry("Payment", line["documentNumber"], -amount, line["customerNumber"], line["postingDate"],
                               key=line["externalDocumentNumber"], text=line["description"])  # fmt: skip
        invoice = self.document_of(line["appliesToInvoiceNumber"])
        if invoice is not None:
            applied = min(amount, invoice["entry"]["remainingAmount"])
            self.apply(invoice, applied)
            entry["remainingAmount"] += applied
            entry["open"] = bool(entry["remainingAmount"])

    def reverse_posted(self, document_number):
        """A person reverses a posted payment: entries the other way, its invoice is open again."""
        for entry in [each for each in self.ledger if each["documentNumber"] == document_number]:
            turned = {"debitAmount": entry["creditAmount"], "creditAmount": entry["debitAmount"]}
            self.ledger.append({**entry, "id": new_id(), "entryNumber": next(self.numbers), **turned})
        for entry in [each for each in self.entries.values() if each["documentNumber"] == document_number]:
            entry |= {"reversed": True, "open": False, "remainingAmount": Decimal(0)}
            parts = entry["description"].split(" | ")
            invoice = self.document_of(parts[1]) if len(parts) > 2 else None
            if invoice is not None:
                invoice["entry"] |= {"remainingAmount": invoice["entry"]["remainingAmount"] - entry["amount"],
                                     "open": True}  # fmt: skip
                invoice |= {"status": "Open", "lastModifiedDateTime": self.stamp()}


def printable(server):
    """The journal as a person sees it, for messages of failing tests."""
    return json.dumps([{name: str(value) for name, value in line.items()} for line in server.lines.values()])
