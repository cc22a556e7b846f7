"""What the servers of four ERPs answer to a pull, written beforehand: the rows are made up, their shape is not.

Three in ten items are partly paid, one in ten grants a discount, one in twelve is a credit note.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from integrations.erp.businesscentral.config import Settings as CentralSettings
from integrations.erp.businesscentral.connector import BusinessCentralConnector
from integrations.erp.erpnext.client import PAGE_ROWS as ERPNEXT_ROWS
from integrations.erp.erpnext.client import SUM_ROWS
from integrations.erp.erpnext.config import Settings as ErpNextSettings
from integrations.erp.erpnext.connector import ErpNextConnector
from integrations.erp.exact.config import Settings as ExactSettings
from integrations.erp.exact.connector import ExactConnector
from integrations.erp.odata import ticks_of
from integrations.erp.odoo.config import Settings as OdooSettings
from integrations.erp.odoo.connector import OdooConnector
from integrations.erp.odoo.read import PAGE_ROWS as ODOO_ROWS
from integrations.erp.protocol import Connector
from integrations.erp.settings import Secret

_CENTRAL_ROWS, _EXACT_ROWS = 5_000, 1_000
_KEY = Secret("secret", name="KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked: ``target`` is path and query, ``url`` the server's own address."""

    method: str
    url: str
    target: str
    text: str
    kind: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> Mapping[str, str]:
        """The query's values by name."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}


class Answers(Protocol):
    """Some open items as one ERP tells them."""

    # Rows of the largest answer.
    page: int

    def answer(self, request: Request) -> bytes:
        """The answer to a request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Erp:
    """How to talk to one ERP: its answers for so many items, and the connector at an address."""

    name: str
    answers: Callable[[int], Answers]
    connect: Callable[[str], Connector]


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    amount: float
    left: float
    issued: date
    due: date

    @property
    def is_credit(self) -> bool:
        return self.number % 12 == 0

    @property
    def has_discount(self) -> bool:
        return self.number % 10 == 0


