"""A stand-in for the Exact Online REST API: receivables, accounts, journals, entries, notes, limits, rotating tokens.

Written from the published property names and descriptions of Exact's resources and from what users report. Traps kept:
a renewal uses the refresh token up and is refused before 570 seconds, a thousand rows a page in bulk and sixty
elsewhere, dates as milliseconds, only some filters in bulk, $select demanded there, a receivable that is split when a
part of it is paid and gets other ids, matching only by number and exact amount, codes with spaces in front, 500 with a
reason for a broken rule, limits per minute and day that a refusal tells only for the window that was hit.
"""

import itertools
import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote

from tests.integrations.erp.standins.kit import Answer, StandIn
from tests.integrations.erp.standins.odata import parse_filter

FIXTURE = Path(__file__).resolve().parents[4] / "fixtures" / "vendor" / "exact-online" / "properties.json"
PROPERTIES = {name: set(found) for name, found in json.loads(FIXTURE.read_text())["resources"].items()}
PROPERTIES |= {
    "bulk/Cashflow/Receivables": PROPERTIES["cashflow/Receivables"],
    "bulk/CRM/Accounts": PROPERTIES["crm/Accounts"],
    "bulk/Financial/GLAccounts": PROPERTIES["financial/GLAccounts"],
}
# A newer property of the resource, in Exact's own reference and not in the published list.
PROPERTIES["crm/BankAccounts"] = PROPERTIES["crm/BankAccounts"] | {"IBAN"}
_BULK_FILTERS = {
    *("Account", "Document", "EndDate", "EndToEndID", "EntryDate", "EntryID", "GLAccount", "ID", "InvoiceDate"),
    *("InvoiceNumber", "Source", "Status", "TransactionID", "TransactionType"),
}
DIVISION, CLIENT, SECRET = 3977, "exact-client-id-1234", "exact-secret/88+zz=="
FIRST_TOKEN = "stampNL001.first-refresh-token!77"
BANK_CODE, MEMO_CODE = "20", "90"
RECEIVABLE, DISCOUNT, WRITE_OFF, CLEARING = "1300", "8090", "4990", "2000"


