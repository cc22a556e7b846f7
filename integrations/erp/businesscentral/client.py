"""Calling the Business Central API, with its errors said by what to do next.

Source: Microsoft's API reference v2.0 (error codes, operational limits). Errors are
``{"error": {"code", "message"}}``; texts are asked for in English, but only codes are relied on where there are any.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from integrations.erp.businesscentral.config import Settings
from integrations.erp.errors import (
    AlreadyExists,
    AuthError,
    ConfigError,
    ErpError,
    PermissionDenied,
    ProtocolError,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.http import Exchange, Http, Reply, rate_limited
from integrations.erp.http_tokens import ClientCredentials, TokenServer
from integrations.erp.odata import DataPage, Row, all_pages, entity_tag, pages
from integrations.erp.settings import Secret

STANDARD = "v2.0"
# An operation is given up by the service after eight minutes; a look before that proves nothing in theory. In practice
# a line is inserted in a second: what a lost answer leaves behind is looked for after this many.
SETTLE_SECONDS = 20
_CONDITIONS = 20
_CHANGED = {"Request_EntityChanged", "Internal_EntityChanged"}
_THERE_ALREADY = {"Internal_EntityWithSameKeyExists"}
_NOT_THERE = {"BadRequest_ResourceNotFound", "Internal_RecordNotFound", "BadRequest_NotFound"}


class NotThereError(ProtocolError):
    """The record asked for does not exist."""


class LockedOnServer(ValidationFailed):
    """The posting date is outside the range in which posting is allowed."""


class NothingToPost(ValidationFailed):
    """The journal is empty: somebody else has posted it."""


class BusinessCentralClient:
    """A connection to one company of one environment."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        options: dict[str, Any] = {"transport": transport, "log": log}
        if sleep is not None:
            options["sleep"] = sleep
        self._tokens = TokenServer(str(settings.token_url), **options)
        sign_in = ClientCredentials(self._tokens, client_id=settings.client_id, secret=secret, scope=settings.scope)
        self._http = Http(
            f"{str(settings.url).rstrip('/')}/api",
            sign_in=sign_in,
            classify=classify,
            headers={"Prefer": f"odata.maxpagesize={settings.page_rows}", "Accept-Language": "en-US"},
            settle_seconds=SETTLE_SECONDS,
            **options,
        )
        self._company = settings.company
        self._company_id = ""

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()
        self._tokens.close()

    @property
    def company_id(self) -> str:
        """The company's id. Raises ConfigError when there is none of that name."""
        if not self._company_id:
            query = {"$select": "id,name"}
            rows = [row for page in pages(self._http, f"{STANDARD}/companies", query, 4) for row in page.rows]
            found = next((row for row in rows if row.get("name") == self._company), None)
            if found is None:
                known = ", ".join(str(row.get("name")) for row in rows) or "none that our application may see"
                message = f"there is no company {self._company!r} in Business Central; there are: {known}"
                raise ConfigError(message)
            self._company_id = str(found["id"])
        return self._company_id

    def pages(self, entities: str, *, api: str = STANDARD, complete: bool = False, **query: str) -> Iterator[DataPage]:
        """A collection page by page; query options without their dollar sign. ``complete``: a cut list is refused."""
        asked = {f"${name}": value for name, value in query.items() if value}
        return (all_pages if complete else pages)(self._http, self._path(entities, api), asked, 4)

    def rows(self, entities: str, *, api: str = STANDARD, **query: str) -> Iterator[Row]:
        """A collection row by row."""
        for page in self.pages(entities, api=api, complete=False, **query):
            yield from page.rows

    def rows_where(
        self, entities: str, conditions: Sequence[str], *, api: str = STANDARD, **query: str
    ) -> Iterator[Row]:
        """The rows that meet one of many conditions, some of them at a time so that addresses stay short."""
        for start in range(0, len(conditions), _CONDITIONS):
            some = " or ".join(conditions[start : start + _CONDITIONS])
            yield from self.rows(entities, api=api, filter=some, **query)

    def record(self, entities: str, record_id: str, *, select: str = "") -> Row | None:
        """One record, or None when there is none."""
        params = {"$select": select} if select else {}
        try:
            body = self._http.read("GET", f"{self._path(entities)}({record_id})", params=params).body
        except NotThereError:
            return None
        return body if isinstance(body, dict) else None

    def create(self, entities: str, values: Mapping[str, Any]) -> Row:
        """Insert a record; raises AlreadyExists when its key is taken."""
        body = self._http.write("POST", self._path(entities), json=dict(values)).body
        return body if isinstance(body, dict) else {}

    def change(self, entities: str, row: Row, values: Mapping[str, Any]) -> None:
        """Change a record as it was read; raises VersionMismatch when somebody else changed it since."""
        headers = {"If-Match": entity_tag(row)}
        self._http.write("PATCH", f"{self._path(entities)}({row['id']})", json=dict(values), headers=headers)

    def remove(self, entities: str, row: Row) -> None:
        """Delete a record as it was read; what is gone already is well. Raises VersionMismatch."""
        try:
            path = f"{self._path(entities)}({row['id']})"
            self._http.write("DELETE", path, headers={"If-Match": entity_tag(row)})
        except NotThereError:
            return

    def upload(self, entities: str, record_id: str, stream: str, content: bytes) -> None:
        """Put the content of a stream property in place."""
        headers = {"If-Match": "*", "Content-Type": "application/octet-stream"}
        path = f"{self._path(entities)}({record_id})/{stream}"
        self._http.write("PATCH", path, content=content, headers=headers)

    def post_journal(self, journal_id: str) -> None:
        """Post every line of a journal; the service answers 204 without a body."""
        self._http.write("POST", f"{self._path('journals')}({journal_id})/Microsoft.NAV.post")

    def _path(self, entities: str, api: str = STANDARD) -> str:
        return f"{api}/companies({self.company_id})/{entities}"


