"""The HTTP core: what is repeated, what is ambiguous, and what never shows."""

import httpx
import pytest

from integrations.erp.errors import (
    AmbiguousOutcome,
    AuthError,
    PermissionDenied,
    ProtocolError,
    RateLimited,
    Transient,
    ValidationFailed,
)
from integrations.erp.http import FixedSignIn, Http
from integrations.erp.settings import Secret

KEY = "s3cr3t-key-91f0"


class Script(httpx.BaseTransport):
    """Answers or fails as written down, one after the other."""

    def __init__(self, *acts):
        self.acts, self.seen = list(acts), []

    def handle_request(self, request):
        self.seen.append(request)
        act = self.acts.pop(0)
        if isinstance(act, type):
            message = f"failed with {KEY}"
            raise act(message, request=request)
        status, text, headers = (*act, {})[:3]
        return httpx.Response(status, text=text, headers=headers, request=request)


def http(script, waits, log=None, sign_in=None):
    sign_in = sign_in or FixedSignIn("token {}", Secret(KEY, name="KEY"))
    return Http(
        "https://erp.example/base",
        sign_in=sign_in,
        classify=lambda _reply, _writing: None,
        transport=script,
        sleep=waits.append,
        log=log,
    )


OK = (200, '{"amount": 1405.0700000000002}')


@pytest.mark.parametrize(
    ("acts", "tries"),
    [
        ([OK], 1),
        ([httpx.ConnectError, OK], 2),
        ([httpx.ReadTimeout, (502, "bad gateway"), OK], 3),
        ([(429, "", {"Retry-After": "7"}), OK], 2),
        ([(503, "maintenance"), OK], 2),
    ],
    ids=["at-once", "no-connection", "lost-then-gateway", "rate-limit", "maintenance"],
)
def test_a_read_is_repeated_while_the_trouble_passes(acts, tries):
    script, waits = Script(*acts), []
    reply = http(script, waits).read("GET", "items")
    assert str(reply.body["amount"]) == "1405.0700000000002"
    assert len(script.seen) == tries
    assert len(waits) == tries - 1


@pytest.mark.parametrize(
    ("acts", "tries", "error"),
    [
        ([httpx.ConnectError, OK], 2, None),
        ([(429, "", {"Retry-After": "1"}), OK], 2, None),
        ([httpx.ReadTimeout], 1, AmbiguousOutcome),
        ([httpx.RemoteProtocolError], 1, AmbiguousOutcome),
        ([httpx.WriteError], 1, AmbiguousOutcome),
        ([(502, "bad gateway")], 1, AmbiguousOutcome),
        ([(500, "{}")], 1, AmbiguousOutcome),
        ([(200, "<html>sorry</html>")], 1, AmbiguousOutcome),
        ([(400, "no")], 1, ValidationFailed),
        ([(403, "no")], 1, PermissionDenied),
        ([(401, "no")], 1, AuthError),
        ([httpx.ConnectError] * 5, 5, Transient),
    ],
)
def test_a_write_is_sent_again_only_when_it_is_proven_unsent(acts, tries, error):
    script, waits = Script(*acts), []
    if error is None:
        http(script, waits).write("POST", "payments", json={"amount": 1})
    else:
        with pytest.raises(error):
            http(script, waits).write("POST", "payments", json={"amount": 1})
    assert len(script.seen) == tries
    assert len({request.content for request in script.seen}) == 1


@pytest.mark.parametrize(
    ("headers", "scope", "waited"),
    [({"Retry-After": "86400"}, "day", 0), ({"Retry-After": "600"}, "minute", 0), ({}, "minute", 4)],
    ids=["the-day-is-over", "too-long-to-wait", "again-and-again"],
)
def test_a_rate_limit_is_waited_for_only_as_long_as_it_is_short(headers, scope, waited):
    script, waits = Script(*[(429, "", headers)] * 5), []
    with pytest.raises(RateLimited) as caught:
        http(script, waits).read("GET", "items")
    assert caught.value.scope == scope
    assert len(waits) == waited


def test_an_unreadable_answer_to_a_read_is_a_protocol_error():
    with pytest.raises(ProtocolError):
        http(Script((200, "<html></html>")), []).read("GET", "items")


def test_a_token_that_ran_out_is_renewed_once():
    class Renewing(FixedSignIn):
        renewals = 0

        def renew(self, refused):
            self.renewals += 1
            return True

    sign_in = Renewing("token {}", Secret(KEY, name="KEY"))
    assert http(Script((401, "no"), OK), [], sign_in=sign_in).read("GET", "items").status == 200
    with pytest.raises(AuthError):
        http(Script((401, "no"), (401, "no")), [], sign_in=sign_in).read("GET", "items")
    assert sign_in.renewals == 2


@pytest.mark.parametrize(
    "act", [OK, (400, f"your token {KEY} is bad"), (500, KEY), httpx.ReadTimeout, httpx.ConnectError]
)
def test_no_secret_shows_in_log_error_or_repr(act):
    exchanges = []
    client = http(Script(*[act] * 5), [], log=exchanges.append)
    error = None
    try:
        client.write("POST", f"items?key={KEY}", json={"params": [KEY]})
    except Exception as caught:  # noqa: BLE001  -- whatever it is, it must not show the key
        error = caught
    assert exchanges
    assert KEY not in repr(exchanges)
    assert "***" in repr(exchanges)
    assert KEY not in f"{error!r} {error} {client!r} {vars(error) if error else ''}"
