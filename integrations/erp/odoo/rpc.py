"""Calling Odoo's methods, over JSON-RPC or JSON-2, with its errors said by what to do next.

XML-RPC is never used: it reports failure for methods that return nothing, after the work is committed. Over JSON-RPC
such an answer has no ``result`` at all. An error that Odoo itself reports means that its transaction was rolled back;
only a lost answer is ambiguous.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from integrations.erp.errors import (
    AuthError,
    ConfigError,
    ErpError,
    PermissionDenied,
    ProtocolError,
    Transient,
    ValidationFailed,
    VersionMismatch,
)
from integrations.erp.http import Exchange, FixedSignIn, Http, NoSignIn, Reply, rate_limited
from integrations.erp.odoo.config import Settings
from integrations.erp.settings import Secret

_BUSINESS_RULES = {"odoo.exceptions.UserError", "odoo.exceptions.ValidationError", "odoo.exceptions.RedirectWarning"}
_FIRST_WITH_JSON2 = 19


class OdooRpc:
    """A signed-in connection to one database as one company."""

    def __init__(
        self,
        settings: Settings,
        key: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        log: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._key = key
        options: dict[str, Any] = {"classify": classify, "transport": transport, "log": log}
        if sleep is not None:
            options["sleep"] = sleep
        url = str(settings.url)
        headers = {"X-Odoo-Database": settings.database}
        # Both share one way to the server when it is given; the second is made when it is used, because the making
        # alone costs as much as reading a thousand items.
        self._plain = Http(url, sign_in=NoSignIn(key), **options)
        self._made: Http | None = None
        self._json2_options: dict[str, Any] = {"sign_in": FixedSignIn("bearer {}", key), "headers": headers, **options}
        self._uid = 0
        self._version = 0
        self._fields: dict[tuple[str, ...], set[str]] = {}
        self.context: dict[str, Any] = {}

    @property
    def version(self) -> int:
        """The major version, asked once."""
        if not self._version:
            body = {"jsonrpc": "2.0", "method": "call", "params": {}, "id": 1}
            answer = self._plain.read("POST", "web/webclient/version_info", json=body).body
            info = (answer or {}).get("result", {}).get("server_version_info") or []
            if not info:
                message = "the server does not say which version of Odoo it is; check the url"
                raise ConfigError(message)
            self._version = int(str(info[0]).removeprefix("saas~"))
        return self._version

    @property
    def uses_json2(self) -> bool:
        """Whether calls go over JSON-2."""
        if self._settings.transport == "auto":
            return self.version >= _FIRST_WITH_JSON2
        return self._settings.transport == "json2"

    @property
    def _json2(self) -> Http:
        if self._made is None:
            self._made = Http(str(self._settings.url), **self._json2_options)
        return self._made

    def call(self, model: str, method: str, *, ids: Sequence[int] | None = None, writing: bool, **named: Any) -> Any:
        """One method call; ``writing`` says whether it may change something. False of Odoo stands for nothing."""
        context = {**self.context, **named.pop("context", {})}
        named["context"] = context
        if self.uses_json2:
            body = {**named, **({"ids": list(ids)} if ids is not None else {})}
            send = self._json2.write if writing else self._json2.read
            return send("POST", f"json/2/{model}/{method}", json=body).body
        return self._execute(model, method, [list(ids)] if ids is not None else [], named, writing=writing)

    def _execute(self, model: str, method: str, args: list[Any], named: Mapping[str, Any], *, writing: bool) -> Any:
        signed = [self._settings.database, self._user(), self._key.reveal(), model, method, args, named]
        return self._rpc("object", "execute_kw", signed, writing=writing)

    def write(self, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Change records. By place where that is possible: modules name this argument as they like."""
        if self.uses_json2:
            self.call(model, "write", ids=ids, writing=True, vals=values)
        else:
            self._execute(model, "write", [list(ids), values], {"context": self.context}, writing=True)

    def fill_in(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        """A filled-in form of Odoo (a wizard); it changes nothing until one of its buttons is pressed."""
        in_context = {**self.context, **context}
        if self.uses_json2:
            made = self.call(model, "create", writing=False, vals_list=[values], context=in_context)
        else:
            made = self._execute(model, "create", [values], {"context": in_context}, writing=False)
        return int(made[0] if isinstance(made, list) else made)

    def search_read(self, model: str, domain: list[Any], fields: Sequence[str], **more: Any) -> list[dict[str, Any]]:
        """Records with plain ids for relations."""
        named: dict[str, Any] = {"domain": domain, "fields": list(fields), "load": None, **more}
        found = self.call(model, "search_read", writing=False, **named)
        return _records(found)

    def fields(self, model: str, wanted: Sequence[str]) -> set[str]:
        """Which of the fields this version of Odoo has."""
        asked = (model, *wanted)
        if asked not in self._fields:
            known = self.call(model, "fields_get", writing=False, allfields=list(wanted), attributes=["type"])
            self._fields[asked] = set(known) if isinstance(known, Mapping) else set()
        return self._fields[asked]

    def sign_in(self) -> int:
        """Our user's id. Raises AuthError."""
        if self.uses_json2:
            found = self.call("res.users", "context_get", writing=False)
            uid = int((found or {}).get("uid") or 0)
            if not uid:
                rows = self.search_read("res.users", [["login", "=", self._settings.login]], ["id"])
                uid = int(rows[0]["id"]) if rows else 0
            return uid
        return self._user()

    def close(self) -> None:
        """Let the connections go."""
        self._plain.close()
        if self._made is not None:
            self._made.close()

    def _user(self) -> int:
        if not self._uid:
            signed = [self._settings.database, self._settings.login, self._key.reveal(), {}]
            uid = self._rpc("common", "authenticate", signed, writing=False)
            if not uid:
                message = f"Odoo does not accept the login {self._settings.login!r} with this key; make a new API key"
                raise AuthError(message)
            self._uid = int(uid)
        return self._uid

    def _rpc(self, service: str, method: str, args: list[Any], *, writing: bool) -> Any:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }
        send = self._plain.write if writing else self._plain.read
        answer = send("POST", "jsonrpc", json=body).body
        if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
            message = "the server did not answer as Odoo does; check the url"
            raise ProtocolError(message)
        return answer.get("result")


