"""Tokens that run out: renewed by one writer, kept before they are used, and what to do when one is lost."""

import json
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import httpx
import pytest

from integrations.erp.errors import AuthError, ProtocolError, Transient
from integrations.erp.http_tokens import ClientCredentials, RotatingTokens, TokenServer
from integrations.erp.settings import Secret
from tests.integrations.erp.standins.exact import CLIENT, FIRST_TOKEN, SECRET, ExactStandIn

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    def __init__(self, server):
        self.server = server

    def __call__(self):
        return self.server.now.timestamp()


@pytest.fixture
def server():
    stand_in = ExactStandIn()
    yield stand_in
    stand_in.close()


@pytest.fixture
def tokens(server, tmp_path):
    opened = []

    def make(*, first=FIRST_TOKEN, file=None, transport=None):
        ask = TokenServer(f"{server.url}/api/oauth2/token", clock=Clock(server), sleep=lambda _: None,
                          transport=transport)  # fmt: skip
        opened.append(ask)
        return RotatingTokens(
            ask, client_id=CLIENT, secret=Secret(SECRET, name="EXACT_SECRET"), youngest=570,
            first=Secret(first, name="EXACT_TOKEN"), file=file or tmp_path / "tokens.json",
        )  # fmt: skip

    yield make
    for each in opened:
        each.close()


def token_of(headers):
    return headers["Authorization"].removeprefix("Bearer ")


def test_the_first_token_is_used_once_and_the_next_one_is_kept_before_it_is_used(tokens, server, tmp_path):
    used = token_of(tokens().headers())
    file = tmp_path / "tokens.json"
    held = json.loads(file.read_text())
    assert (held["access"], held["refresh"]) == (used, server.refresh_token)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert FIRST_TOKEN not in file.read_text()
    assert token_of(tokens().headers()) == used


def test_a_token_is_renewed_when_it_runs_out_and_not_before_it_may_be(tokens, server):
    signed = tokens()
    first = token_of(signed.headers())
    server.tick(560)
    assert token_of(signed.headers()) == first
    assert signed.renew({}) is False
    server.tick(20)
    second = token_of(signed.headers())
    assert second != first
    assert server.too_early == 0


def test_a_second_process_takes_what_the_first_one_fetched(tokens, server):
    one, other = tokens(), tokens()
    assert one.headers() == other.headers()
    server.tick(600)
    renewed = one.headers()
    assert other.headers() == renewed
    assert server.too_early == 0


def test_eight_processes_renew_once(server, tmp_path):
    program = textwrap.dedent(f"""
        from pathlib import Path
        from integrations.erp.http_tokens import RotatingTokens, TokenServer
        from integrations.erp.settings import Secret
        ask = TokenServer({server.url + "/api/oauth2/token"!r})
        signed = RotatingTokens(ask, client_id={CLIENT!r}, secret=Secret({SECRET!r}, name="A"), youngest=570,
            first=Secret({FIRST_TOKEN!r}, name="B"), file=Path({str(tmp_path / "tokens.json")!r}))
        print(signed.headers()["Authorization"])
        ask.close()
    """)
    running = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    said = {each.communicate(timeout=60)[0].strip() for each in running}
    assert [each.returncode for each in running] == [0] * 8
    assert len(said) == 1
    assert len([request for request in server.requests if request.path.endswith("/token")]) == 1


def test_a_lost_token_says_what_a_person_has_to_do(tokens, server):
    tokens().headers()
    server.refresh_token = "used-elsewhere"
    server.tick(600)
    with pytest.raises(AuthError, match=r"authorise Lettrage again.*EXACT_TOKEN") as caught:
        tokens().headers()
    assert "stampNL001" not in str(caught.value)


def test_a_new_first_token_replaces_the_file(tokens, server):
    tokens().headers()
    server.refresh_token = "from-a-new-authorisation"
    server.tick(600)
    assert tokens(first="from-a-new-authorisation").headers()
    server.tick(600)
    assert tokens(first="from-a-new-authorisation").headers()


def test_an_answer_that_got_lost_is_not_asked_for_a_second_time(tokens, server):
    class Lost(httpx.BaseTransport):
        calls = 0

        def handle_request(self, request):
            Lost.calls += 1
            message = "gone"
            raise httpx.ReadTimeout(message, request=request)

    with pytest.raises(Transient):
        tokens(transport=Lost()).headers()
    assert Lost.calls == 1


def test_a_folder_that_cannot_be_written_is_said_with_its_consequence(tokens, monkeypatch):
    def no_space(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("integrations.erp.http_tokens.replace_whole", no_space)
    with pytest.raises(AuthError, match=r"No space left.*used up"):
        tokens().headers()


def test_a_broken_file_is_not_taken_for_no_file(tokens, tmp_path):
    (tmp_path / "tokens.json").write_text("{half")
    with pytest.raises(AuthError, match="cannot be read"):
        tokens().headers()


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [(200, "<html>", ProtocolError), (503, "busy", Transient), (400, '{"error": "invalid_client"}', AuthError)],
)
def test_what_a_sign_in_server_may_answer(status, text, error):
    def answer(request):
        return httpx.Response(status, text=text, request=request)

    server = TokenServer("https://login.example/token", transport=httpx.MockTransport(answer), sleep=lambda _: None)
    signed = ClientCredentials(server, client_id="x", secret=Secret("hush-91f0", name="S"), scope="all")
    with pytest.raises(error) as caught:
        signed.headers()
    assert "hush-91f0" not in str(caught.value)
    server.close()