def classify(reply: Reply, _writing: bool) -> ErpError | None:  # noqa: FBT001  -- the shape that Http asks for
    """What a refusal of Business Central means; time-outs and failures of the service are told by their status."""
    if reply.status < 400 or reply.status == 408 or reply.status >= 500:
        return None
    if reply.status == 429:
        return rate_limited(reply)
    code, said = _said(reply.body)
    for meets, error in _MEANING:
        if meets(reply.status, code):
            return error(said)
    return _refused(code, said)


# In this order: whether it is meant, and what it is.
_MEANING: tuple[tuple[Callable[[int, str], bool], Callable[[str], ErpError]], ...] = (
    (
        lambda status, code: status == 401 or code.startswith("Authentication_"),
        lambda _: AuthError("Business Central does not accept our token; check client_id, its secret and the tenant"),
    ),
    (
        lambda status, code: status == 403 or code.startswith("Authorization_"),
        lambda said: PermissionDenied(f"our application lacks a permission in Business Central: {said}"),
    ),
    (
        lambda status, code: status == 412 or code in _CHANGED,
        lambda said: VersionMismatch(f"somebody changed the record in Business Central meanwhile: {said}"),
    ),
    (
        lambda _, code: code in _THERE_ALREADY,
        lambda said: AlreadyExists(f"Business Central holds this already: {said}", key=""),
    ),
    (
        lambda status, code: status == 404 or code in _NOT_THERE,
        lambda said: NotThereError(f"Business Central has no such record or page: {said}"),
    ),
)


def _refused(code: str, said: str) -> ErpError:
    """A business rule; where only the text tells it apart, the books are read first and this is the second look."""
    lowered = said.lower()
    if "range of allowed posting dates" in lowered or "within the allowed posting" in lowered:
        return LockedOnServer(said, code=code)
    if "nothing to post" in lowered:
        return NothingToPost(said, code=code)
    return ValidationFailed(f"Business Central refuses: {said}", code=code)


def _said(body: Any) -> tuple[str, str]:
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return "", "it gave no reason"
    text = str(found.get("message") or "").partition("CorrelationId:")[0]
    return str(found.get("code") or ""), " ".join(text.split())[:300]