def _items(count: int) -> list[_Item]:
    found = []
    for number in range(1, count + 1):
        amount = round(100 + number * 1.37 % 9_000, 2) * (1 if number % 12 else -1)
        issued = date(2026, number % 9 + 1, number % 28 + 1)
        left = amount if number % 10 > 2 or number % 12 == 0 else 50.25
        found.append(_Item(number, amount, left, issued, issued + timedelta(days=30)))
    return found


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def _parts(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


# -- Odoo ----------------------------------------------------------------------------------------------------------


class OdooAnswers:
    """Odoo 18 over JSON-RPC."""

    page = ODOO_ROWS

    def __init__(self, count: int) -> None:
        parts = _parts(_items(count), ODOO_ROWS)
        self._lines = {part[0].number - 1: _rpc([_odoo_line(each) for each in part]) for part in parts}
        self._lines.setdefault(count, _rpc([]))
        self._moves = {part[0].number: _rpc([_odoo_move(each) for each in part]) for part in parts}

    def answer(self, request: Request) -> bytes:
        if request.target.endswith("version_info"):
            return _rpc({"server_version_info": [18, 0, 0, "final", 0, ""]})
        args = json.loads(request.text)["params"]["args"]
        if len(args) == 4:
            return _rpc(2)
        _, _, _, model, method, _, named = args
        if method == "fields_get":
            return _rpc({name: {"type": "char"} for name in named["allfields"] if "user_" not in name})
        if model == "account.move.line":
            if named.get("limit") == 1:
                return _rpc([{"id": 1, "write_date": "2026-11-20 08:00:00"}])
            return self._lines[named["domain"][-1][2]]
        return self._moves[min(named["domain"][0][2])] if model == "account.move" else _rpc(_ODOO_SMALL[model])


_ODOO_SMALL: dict[str, list[dict[str, Any]]] = {
    "res.users": [{"id": 2, "company_id": 1}],
    "res.company": [{"id": 1, "name": "Acme", "currency_id": 1}],
    "res.currency": [{"id": 1, "name": "EUR"}, {"id": 2, "name": "USD"}],
}


def _rpc(result: object) -> bytes:
    return _bytes({"jsonrpc": "2.0", "id": 1, "result": result})


def _odoo_line(item: _Item) -> dict[str, Any]:
    """A receivable line as `search_read` gives it."""
    return {
        "id": item.number,
        "move_id": item.number,
        "move_name": f"INV/2026/{item.number:06}",
        "move_type": "out_refund" if item.is_credit else "out_invoice",
        "partner_id": item.number % 4_000 + 10,
        "currency_id": 1 if item.number % 9 else 2,
        "amount_currency": item.amount,
        "amount_residual_currency": item.left,
        "date": item.issued.isoformat(),
        "invoice_date": item.issued.isoformat(),
        "date_maturity": item.due.isoformat(),
        "discount_date": "2026-10-15" if item.has_discount else False,
        "discount_amount_currency": round(item.amount * 0.98, 2) if item.has_discount else 0.0,
        "parent_state": "posted",
        "reconciled": False,
    }


def _odoo_move(item: _Item) -> dict[str, Any]:
    return {
        "id": item.number,
        "invoice_origin": False if item.number % 4 else f"S{item.number:05}",
        "name": f"INV/2026/{item.number:06}",
        "payment_reference": f"INV/2026/{item.number:06}",
        "payment_state": "not_paid",
        "ref": False if item.number % 3 else f"PO-{item.number}",
    }


def _odoo(url: str) -> Connector:
    return OdooConnector(OdooSettings.model_validate(
        {"url": url, "database": "acme", "login": "bot", "key_variable": "KEY"}), _KEY)  # fmt: skip


# -- Business Central ----------------------------------------------------------------------------------------------


class CentralAnswers:
    """Sales invoices and credit memos of the standard API, in pages that name the next one."""

    page = _CENTRAL_ROWS

    def __init__(self, count: int) -> None:
        items = _items(count)
        self._rows: dict[str, list[list[dict[str, Any]]]] = {
            "salesInvoices": _parts([_invoice(each) for each in items if not each.is_credit], _CENTRAL_ROWS),
            "salesCreditMemos": _parts([_memo(each) for each in items if each.is_credit], _CENTRAL_ROWS),
        }
        self._ready: dict[tuple[str, int], bytes] = {}

    def answer(self, request: Request) -> bytes:
        path = request.path
        if path.endswith("/token"):
            return _bytes({"access_token": "token", "expires_in": 3_600, "token_type": "Bearer"})
        if path.endswith("/companies"):
            return _bytes({"value": [{"id": "c", "name": "Acme"}]})
        entities, number = path.rpartition("/")[2], int(request.query.get("page", "0"))
        if (entities, number) not in self._ready:
            parts = self._rows[entities] or [[]]
            more = {"@odata.nextLink": f"{request.url}{path}?page={number + 1}"} if number + 1 < len(parts) else {}
            counted = {"@odata.count": sum(map(len, parts)), "value": parts[number], **more}
            self._ready[entities, number] = _bytes(counted)
        return self._ready[entities, number]


def _guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def _document(item: _Item) -> dict[str, Any]:
    return {
        "@odata.etag": f'W/"JzE5OzEyMzQ1Njc4OTAxMjM0NTY3ODkwMTswMDsn{item.number}"',
        "id": _guid(item.number),
        "number": f"S-INV{item.number:06}",
        "postingDate": item.issued.isoformat(),
        "dueDate": item.due.isoformat(),
        "billToCustomerNumber": f"C{item.number % 4_000:05}",
        "customerNumber": f"C{item.number % 4_000:05}",
        "currencyCode": "EUR" if item.number % 9 else "USD",
        "totalAmountIncludingTax": abs(item.amount),
        "status": "Open",
        "lastModifiedDateTime": "2026-10-05T12:00:00.123Z",
    }


def _invoice(item: _Item) -> dict[str, Any]:
    order = "" if item.number % 3 else f"PO-{item.number}"
    return {**_document(item), "remainingAmount": item.left, "disputeStatus": "", "orderNumber": "",
            "invoiceDate": item.issued.isoformat(), "externalDocumentNumber": order,
            "customerPurchaseOrderReference": ""}  # fmt: skip


def _memo(item: _Item) -> dict[str, Any]:
    return {**_document(item), "creditMemoDate": item.issued.isoformat(), "externalDocumentNumber": ""}


def _central(url: str) -> Connector:
    settings = {"url": f"{url}/v2.0/tenant/production", "token_url": f"{url}/tenant/oauth2/v2.0/token",
                "client_id": "client", "secret_variable": "KEY", "company": "Acme", "currency": "EUR"}  # fmt: skip
    return BusinessCentralConnector(CentralSettings.model_validate(settings), _KEY)


# -- Exact Online --------------------------------------------------------------------------------------------------


class ExactAnswers:
    """Receivables of the bulk endpoint, a thousand rows a page."""

    page = _EXACT_ROWS

    def __init__(self, count: int) -> None:
        self._parts = _parts([_receivable(each) for each in _items(count)], _EXACT_ROWS)
        self._ready: dict[int, bytes] = {}

    def answer(self, request: Request) -> bytes:
        path = request.path
        if path.endswith("/token"):
            return _bytes({"access_token": "token", "refresh_token": "next", "expires_in": "600"})
        number = int(request.query.get("page", "0"))
        if number not in self._ready:
            more = {"__next": f"{request.url}{path}?page={number + 1}"} if number + 1 < len(self._parts) else {}
            self._ready[number] = _bytes({"d": {"results": self._parts[number], **more}})
        return self._ready[number]


def _receivable(item: _Item) -> dict[str, Any]:
    """A row as OData 2 writes it: dates as milliseconds."""
    order = None if item.number % 3 else f"PO-{item.number}"
    return {
        "__metadata": {"uri": f"https://start.exactonline.nl/Receivables(guid'{_guid(item.number)}')", "type": "Exact"},
        "ID": _guid(item.number),
        "Account": _guid(item.number % 4_000),
        "AmountFC": item.left,
        "AmountDiscountFC": round(item.amount * 0.02, 2) if item.has_discount else 0,
        "Currency": "EUR" if item.number % 9 else "USD",
        "DiscountDueDate": ticks_of(date(2026, 10, 15)) if item.has_discount else None,
        "DueDate": ticks_of(item.due),
        "EntryNumber": 26_000_000 + item.number,
        "GLAccount": _guid(1),
        "InvoiceDate": ticks_of(item.issued),
        "InvoiceNumber": item.number,
        "LastPaymentDate": None,
        "OrderNumber": None,
        "PaymentReference": None,
        "Status": 20,
        "TransactionAmountFC": item.amount,
        "TransactionID": _guid(item.number + 10_000_000),
        "TransactionType": 21 if item.is_credit else 20,
        "YourRef": order,
    }


def _exact(url: str) -> Connector:
    folder = Path(tempfile.mkdtemp(prefix="pull-"))
    settings = {"url": url, "division": 1, "client_id": "client", "secret_variable": "KEY",
                "refresh_token_variable": "KEY", "token_file": folder / "tokens.json"}  # fmt: skip
    return ExactConnector(ExactSettings.model_validate(settings), _KEY, Secret("first", name="TOKEN"))


# -- ERPNext -------------------------------------------------------------------------------------------------------


class ErpNextAnswers:
    """Sales invoices, the sums of the payment ledger, and the payment schedules of what grants a discount."""

    page = ERPNEXT_ROWS

    def __init__(self, count: int) -> None:
        items = _items(count)
        self._items = {f"SINV-{each.number:06}": each for each in items}
        names = list(self._items)
        self._after = {"": 0} | {name: place for place, name in enumerate(names, start=1)}
        self._invoices = [_sales_invoice(name, item) for name, item in self._items.items()]
        self._sums = [{"against_voucher_no": name, "total": item.left} for name, item in self._items.items()]
        self._ready: dict[str, bytes] = {}

    def answer(self, request: Request) -> bytes:
        asked = request.target + request.text
        if asked not in self._ready:
            values = json.loads(request.text) if request.text else request.query
            doctype = values.get("doctype") or request.path.rpartition("/")[2].replace("%20", " ")
            rows = self._rows(doctype, json.loads(values["filters"]), json.loads(values["fields"]))
            self._ready[asked] = _bytes({"message" if request.text else "data": rows})
        return self._ready[asked]

    def _rows(self, doctype: str, filters: list[Any], fields: list[Any]) -> list[dict[str, Any]]:
        if doctype == "Company":
            return [{"name": "Acme", "default_currency": "EUR"}]
        if fields == ["modified"]:
            return [{"modified": "2026-11-20 08:00:00.000000"}]
        said = {each[-3]: each[-1] for each in filters}
        if doctype == "Payment Ledger Entry":
            if said["against_voucher_type"] != "Sales Invoice":
                return []
            start = self._after[said.get("against_voucher_no", "")]
            return self._sums[start : start + SUM_ROWS]
        if doctype != "Sales Invoice":
            return []
        if "discount" in said:
            return [{"name": name} for name in said["name"] if self._items[name].has_discount]
        if fields[1].startswith("payment_schedule"):
            return [_schedule(name, self._items[name]) for name in said["name"]]
        start = self._after[said.get("name", "")]
        return self._invoices[start : start + ERPNEXT_ROWS]


def _sales_invoice(name: str, item: _Item) -> dict[str, Any]:
    currency = "EUR" if item.number % 9 else "USD"
    return {
        "name": name,
        "customer": f"Customer {item.number % 4_000}",
        "currency": currency,
        "party_account_currency": currency,
        "grand_total": item.amount,
        "rounded_total": item.amount,
        "base_grand_total": item.amount,
        "base_rounded_total": item.amount,
        "posting_date": item.issued.isoformat(),
        "due_date": item.due.isoformat(),
        "docstatus": 1,
        "debit_to": "1200 - Debtors - A",
        "payment_terms_template": "Skonto" if item.has_discount else None,
        "po_no": None if item.number % 3 else f"PO-{item.number}",
    }


def _schedule(name: str, item: _Item) -> dict[str, Any]:
    values = {"idx": 1, "payment_term": "Skonto", "due_date": item.due.isoformat(), "discount": 2.0,
              "discount_type": "Percentage", "discount_date": "2026-10-15", "payment_amount": item.amount,
              "base_payment_amount": item.amount, "outstanding": item.left, "base_outstanding": item.left}  # fmt: skip
    return {"name": name, **{f"term_{key}": value for key, value in values.items()}}


def _erpnext(url: str) -> Connector:
    settings = {"url": url, "company": "Acme", "key_variable": "KEY", "secret_variable": "KEY"}
    return ErpNextConnector(ErpNextSettings.model_validate(settings), _KEY, _KEY)


# -- all of them ---------------------------------------------------------------------------------------------------

ERPS = (
    Erp(name="Odoo", answers=OdooAnswers, connect=_odoo),
    Erp(name="ERPNext", answers=ErpNextAnswers, connect=_erpnext),
    Erp(name="Business Central", answers=CentralAnswers, connect=_central),
    Erp(name="Exact Online", answers=ExactAnswers, connect=_exact),
)
