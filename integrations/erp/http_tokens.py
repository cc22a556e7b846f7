"""Signing in with tokens that run out: fetched with a secret, or renewed with a token that is itself used up by it.

A renewal is logged without its bodies, which are nothing but secrets. The clock is an argument, so that a test can
let a token run out.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from integrations.erp.errors import AuthError, ErpError, ProtocolError, Transient
from integrations.erp.files import locked, replace_whole
from integrations.erp.http import TIMEOUT, Exchange, masked, seconds_to_wait
from integrations.erp.settings import Secret

# A token that runs out within this many seconds is not used any more: the request takes time as well.
_SPARE_SECONDS = 30
_ATTEMPTS = 4
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the sign-in server gave. ``obtained_at`` in seconds since 1970 by our clock; ``lifetime`` in seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False, default="")
    obtained_at: int
    lifetime: int

    def usable(self, now: float) -> bool:
        """Whether a request may still be sent with it."""
        return bool(self.access) and now < self.obtained_at + self.lifetime - _SPARE_SECONDS


class TokenRefusedError(AuthError):
    """The sign-in server does not give a token for what we have. ``code`` is its own word, such as invalid_grant."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class TokenServer:
    """The place where tokens are asked for."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        clock: Clock = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._client = httpx.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False)
        self._log = log
        self._clock = clock
        self._sleep = sleep

    @property
    def now(self) -> float:
        """Seconds since 1970 by our clock."""
        return self._clock()

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def ask(self, form: Mapping[str, str], *, again: bool) -> Tokens:
        """Tokens for this form. ``again``: asking twice harms nothing, so what is lost on the way is asked for again.

        Raises TokenRefusedError, Transient (unreachable, or busy), ProtocolError.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(form)
            except _UnsentError as error:
                if attempt == _ATTEMPTS:
                    raise Transient(str(error)) from None
            except Transient:
                if not again or attempt == _ATTEMPTS:
                    raise
            self._sleep(2 ** (attempt - 1) / 4)
        raise AssertionError

    def _once(self, form: Mapping[str, str]) -> Tokens:
        host = httpx.URL(self._url).host
        status = 0
        try:
            reply = self._client.post(self._url, data=dict(form), headers={"Accept": "application/json"})
            status = reply.status_code
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            message = f"the sign-in server {host} cannot be reached ({type(error).__name__}); try again later"
            raise _UnsentError(message) from None
        except httpx.TransportError as error:
            message = f"the sign-in server {host} did not answer ({type(error).__name__}); try again later"
            raise Transient(message) from None
        finally:
            self._note(status)
        return self._read(reply, host, form.values())

    def _read(self, reply: httpx.Response, host: str, secrets: Any) -> Tokens:
        if reply.status_code == 429 or reply.status_code >= 500:
            wait = seconds_to_wait(reply.headers)
            hint = f" after {wait} seconds" if wait else " later"
            message = f"the sign-in server {host} is busy (status {reply.status_code}); try again{hint}"
            raise Transient(message)
        try:
            body = reply.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            message = f"the sign-in server {host} answered with something that is no JSON; check token_url"
            raise ProtocolError(message)
        if reply.status_code >= 400 or "access_token" not in body:
            code = str(body.get("error") or reply.status_code)
            said = masked(str(body.get("error_description") or code), secrets)[:200]
            message = f"the sign-in server {host} gives no token: {said}"
            raise TokenRefusedError(message, code=code)
        return Tokens(
            access=str(body["access_token"]),
            refresh=str(body.get("refresh_token") or ""),
            obtained_at=int(self.now),
            lifetime=int(body.get("expires_in") or 600),
        )

    def _note(self, status: int) -> None:
        if self._log is not None:
            told = Exchange(method="POST", url=self._url, status=status, request="***", answer="***", writing=False)
            self._log(told)


class _UnsentError(ErpError):
    """No connection was made, so nothing was used up."""


class ClientCredentials:
    """A token for a program of its own right, fetched anew when it runs out.

    Source: RFC 6749, 4.4 (client credentials grant).
    """

    def __init__(self, server: TokenServer, *, client_id: str, secret: Secret, scope: str) -> None:
        self._server = server
        self._client_id = client_id
        self._secret = secret
        self._scope = scope
        self._tokens = Tokens(access="", obtained_at=0, lifetime=0)
        self._seen: set[str] = set()

    def headers(self) -> Mapping[str, str]:
        """The Authorization header, with a token that still lives. Raises AuthError, Transient."""
        if not self._tokens.usable(self._server.now):
            self._fetch()
        return {"Authorization": f"Bearer {self._tokens.access}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Fetch another token after the ERP refused this one."""
        self._fetch()
        return True

    def secrets(self) -> Sequence[str]:
        """The client's secret and every token that was in use."""
        return [self._secret.reveal(), *self._seen]

    def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret.reveal(),
            "scope": self._scope,
        }
        self._tokens = self._server.ask(form, again=True)
        self._seen.add(self._tokens.access)


