"""Calling Tryton over JSON-RPC: sessions, wire types, errors that arrive with status 200.

An answer over 1,400 characters is compressed whether it was asked for or not, so compression is always asked for. An
error that Tryton reports means that its transaction was rolled back.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx

from integrations.erp.errors import (
    AuthError,
    ConfigError,
    ErpError,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    Transient,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.http import Exchange, Http, Reply
from integrations.erp.settings import Secret
from integrations.erp.tryton.config import Settings


class TrytonRefused(ValidationFailed):
    """A rule of Tryton; ``code`` is UserError or UserWarning, ``field`` the name of a warning."""


class _Session:
    """Signs in with the password when it is needed, then sends the session."""

    def __init__(self, settings: Settings, password: Secret, login: Callable[[], tuple[int, str]]) -> None:
        self._settings = settings
        self._password = password
        self._login = login
        self._token = ""
        self._header = ""

    def headers(self) -> Mapping[str, str]:
        if not self._header:
            user, token = self._login()
            self._token = token
            text = f"{self._settings.login}:{user}:{token}"
            self._header = f"Session {base64.b64encode(text.encode()).decode()}"
        return {"Authorization": self._header}

    def renew(self, refused: Mapping[str, str]) -> bool:
        if refused.get("Authorization") == self._header:
            self._header = ""
        return True

    def secrets(self) -> Sequence[str]:
        return [self._password.reveal(), self._token, self._header]


class _NoSession:
    def __init__(self, password: Secret) -> None:
        self._password = password

    def headers(self) -> Mapping[str, str]:
        return {}

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False

    def secrets(self) -> Sequence[str]:
        return [self._password.reveal()]


class TrytonRpc:
    """A connection to one database as one user."""

    def __init__(
        self,
        settings: Settings,
        password: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "classify": classify,
            "transport": transport,
            "log": log,
            "headers": {"Accept-Encoding": "gzip"},
        }
        if sleep is not None:
            options["sleep"] = sleep
        self._settings = settings
        self._password = password
        self._door = Http(str(settings.url), sign_in=_NoSession(password), **options)
        self._session = _Session(settings, password, self._login)
        self._http = Http(str(settings.url), sign_in=self._session, **options)
        self.context: dict[str, Any] = {}
        self._path = f"{settings.database}/rpc/"

    def close(self) -> None:
        """Let the connections go."""
        self._http.close()
        self._door.close()

    def call(self, method: str, *args: Any, writing: bool, context: Mapping[str, Any] | None = None) -> Any:
        """One call, e.g. ``model.party.party.search_read``; the context is the last argument, as Tryton wants it."""
        everything = {**self.context, **(context or {})}
        body = {"id": 1, "method": method, "params": [*(_wire(each) for each in args), everything]}
        send = self._http.write if writing else self._http.read
        self._session.headers()  # Signing in finds out where this version answers.
        return _unwire(_result(send("POST", self._path, json=body)))

    def search_read(
        self, model: str, domain: list[Any], fields: Sequence[str], *, limit: int | None = None, order: str = "id"
    ) -> list[dict[str, Any]]:
        """Records by a domain."""
        name, _, direction = order.partition(" ")
        ordering = [[name, direction or "ASC"]]
        found = self.call(f"model.{model}.search_read", domain, 0, limit, ordering, list(fields), writing=False)
        if not isinstance(found, list):
            message = "Tryton answered a search with something that is no list"
            raise ProtocolError(message)
        return found

    def wizard(self, name: str, model: str, ids: Sequence[int], path: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Run a wizard on records: each state of the path with the values of its form."""
        context = {"active_model": model, "active_id": ids[0], "active_ids": list(ids)}
        session, start, _ = self.call(f"wizard.{name}.create", writing=True, context=context)
        try:
            for state, data in [(start, {}), *path]:
                self.call(f"wizard.{name}.execute", session, dict(data), state, writing=True, context=context)
        finally:
            self.call(f"wizard.{name}.delete", session, writing=True, context=context)

    def _login(self) -> tuple[int, str]:
        params = [self._settings.login, {"password": self._password.reveal()}, "en"]
        body = {"id": 0, "method": "common.db.login", "params": params}
        # Signing in changes nothing that matters; asking twice makes two sessions.
        try:
            answer = _result(self._door.read("POST", self._path, json=body))
        except (ConfigError, ValidationFailed) as error:
            if isinstance(error, TrytonRefused) or not self._path.endswith("/rpc/"):
                raise
            # Versions 6 and 7 answer at the database itself.
            older = f"{self._settings.database}/"
            try:
                answer = _result(self._door.read("POST", older, json=body))
            except (ConfigError, ValidationFailed):
                raise error from None
            self._path = older
        if not answer:
            message = f"Tryton does not accept the password of {self._settings.login!r}; correct it"
            raise AuthError(message)
        return int(answer[0]), str(answer[1])


