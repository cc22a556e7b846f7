"""Calling the Exact Online REST API (OData 2), with its errors and limits said by what to do next.

Limits per app and division: so many calls a minute (usually 60) and a day (5,000), told in headers; the reset moments
are milliseconds since 1970 by the server's clock. Refused requests count as errors, and ten of them in an hour on one
endpoint block the app: nothing is asked for that may not exist, and nothing refused is sent again.
"""

from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from integrations.erp.errors import AuthError, ErpError, PermissionDenied, RateLimited, ValidationFailed
from integrations.erp.exact.config import Settings
from integrations.erp.http import Exchange, Http, Reply, rate_limited
from integrations.erp.http_tokens import RotatingTokens, TokenServer
from integrations.erp.odata import DataPage, Row, pages
from integrations.erp.settings import Secret

# Exact counts a renewal before 570 seconds as an error.
YOUNGEST_TOKEN = 570
SETTLE_SECONDS = 10
_MINUTE, _DAY = "x-ratelimit-minutely-", "x-ratelimit-"


class RefusedOnServer(ValidationFailed):
    """Exact answered 500 with a reason: usually a rule, but not surely without effect. The caller looks first."""


class ExactClient:
    """A connection to one division."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret,
        first_token: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        options: dict[str, Any] = {"transport": transport, "log": log}
        if sleep is not None:
            options["sleep"] = sleep
        base = str(settings.url).rstrip("/")
        self._tokens = TokenServer(f"{base}/api/oauth2/token", **options)
        sign_in = RotatingTokens(
            self._tokens,
            client_id=settings.client_id,
            secret=secret,
            first=first_token,
            file=settings.token_file,
            youngest=YOUNGEST_TOKEN,
        )
        self._http = Http(
            f"{base}/api/v1/{settings.division}",
            sign_in=sign_in,
            classify=classify,
            settle_seconds=SETTLE_SECONDS,
            pace=seconds_until_next_minute,
            **options,
        )

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()
        self._tokens.close()

    def pages(self, resource: str, **query: str) -> Iterator[DataPage]:
        """A collection page by page; query options without their dollar sign."""
        return pages(self._http, resource, {f"${name}": value for name, value in query.items() if value}, 2)

    def rows(self, resource: str, **query: str) -> Iterator[Row]:
        """A collection row by row."""
        for page in self.pages(resource, **query):
            yield from page.rows

    def create(self, resource: str, values: Mapping[str, Any]) -> None:
        """Insert a record with its lines: one transaction."""
        self._http.write("POST", resource, json=dict(values))

    def remove(self, resource: str, record_id: str) -> None:
        """Delete a record with its lines."""
        self._http.write("DELETE", f"{resource}(guid'{record_id}')")


def classify(reply: Reply, writing: bool) -> ErpError | None:  # noqa: FBT001  -- the shape that Http asks for
    """What a refusal of Exact Online means."""
    if reply.status < 400:
        return None
    if reply.status == 429:
        return _limit(reply)
    said = _said(reply)
    meanings: dict[int, tuple[type[ErpError], str]] = {
        401: (AuthError, f"Exact Online does not accept our token; authorise Lettrage again if this stays: {said}"),
        403: (PermissionDenied, f"our Exact Online user lacks a right or a module for this: {said}"),
    }
    if reply.status in meanings:
        error, message = meanings[reply.status]
        return error(message)
    if reply.status == 500 and said and writing:
        return RefusedOnServer(f"Exact Online refuses: {said}", code="500")
    plain = reply.status < 500 and reply.status != 408
    return ValidationFailed(f"Exact Online refuses: {said or reply.status}", code=str(reply.status)) if plain else None


def _limit(reply: Reply) -> RateLimited:
    """Which limit was hit: an answer names only the one that was; without any, a minute is waited."""
    headers = reply.headers
    if headers.get(f"{_MINUTE}remaining") == "0":
        return RateLimited("the calls of this minute are used up", retry_after=_until(headers, _MINUTE), scope="minute")
    if headers.get(f"{_DAY}remaining") == "0":
        message = "the day's calls to Exact Online are used up; go on after midnight"
        return RateLimited(message, retry_after=_until(headers, _DAY), scope="day")
    found = rate_limited(reply)
    if found.retry_after is None:
        found.retry_after = 60
    return found


def seconds_until_next_minute(headers: Mapping[str, str]) -> int:
    """How long the next call waits so that it is not refused: nothing, or until the minute's calls are new.

    >>> seconds_until_next_minute({"x-ratelimit-minutely-remaining": "12"})
    0
    >>> seconds_until_next_minute({
    ...     "x-ratelimit-minutely-remaining": "0", "x-ratelimit-minutely-reset": "1795165219000",
    ...     "date": "Fri, 20 Nov 2026 09:00:00 GMT"})
    20
    """
    return _until(headers, _MINUTE) if headers.get(f"{_MINUTE}remaining") == "0" else 0


def _until(headers: Mapping[str, str], window: str) -> int:
    """Seconds from the server's now to the reset of a window, and one for rounding; a minute when it is not told."""
    reset = headers.get(f"{window}reset", "")
    try:
        now = int(parsedate_to_datetime(headers.get("date", "")).timestamp())
    except ValueError:
        return 60
    return max(1, int(reset) // 1000 - now + 1) if reset.isdigit() else 60


def _said(reply: Reply) -> str:
    """The text for people: error.message.value, and the header Reason."""
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    told = error.get("message") if isinstance(error, dict) else None
    text = str(told.get("value") if isinstance(told, dict) else told or "")
    reason = reply.headers.get("reason", "")
    return " ".join(f"{text} {f'({reason})' if reason else ''}".split())[:300]
