"""One way to speak HTTP with an ERP: time-outs, careful retries, rate limits, sign-in, and a log without secrets.

A *read* is repeated when the ERP or the network fails. A *write* is repeated only when it is proven that the ERP never
saw it (no connection was made) or that it refused to look at it (too many requests). Every other failure of a write is
an AmbiguousOutcome: the caller looks before doing anything.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

import httpx

from integrations.erp.errors import (
    AmbiguousOutcome,
    AuthError,
    ErpError,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    Transient,
    ValidationFailed,
)
from integrations.erp.settings import Secret

# An ERP may retry inside for a minute or two before it answers; giving up earlier only makes outcomes ambiguous.
TIMEOUT = httpx.Timeout(connect=10, read=150, write=30, pool=30)
_MOST_ATTEMPTS = 5
_LONGEST_WAIT = 60
_LONGEST_LOGGED = 4_000

# The library logs headers as they are; what it says at these levels is not masked. Our own log is `Exchange`.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer as they may be logged: secrets masked, long bodies cut. ``status`` 0: no answer."""

    method: str
    url: str
    status: int
    request: str
    answer: str
    writing: bool


class SignIn(Protocol):
    """Puts the proof of who we are on a request, and gets a new one when it has run out."""

    def headers(self) -> Mapping[str, str]:
        """The headers to send now."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Called when the ERP refused these headers; True when there are new ones to try. Raises AuthError."""
        ...

    def secrets(self) -> Sequence[str]:
        """Everything that must never be seen."""
        ...


class FixedSignIn:
    """A key that does not change while we run; ``template`` is the header with ``{}`` for the secret."""

    def __init__(self, template: str, *secrets: Secret) -> None:
        self._value = template.format(*(secret.reveal() for secret in secrets))
        self._secrets = [secret.reveal() for secret in secrets]

    def headers(self) -> Mapping[str, str]:
        """The Authorization header."""
        return {"Authorization": self._value}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """There is no other key."""
        return False

    def secrets(self) -> Sequence[str]:
        """The key, alone and as it is sent."""
        return [*self._secrets, self._value]


