"""Calling Frappe's REST interface, with its errors said by what to do next.

Frappe answers 417 for business rules, stale documents and duplicates alike; only ``exc_type`` tells them apart. Such
an answer means that the transaction was rolled back.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from integrations.erp.erpnext.config import Settings
from integrations.erp.errors import (
    AlreadyExists,
    AuthError,
    ConfigError,
    Conflict,
    ErpError,
    PermissionDenied,
    ProtocolError,
    Transient,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.http import Exchange, FixedSignIn, Http, Reply, dumps, rate_limited
from integrations.erp.settings import Secret

PAGE_ROWS = 1_000
# Sums come without documents around them, so more of them fit into one answer.
SUM_ROWS = 20_000
# Servers in front of ERPNext refuse long addresses (gunicorn: 4,094 characters, measured); such questions are posted.
LONGEST_QUERY = 2_500
# A request that timed out may still be at work; a look before this many seconds proves nothing (measured: 1.5).
SETTLE_SECONDS = 10


class StaleOnServer(Conflict):
    """ERPNext says that an invoice was paid or cancelled meanwhile; which one is found by reading again."""


class BadLinkError(ValidationFailed):
    """Something that the document names does not exist in ERPNext: an item, or a part of the mapping."""


class LockedOnServer(ValidationFailed):
    """ERPNext says that the books are closed on the posting date."""


_MEANING: dict[str, tuple[type[ErpError], str]] = {
    "AuthenticationError": (AuthError, "ERPNext does not accept our API key and secret; make new ones"),
    "PermissionError": (PermissionDenied, "our ERPNext user lacks a right: {said}"),
    "TimestampMismatchError": (VersionMismatch, "someone changed the document in ERPNext meanwhile: {said}"),
    "DocumentLockedError": (Transient, "the document is locked in ERPNext at the moment; try again"),
    "QueryTimeoutError": (Transient, "ERPNext's database was too busy and changed nothing; try again"),
    "SessionStopped": (Transient, "ERPNext is in maintenance; try again later"),
    "CancelledLinkError": (StaleOnServer, "{said}"),
    "ClosedAccountingPeriod": (LockedOnServer, "{said}"),
    "FiscalYearError": (LockedOnServer, "{said}"),
    "DataError": (ConfigError, "ERPNext does not know a field we ask for: {said}"),
}
_STALE = (
    "cannot be greater than outstanding",
    "is greater than outstanding amount",
    "already been fully paid",
    "already been partly paid",
    "cannot allocate more than",
)
_FROZEN = ("not authorized to add or update entries before",)


class ErpNextClient:
    """A connection to one site."""

    def __init__(
        self,
        settings: Settings,
        key: Secret,
        secret: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        options: dict[str, Any] = {"transport": transport, "log": log, "settle_seconds": SETTLE_SECONDS}
        if sleep is not None:
            options["sleep"] = sleep
        sign_in = FixedSignIn("token {}:{}", key, secret)
        # What ERPNext says is told apart by its text in places; without this header it speaks the site's language.
        headers = {"Accept-Language": "en"}
        self._http = Http(str(settings.url), sign_in=sign_in, classify=classify, headers=headers, **options)
        self._sums_as_text = True

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()

    def rows(
        self, doctype: str, filters: Sequence[Any], fields: Sequence[Any], *, limit: int = 0, **more: Any
    ) -> list[dict[str, Any]]:
        """One page of documents; ``limit`` 0 is all of them. Frappe's own default of 20 is never relied on."""
        params: dict[str, Any] = {"limit_start": 0, "limit_page_length": limit, **more}
        sent = {"filters": dumps(list(filters)), "fields": dumps(list(fields))}
        if sum(map(len, sent.values())) > LONGEST_QUERY:
            found = self.method("frappe.client.get_list", writing=False, doctype=doctype, **sent, **params)
        else:
            found = self._body(self._http.read("GET", f"api/resource/{doctype}", params={**sent, **params})).get("data")
        if not isinstance(found, list):
            message = f"ERPNext answered the list of {doctype} with something that is no list"
            raise ProtocolError(message)
        return found

    def sums(self, doctype: str, filters: Sequence[Any], by: str, amount: str) -> Iterator[tuple[str, Any]]:
        """The sum of an amount field per value of another, in the order of that value."""
        after = ""
        while True:
            keyset = [[by, ">", after]] if after else []
            rows = self._summed(doctype, [*filters, *keyset], by, amount)
            yield from ((row[by], row["total"]) for row in rows)
            if len(rows) < SUM_ROWS:
                return
            after = rows[-1][by]

    def _summed(self, doctype: str, filters: Sequence[Any], by: str, amount: str) -> list[dict[str, Any]]:
        """Version 16 refuses functions written as text, version 15 knows no other way."""
        more: dict[str, Any] = {"limit": SUM_ROWS, "group_by": by, "order_by": f"{by} asc"}
        if self._sums_as_text:
            try:
                return self.rows(doctype, filters, [by, f"sum({amount}) as total"], **more)
            except (ValidationFailed, ConfigError):
                self._sums_as_text = False
        return self.rows(doctype, filters, [by, {"SUM": amount, "as": "total"}], **more)

    def pages(
        self, doctype: str, filters: Sequence[Any], fields: Sequence[str]
    ) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """All documents by name, a page at a time, with whether it is the last."""
        after = ""
        while True:
            keyset = [[doctype, "name", ">", after]] if after else []
            rows = self.rows(doctype, [*filters, *keyset], fields, limit=PAGE_ROWS, order_by="name asc")
            last = len(rows) < PAGE_ROWS
            yield rows, last
            if last:
                return
            after = rows[-1]["name"]

    def document(self, doctype: str, name: str) -> dict[str, Any] | None:
        """One document whole, or None when there is none."""
        try:
            found = self._body(self._http.read("GET", f"api/resource/{doctype}/{name}")).get("data")
        except NotThereError:
            return None
        return found if isinstance(found, dict) else None

    def insert(self, doctype: str, values: dict[str, Any]) -> dict[str, Any]:
        """Insert a document, submitted at once when ``docstatus`` is 1: one transaction."""
        return dict(self._body(self._http.write("POST", f"api/resource/{doctype}", json=values)).get("data") or {})

    def method(self, name: str, /, *, writing: bool, **values: Any) -> Any:
        """Call a whitelisted method."""
        return self.call(name, writing=writing, **values).get("message")

    def call(self, name: str, /, *, writing: bool, **values: Any) -> dict[str, Any]:
        """The same with the whole answer, for the methods that answer beside ``message``."""
        send = self._http.write if writing else self._http.read
        return self._body(send("POST", f"api/method/{name}", json=values))

    def today(self) -> date | None:
        """The day by the server's own clock (UTC), as its answers are dated."""
        reply = self._http.read("GET", "api/method/frappe.auth.get_logged_user")
        try:
            return parsedate_to_datetime(reply.headers.get("date", "")).date()
        except ValueError:
            return None

    def _body(self, reply: Reply) -> dict[str, Any]:
        if not isinstance(reply.body, dict):
            message = "the server did not answer as ERPNext does; check the url"
            raise ProtocolError(message)
        return reply.body