_BUSY = ("OperationalError", "SerializationFailure", "LockNotAvailable")


def classify(reply: Reply, _writing: bool) -> ErpError | None:  # noqa: FBT001  -- the shape that Http asks for
    """What an error of Tryton means."""
    if reply.status == 429:
        return RateLimited("Tryton locks us out after wrong passwords; wait, and correct the password", scope="minute")
    if reply.status == 404:
        return ConfigError("there is no such database on the Tryton server; check the setting `database`")
    error = reply.body.get("error") if isinstance(reply.body, dict) else None
    if not isinstance(error, list) or not error:
        return None
    details = error[1] if len(error) > 1 else ""
    return _named(str(error[0]), details if isinstance(details, list) else [details])


def _named(name: str, texts: Sequence[Any]) -> ErpError:
    said = " ".join(" ".join(str(each) for each in texts if isinstance(each, str)).split())[:300]
    if name in {"UserError", "UserWarning"}:
        warning = str(texts[0]) if name == "UserWarning" and texts else ""
        return TrytonRefused(f"Tryton refuses: {said}", code=name, field=warning)
    if name in {"LoginException", "NotLogged"} or name.startswith("401"):
        return AuthError("Tryton's session has ended; sign in again")
    if name == "AccessError" or name.startswith("403"):
        return PermissionDenied(f"our Tryton user lacks a right: {said}")
    if name == "ConcurrencyException":
        return VersionMismatch("someone changed the record in Tryton meanwhile; read again")
    if any(busy in name for busy in _BUSY):
        return Transient("Tryton was busy with the same records and changed nothing; try again")
    return ProtocolError(f"Tryton failed with {name[:120]} and changed nothing: {said}")


def _result(reply: Reply) -> Any:
    if isinstance(reply.body, dict) and "result" in reply.body:
        return reply.body["result"]
    return reply.body


def _wire(value: Any) -> Any:
    """Our values in Tryton's JSON.

    >>> _wire([Decimal("1.50"), date(2026, 11, 21)])[0]
    {'__class__': 'Decimal', 'decimal': '1.50'}
    """
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": f"{value:f}"}
    if isinstance(value, datetime):
        parts = {"hour": value.hour, "minute": value.minute, "second": value.second, "microsecond": value.microsecond}
        return {"__class__": "datetime", "year": value.year, "month": value.month, "day": value.day, **parts}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Mapping):
        return {key: _wire(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(each) for each in value]
    return value


def _unwire(value: Any) -> Any:
    """Tryton's JSON as our values.

    >>> _unwire({"__class__": "date", "year": 2026, "month": 11, "day": 21})
    datetime.date(2026, 11, 21)
    """
    if isinstance(value, dict):
        kind = value.get("__class__")
        if kind == "Decimal":
            return Decimal(value["decimal"])
        if kind == "date":
            return date(value["year"], value["month"], value["day"])
        if kind == "datetime":
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return datetime(*(value.get(name, 0) for name in names))  # noqa: DTZ001  -- Tryton's moments have no zone
        return {key: _unwire(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unwire(each) for each in value]
    return value