class NoSignIn:
    """The ERP takes its secrets in the body, or needs none."""

    def __init__(self, *secrets: Secret) -> None:
        self._secrets = [secret.reveal() for secret in secrets]

    def headers(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """There is nothing to renew."""
        return False

    def secrets(self) -> Sequence[str]:
        """What stands in the bodies."""
        return self._secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with its decoded body; numbers with decimals are exact Decimals."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any


# Says what a refusal of this ERP means, or None to leave it to the status code. (status, body, writing).
Classify = Callable[[Reply, bool], ErpError | None]


class Http:
    """A connection to one ERP. Not for two threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        sign_in: SignIn,
        classify: Classify,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        settle_seconds: int = 0,
        pace: Callable[[Mapping[str, str]], int] | None = None,
    ) -> None:
        """``pace`` says, from the headers of an answer, how many seconds the next request has to wait."""
        self._client = httpx.Client(
            base_url=base_url.rstrip("/") + "/",
            headers={"User-Agent": "Lettrage", "Accept": "application/json", **(headers or {})},
            timeout=TIMEOUT,
            transport=transport,
            follow_redirects=False,
        )
        self.base_url = base_url.rstrip("/") + "/"
        self._sign_in = sign_in
        self._classify = classify
        self._log = log
        self._sleep = sleep
        self._settle_seconds = settle_seconds
        self._pace = pace
        self._pause = 0

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def read(self, method: str, path: str, **options: Any) -> Reply:
        """A request that changes nothing, repeated while the trouble is passing. Raises any ErpError but Ambiguous."""
        return self._send(method, path, writing=False, **options)

    def write(self, method: str, path: str, **options: Any) -> Reply:
        """A request that may change something; sent once, unless it is proven that it had no effect."""
        return self._send(method, path, writing=True, **options)

    def mask(self, text: str) -> str:
        """The text without any secret."""
        return masked(text, self._sign_in.secrets())

    def _send(self, method: str, path: str, *, writing: bool, **options: Any) -> Reply:
        renewed = False
        attempt = 0
        while True:
            attempt += 1
            sent = self._sign_in.headers()
            try:
                return self._once(method, path, sent, writing=writing, **options)
            except AuthError:
                if renewed or not self._sign_in.renew(sent):
                    raise
                renewed = True
            except RateLimited as error:
                wait = error.retry_after if error.retry_after is not None else 2**attempt
                if error.scope == "day" or wait > _LONGEST_WAIT or attempt >= _MOST_ATTEMPTS:
                    raise
                self._sleep(wait)
            except Transient:
                if attempt >= _MOST_ATTEMPTS:
                    raise
                self._sleep(2 ** (attempt - 1) / 4)

    def _once(self, method: str, path: str, sent: Mapping[str, str], *, writing: bool, **options: Any) -> Reply:
        headers = {**options.pop("headers", {}), **sent}
        if "json" in options:
            options["content"] = dumps(options.pop("json"))
            headers["Content-Type"] = "application/json"
        request = self._client.build_request(method, path, headers=headers, **options)
        if self._pause:
            self._sleep(self._pause)
            self._pause = 0
        try:
            response = self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            self._note(request, None, writing=writing)
            message = f"{request.url.host} cannot be reached ({type(error).__name__}); nothing was sent"
            raise Transient(message) from None
        except httpx.TransportError as error:
            self._note(request, None, writing=writing)
            raise self._broken(request, type(error).__name__, writing=writing) from None
        self._note(request, response, writing=writing)
        if self._pace is not None and response.status_code != 429:
            self._pause = self._pace(response.headers)
        reply = _decoded(response)
        error_found = self._error(request, reply, writing=writing)
        if error_found is not None:
            raise error_found
        if reply.body is _UNREADABLE:
            if writing:
                raise self._broken(request, "an answer that cannot be read", writing=True)
            message = f"{request.url.host} answered {request.method} {request.url.path} with something that is no JSON"
            raise ProtocolError(message)
        return reply

    def _broken(self, request: httpx.Request, what: str, *, writing: bool) -> ErpError:
        place = f"{request.method} {request.url.path} on {request.url.host}"
        if writing:
            message = f"{place}: {what} after it was sent; look whether it was done before going on"
            return AmbiguousOutcome(message, settle_seconds=self._settle_seconds)
        return Transient(f"{place}: {what}; nothing was changed, try again")

    def _error(self, request: httpx.Request, reply: Reply, *, writing: bool) -> ErpError | None:
        found = self._classify(reply, writing)
        if found is not None:
            found.args = tuple(self.mask(str(each)) for each in found.args)
            return found
        if reply.status < 400:
            return None
        return self._by_status(request, reply, writing=writing)

    def _by_status(self, request: httpx.Request, reply: Reply, *, writing: bool) -> ErpError:
        place = f"{request.method} {request.url.path} on {request.url.host}"
        said = self.mask(" ".join(reply.text.split())[:200])
        if reply.status == 401:
            return AuthError(f"{request.url.host} does not accept our sign-in; renew the key and try again")
        if reply.status == 403:
            return PermissionDenied(f"{place} is not allowed for our user; give it the right: {said}")
        if reply.status == 429:
            return rate_limited(reply)
        if reply.status >= 500 or reply.status == 408:
            return self._broken(request, f"status {reply.status}", writing=writing)
        return ValidationFailed(f"{place} was refused with status {reply.status}: {said}", code=str(reply.status))

    def _note(self, request: httpx.Request, response: httpx.Response | None, *, writing: bool) -> None:
        if self._log is None:
            return
        body = request.content.decode("utf-8", "replace")
        answer = response.text if response is not None else ""
        self._log(
            Exchange(
                method=request.method,
                url=self.mask(str(request.url)),
                status=response.status_code if response is not None else 0,
                request=self.mask(body)[:_LONGEST_LOGGED],
                answer=self.mask(answer)[:_LONGEST_LOGGED],
                writing=writing,
            )
        )


_UNREADABLE = object()


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, as they are, as JSON writes them and as an address writes them.

    >>> masked('{"key": "a/b"} ?key=a%2Fb', ["a/b"])
    '{"key": "***"} ?key=***'
    """
    for secret in sorted({each for each in secrets if each}, key=len, reverse=True):
        for written in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(written, "***")
    return text


def seconds_to_wait(headers: Mapping[str, str]) -> int | None:
    """What "Retry-After" asks for: seconds, or a moment seen from the server's own clock; None when it says nothing.

    Source: RFC 9110, 10.2.3.

    >>> seconds_to_wait({"retry-after": "7"}), seconds_to_wait({})
    (7, None)
    >>> seconds_to_wait({"retry-after": "Fri, 20 Nov 2026 09:01:00 GMT", "date": "Fri, 20 Nov 2026 09:00:15 GMT"})
    45
    """
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return int(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return max(0, int((until - now).total_seconds()))


def rate_limited(reply: Reply, *, scope_day: bool = False) -> RateLimited:
    """The error for "too many requests", with the wait the ERP asks for where it says it."""
    wait = seconds_to_wait(reply.headers)
    day = scope_day or (wait is not None and wait > 3_600)
    hint = "the day's limit is used up; go on tomorrow" if day else "wait and try again"
    return RateLimited(f"the ERP says: too many requests; {hint}", retry_after=wait, scope="day" if day else "minute")


def loads(text: str) -> Any:
    """JSON with exact decimals.

    >>> loads('{"owed": 119.10, "open": 119.10, "rows": 3}')
    {'owed': Decimal('119.10'), 'open': Decimal('119.10'), 'rows': 3}
    """
    return json.loads(text, parse_float=_Decimals().__getitem__)


class _Decimals(dict[str, Decimal]):
    """Each number of one answer made once: what is owed and what is open are mostly the same, and much is 0.0."""

    def __missing__(self, digits: str) -> Decimal:
        self[digits] = made = Decimal(digits)
        return made


def dumps(value: Any) -> str:
    """JSON in which a Decimal is a number with exactly its digits.

    >>> dumps({"paid": Decimal("119.10"), "rows": [None, True, "ü"]})
    '{"paid": 119.10, "rows": [null, true, "ü"]}'
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        # There is a Decimal somewhere inside, which the standard library would refuse or make a binary number of.
        pass
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{dumps(str(key))}: {dumps(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(dumps(each) for each in value) + "]"
    message = f"{type(value).__name__} cannot be sent as JSON"
    raise TypeError(message)


def _decoded(response: httpx.Response) -> Reply:
    text = response.text
    body: Any = None
    if text.strip():
        try:
            body = loads(text)
        except ValueError:
            body = _UNREADABLE
    return Reply(status=response.status_code, headers=response.headers, text=text, body=body)