class NotThereError(ProtocolError):
    """The document asked for does not exist."""


def classify(reply: Reply, _writing: bool) -> ErpError | None:  # noqa: FBT001  -- the shape that Http asks for
    """What a refusal of Frappe means."""
    if reply.status < 400 or not isinstance(reply.body, dict):
        return None
    if reply.status == 429:
        return rate_limited(reply)
    kind = str(reply.body.get("exc_type") or "")
    said = _said(reply.body)
    if reply.status == 404 or kind == "DoesNotExistError":
        return NotThereError(f"ERPNext has no such document or doctype: {said}")
    if kind in _MEANING:
        error, message = _MEANING[kind]
        return error(message.format(said=said))
    return _refused(kind, said) if reply.status in {409, 417} else None


def _refused(kind: str, said: str) -> ErpError:
    """A business rule; the texts are English only where the user's language is, so callers read again as well."""
    lowered = said.lower()
    if kind in {"DuplicateEntryError", "UniqueValidationError"}:
        return AlreadyExists(f"ERPNext holds this already: {said}", key="")
    if kind == "LinkValidationError":
        return BadLinkError(f"ERPNext does not know what is named: {said}; correct the mapping", code=kind)
    if any(text in lowered for text in _STALE):
        return StaleOnServer(said)
    if any(text in lowered for text in _FROZEN):
        return LockedOnServer(said, code="frozen")
    return ValidationFailed(f"ERPNext refuses: {said}", code=kind)


def _said(body: dict[str, Any]) -> str:
    """The text for people: JSON in JSON, with tags."""
    texts = []
    try:
        texts = [json.loads(each).get("message", "") for each in json.loads(body.get("_server_messages") or "[]")]
    except (ValueError, AttributeError, TypeError):
        texts = []
    text = " ".join(str(each) for each in texts) or str(body.get("exception") or body.get("message") or "")
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())[:300]