class RefusedError(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def new_id():
    return str(uuid.uuid4())


class ExactStandIn(StandIn):
    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)
        self.refresh_token, self.access, self.renewed_at = FIRST_TOKEN, {}, None
        self.too_early = 0
        self.numbers = itertools.count(2026_0001)
        self.per_minute, self.per_day = None, None  # calls left; None: no limit
        self.matches = True
        self.rows = {name: [] for name in PROPERTIES}
        self.receivables = self.rows["bulk/Cashflow/Receivables"]
        self.rows["cashflow/Receivables"] = self.receivables
        self.closed = set()
        self.gl = {code: new_id() for code in (RECEIVABLE, DISCOUNT, WRITE_OFF, CLEARING)}
        self.rows["bulk/Financial/GLAccounts"] += [{"ID": each, "Code": code} for code, each in self.gl.items()]
        self.add_journal(BANK_CODE, 12, "NL20 INGB 0001 2345 67")
        self.add_journal(MEMO_CODE, 90, "")
        for month in range(1, 13):
            start = date(2026, month, 1)
            end = (date(2026 + month // 12, month % 12 + 1, 1)) - timedelta(days=1)
            self.rows["financial/FinancialPeriods"].append(
                {"ID": new_id(), "FinYear": 2026, "FinPeriod": month, "StartDate": start, "EndDate": end}
            )

    # -- setting the scene -----------------------------------------------------------------------------------------

    def add_journal(self, code, kind, iban):
        self.rows["financial/Journals"].append(
            {"ID": new_id(), "Code": code, "Description": f"Journal {code}", "Type": kind, "Currency": "EUR",
             "BankAccountIBAN": iban, "IsBlocked": False}
        )  # fmt: skip

    def add_account(self, name, iban=""):
        account = {"ID": new_id(), "Code": f"{len(self.rows['bulk/CRM/Accounts']) + 1:>18}", "Name": name,
                   "Country": "NL ", "Status": "C", "IsSales": True, "Parent": None}  # fmt: skip
        self.rows["bulk/CRM/Accounts"].append(account)
        if iban:
            self.rows["crm/BankAccounts"].append(
                {"ID": new_id(), "Account": account["ID"], "BankAccount": iban, "IBAN": iban, "Blocked": False}
            )
        return account["ID"]

    def add_receivable(self, amount, account, *, kind, currency, issued_on, due_on, discount=None, transaction=None):
        number = next(self.numbers)
        row = {"ID": new_id(), "Account": account, "AmountFC": amount, "Currency": currency, "DueDate": due_on,
               "AmountDiscountFC": discount[1] if discount else Decimal(0), "EntryNumber": number + 500_000,
               "DiscountDueDate": discount[0] if discount else None, "GLAccount": self.gl[RECEIVABLE],
               "InvoiceDate": issued_on, "InvoiceNumber": number, "LastPaymentDate": None, "OrderNumber": None,
               "PaymentReference": "", "Status": 20, "TransactionAmountFC": amount, "TransactionType": kind,
               "TransactionID": transaction or new_id(), "YourRef": f"PO-{number}"}  # fmt: skip
        self.receivables.append(row)
        return row

    def rows_of(self, transaction, due_on):
        return [row for row in self.receivables if row["TransactionID"] == transaction and row["DueDate"] == due_on]

    def open_of(self, transaction, due_on):
        rows = self.rows_of(transaction, due_on)
        return sum((row["AmountFC"] for row in rows if row["Status"] < 50), Decimal(0))

    def settle(self, row, amount, on=date(2026, 11, 20)):
        """Match so much of a receivable: what is left becomes a row with another id."""
        if amount != row["AmountFC"]:
            rest = {**row, "ID": new_id(), "AmountFC": row["AmountFC"] - amount}
            self.receivables.append(rest)
        row |= {"AmountFC": amount, "Status": 50, "LastPaymentDate": on, "ID": new_id()}

    def unsettle(self, row):
        row |= {"Status": 20, "LastPaymentDate": None}

    # -- requests --------------------------------------------------------------------------------------------------

    def handle(self, request):
        try:
            if request.path == "/api/oauth2/token":
                return self.token(request)
            self.admit(request)
            answer = self.api(request)
        except RefusedError as error:
            body = {"error": {"code": "", "message": {"lang": "", "value": error.text}}}
            answer = Answer(error.status, body, {"Reason": error.text} if error.status == 500 else {})
        answer.headers |= {"Date": format_datetime(self.now, usegmt=True), **self.limits(answer.status)}
        return answer

    def token(self, request):
        form = {name: values[0] for name, values in parse_qs(request.text).items()}
        if form.get("client_secret") != SECRET or form.get("client_id") != CLIENT:
            return Answer(401, {"error": "invalid_client", "error_description": "client authentication failed"})
        if form.get("refresh_token") != self.refresh_token:
            return Answer(400, {"error": "invalid_grant", "error_description": "Token is not allowed"})
        if self.renewed_at is not None and self.now < self.renewed_at + timedelta(seconds=570):
            self.too_early += 1
            text = "Rate limit exceeded: access_token not expired"
            return Answer(400, {"error": "unauthorized_client", "error_description": text})
        self.refresh_token = f"stampNL001.{uuid.uuid4().hex}"
        access = f"stampNL001.access-{uuid.uuid4().hex}"
        self.access = {access: self.now + timedelta(seconds=600)}
        self.renewed_at = self.now
        return Answer(body={"access_token": access, "token_type": "bearer", "expires_in": "600",
                            "refresh_token": self.refresh_token})  # fmt: skip

    def admit(self, request):
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.access.get(token, self.now) <= self.now:
            raise RefusedError(401, "Unauthorized")
        for window in ("per_day", "per_minute"):
            left = getattr(self, window)
            if left is not None:
                if left <= 0:
                    raise RefusedError(429, "Rate limit exceeded")
                setattr(self, window, left - 1)

    def limits(self, status):
        minute = {"X-RateLimit-Minutely-Limit": "60", "X-RateLimit-Minutely-Remaining": str(self.per_minute),
                  "X-RateLimit-Minutely-Reset": str(int((self.now.timestamp() + 30) * 1000))}  # fmt: skip
        day = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(self.per_day),
               "X-RateLimit-Reset": str(int((self.now.timestamp() + 50_000) * 1000))}  # fmt: skip
        if status == 429:
            return day if self.per_day == 0 else minute
        return {**(minute if self.per_minute is not None else {}), **(day if self.per_day is not None else {})}

    def api(self, request):
        path = unquote(request.path)
        prefix = f"/api/v1/{DIVISION}/"
        if not path.startswith(prefix):
            raise RefusedError(403, "Forbidden")
        path = path.removeprefix(prefix)
        single = re.fullmatch(r"(.+)\(guid'([^']+)'\)", path)
        resource = single[1] if single else path
        if resource not in PROPERTIES:
            raise RefusedError(404, f"Resource not found for the segment '{resource}'.")
        if request.method == "POST":
            return self.create(resource, request.body)
        if request.method == "DELETE":
            return self.delete(resource, single[2])
        return self.listing(request, resource)

    def listing(self, request, resource):
        query = request.query
        text = query.get("$filter", "")
        starts = re.fullmatch(r"startswith\((\w+),'((?:[^']|'')*)'\)", text)
        condition = parse_filter("" if starts else text)
        names = {starts[1]} if starts else condition.names
        selected = [name for name in query.get("$select", "").split(",") if name]
        unknown = {*names, *selected} - PROPERTIES[resource]
        if unknown:
            raise RefusedError(400, f"No property '{sorted(unknown)[0]}' exists in type.")
        if resource.startswith("bulk/") and not selected:
            raise RefusedError(400, "$select is mandatory for this service.")
        if resource == "bulk/Cashflow/Receivables" and names - _BULK_FILTERS:
            raise RefusedError(403, "Forbidden - filter is not supported")
        rows = [row for row in self.rows[resource] if condition.meets(row)]
        if starts:
            rows = [row for row in rows if str(row.get(starts[1]) or "").startswith(starts[2].replace("''", "'"))]
        if "$top" in query:
            rows = rows[: int(query["$top"])]
        size, start = (1000 if resource.startswith("bulk/") else 60), int(query.get("$skiptoken", "0"))
        size = getattr(self, "page_size", None) or size
        page = [{name: self.plain(row.get(name)) for name in selected or row} for row in rows[start : start + size]]
        body = {"results": page}
        if start + size < len(rows):
            kept = "&".join(f"{name}={quote(value)}" for name, value in query.items() if name != "$skiptoken")
            body["__next"] = f"{self.url}{request.path}?{kept}&$skiptoken={start + size}"
        return Answer(body={"d": body})

    def plain(self, value):
        if isinstance(value, datetime):
            return f"/Date({int(value.timestamp() * 1000)})/"
        if isinstance(value, date):
            return self.plain(datetime(value.year, value.month, value.day, tzinfo=UTC))
        return value

    # -- entries and notes -----------------------------------------------------------------------------------------

    def create(self, resource, values):
        unknown = set(values) - PROPERTIES[resource]
        if unknown:
            raise RefusedError(400, f"No property '{sorted(unknown)[0]}' exists in type.")
        if resource == "activities/CommunicationNotes":
            self.now += timedelta(seconds=1)
            note = {"ID": new_id(), "Created": self.now, **values}
            self.rows[resource].append(note)
            return Answer(201, {"d": {"ID": note["ID"]}})
        lines_resource = {"financialtransaction/BankEntries": "financialtransaction/BankEntryLines",
                          "generaljournalentry/GeneralJournalEntries": "generaljournalentry/GeneralJournalEntryLines",
                          }[resource]  # fmt: skip
        nested = lines_resource.rpartition("/")[2]
        self.check_entry(values, values[nested], PROPERTIES[lines_resource], balanced=resource.startswith("general"))
        entry = {"EntryID": new_id(), "EntryNumber": next(self.numbers), "JournalCode": values["JournalCode"],
                 "Currency": values.get("Currency", "EUR"), "Status": 20}  # fmt: skip
        self.rows[resource].append(entry)
        for number, line in enumerate(values[nested], start=1):
            row = {"ID": new_id(), "EntryID": entry["EntryID"], "EntryNumber": entry["EntryNumber"],
                   "LineNumber": number, "Account": None, "OurRef": None, "Notes": None, **line,
                   "AmountFC": Decimal(line["AmountFC"]), "Date": date.fromisoformat(line["Date"])}  # fmt: skip
            self.rows[lines_resource].append(row)
            if row["Account"]:
                self.receive(row, entry, -1 if resource.startswith("general") else 1)
        return Answer(201, {"d": {"EntryID": entry["EntryID"]}})

    def check_entry(self, values, lines, known, *, balanced):
        journals = {row["Code"] for row in self.rows["financial/Journals"]}
        if values["JournalCode"] not in journals or not lines:
            raise RefusedError(500, "Mandatory: Journal")
        if (values["FinancialYear"], values["FinancialPeriod"]) in self.closed:
            raise RefusedError(500, "Period is closed")
        for line in lines:
            unknown = set(line) - known
            if unknown:
                raise RefusedError(400, f"No property '{sorted(unknown)[0]}' exists in type.")
            if line["GLAccount"] not in self.gl.values():
                raise RefusedError(500, "Not found: G/L account")
            if len(line["Description"]) > 60:
                raise RefusedError(500, "Description is too long")
        if balanced and sum(Decimal(line["AmountFC"]) for line in lines):
            raise RefusedError(500, "Entry is not in balance")

    def receive(self, row, entry, sign):
        """Money on a customer: matched with the item of that number when it is exactly what is open, else beside it."""
        amount = sign * row["AmountFC"]
        found = [each for each in self.receivables if each["InvoiceNumber"] == row["OurRef"] and each["Status"] < 50
                 and each["Account"] == row["Account"] and each["AmountFC"] == amount]  # fmt: skip
        if self.matches and row["OurRef"] and len(found) == 1:
            self.settle(found[0], amount, row["Date"])
            row["matched"] = found[0]
            return
        beside = self.add_receivable(-amount, row["Account"], kind=40, currency=entry["Currency"],
                                     issued_on=row["Date"], due_on=row["Date"])  # fmt: skip
        beside["InvoiceNumber"] = row["OurRef"] or beside["InvoiceNumber"]
        row["beside"] = beside

    def delete(self, resource, entry_id):
        lines = self.rows[resource.replace("Entries", "EntryLines")]
        entry = next((row for row in self.rows[resource] if row["EntryID"] == entry_id), None)
        if entry is None:
            raise RefusedError(404, "Not found")
        if entry["Status"] == 50:
            raise RefusedError(500, "Cannot delete: entry is processed")
        for row in [row for row in lines if row["EntryID"] == entry_id]:
            if "matched" in row:
                self.unsettle(row["matched"])
            if "beside" in row:
                self.receivables.remove(row["beside"])
            lines.remove(row)
        self.rows[resource].remove(entry)
        return Answer(204)

    def tick(self, seconds):
        self.now += timedelta(seconds=seconds)