class RotatingTokens:
    """A refresh token that is used up by every renewal, kept in a file by one writer at a time.

    The new token is on disk before it is used: a token that only lived in memory would be lost with the process, and
    a person would have to authorise again. Two processes share the file: whoever comes second finds what the first one
    fetched. The environment holds the first token, from the authorisation by a person; a new one there replaces the
    file. Source: RFC 6749, 6 (refreshing), with rotation as in RFC 6819, 5.2.2.3.
    """

    def __init__(
        self, server: TokenServer, *, client_id: str, secret: Secret, first: Secret, file: Path, youngest: int
    ) -> None:
        """``youngest``: a token is not renewed before it has this many seconds; the server counts that as an error."""
        self._server = server
        self._client_id = client_id
        self._secret = secret
        self._first = first
        self._file = file
        self._youngest = youngest
        self._tokens: Tokens | None = None
        self._seen: set[str] = set()

    def headers(self) -> Mapping[str, str]:
        """The Authorization header, with a token that still lives. Raises AuthError, Transient."""
        if self._tokens is None or not self._tokens.usable(self._server.now):
            self._tokens = self._current()
        return {"Authorization": f"Bearer {self._tokens.access}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """What to do when the ERP refuses a token that should live: take a newer one, else fetch one if it is time."""
        before = self._tokens.access if self._tokens else ""
        self._tokens = self._current(refused=before)
        return self._tokens.access != before

    def secrets(self) -> Sequence[str]:
        """The client's secret, the first token, and every token that was in use."""
        return [self._secret.reveal(), self._first.reveal(), *self._seen]

    def _current(self, refused: str = "") -> Tokens:
        with locked(self._file.with_name(f"{self._file.name}.lock")):
            held = self._read()
            now = self._server.now
            if held.usable(now) and held.access != refused:
                return self._remember(held)
            if held.access and now < held.obtained_at + self._youngest:
                return self._remember(held)
            return self._renewed(held)

    def _renewed(self, held: Tokens) -> Tokens:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": held.refresh,
            "client_id": self._client_id,
            "client_secret": self._secret.reveal(),
        }
        try:
            fresh = self._server.ask(form, again=False)
        except TokenRefusedError as error:
            message = (
                f"the refresh token in {self._file} is not accepted any more ({error.code}): it was used elsewhere, or "
                "a renewal was cut off, or it is too old. Let a person authorise Lettrage again and put the new "
                f"refresh token into {self._first.name}; it replaces the one in the file"
            )
            raise AuthError(message) from None
        if not fresh.refresh:
            fresh = Tokens(
                access=fresh.access, refresh=held.refresh, obtained_at=fresh.obtained_at, lifetime=fresh.lifetime
            )
        self._write(fresh)
        return self._remember(fresh)

    def _remember(self, tokens: Tokens) -> Tokens:
        self._seen.update(each for each in (tokens.access, tokens.refresh) if each)
        return tokens

    def _read(self) -> Tokens:
        """What the file holds; the first token where there is no file, or the environment has a new first token."""
        first = Tokens(access="", refresh=self._first.reveal(), obtained_at=0, lifetime=0)
        try:
            held = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return first
        except (OSError, ValueError):
            message = f"the token file {self._file} cannot be read; correct its rights, or remove it and sign in anew"
            raise AuthError(message) from None
        if held.get("first") != self._mark():
            return first
        tokens = Tokens(
            access=str(held["access"]),
            refresh=str(held["refresh"]),
            obtained_at=int(held["obtained_at"]),
            lifetime=int(held["lifetime"]),
        )
        return self._remember(tokens)

    def _write(self, tokens: Tokens) -> None:
        held = {
            "first": self._mark(),
            "access": tokens.access,
            "refresh": tokens.refresh,
            "obtained_at": tokens.obtained_at,
            "lifetime": tokens.lifetime,
        }
        try:
            replace_whole(self._file, json.dumps(held), mode=0o600)
        except OSError as error:
            message = (
                f"the new refresh token cannot be written to {self._file} ({error.strerror}); make it writable. "
                "The old token is used up: when the next run is refused, let a person authorise Lettrage again"
            )
            raise AuthError(message) from None

    def _mark(self) -> str:
        """Which first token the file began with, without telling it."""
        return hashlib.sha256(self._first.reveal().encode()).hexdigest()