def classify(reply: Reply, _writing: bool) -> ErpError | None:  # noqa: FBT001  -- the shape that Http asks for
    """What an error of Odoo means; the texts are translated, so only the exception's name decides."""
    body = reply.body
    if not isinstance(body, dict):
        return None
    if reply.status == 429:
        return rate_limited(reply)
    if isinstance(body.get("error"), dict):
        data = body["error"].get("data") or {}
        if body["error"].get("code") == 100:
            return AuthError("the Odoo session has ended; sign in again")
        return _named(str(data.get("name", "")), str(data.get("message") or body["error"].get("message", "")))
    if reply.status >= 400 and "name" in body and "message" in body:
        return _named(str(body["name"]), str(body["message"]))
    return None


_BUSY = {"LockError", "LockNotAvailable", "SerializationFailure", "DeadlockDetected", "OperationalError"}
_MEANING: dict[str, tuple[type[ErpError], str]] = {
    "AccessDenied": (AuthError, "Odoo does not accept our key; make a new API key for our user"),
    "Unauthorized": (AuthError, "Odoo does not accept our key; make a new API key for our user"),
    "AccessError": (PermissionDenied, "our Odoo user lacks a right: {said}"),
    "Forbidden": (PermissionDenied, "our Odoo user lacks a right: {said}"),
    "MissingError": (VersionMismatch, "a record was deleted in Odoo meanwhile: {said}"),
    **dict.fromkeys(_BUSY, (Transient, "Odoo was busy with the same records and changed nothing; try again")),
}


def _named(name: str, text: str) -> ErpError:
    said = " ".join(text.split())[:300]
    short = name.rpartition(".")[2]
    if name in _BUSINESS_RULES:
        return ValidationFailed(f"Odoo refuses: {said}", code=short)
    if "database" in said and "does not exist" in said:
        return ConfigError("there is no such database on the Odoo server; check the setting `database`")
    if short in _MEANING:
        error, message = _MEANING[short]
        return error(message.format(said=said))
    return ProtocolError(f"Odoo failed with {short or 'an unnamed error'} and changed nothing: {said}")


def _records(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        message = "Odoo answered a search with something that is no list"
        raise ProtocolError(message)
    return found
