"""People are told, and a way that fails is said without showing its secret."""

import http.server
import json
import threading

import pytest

from integrations.config.settings import CompanySettings
from integrations.services.alerts import alert


def company(**alerts) -> CompanySettings:
    erp = {"kind": "flatfile", "inbox": "in", "outbox": "out"}
    return CompanySettings.model_validate({"name": "acme", "erp": erp, "alerts": alerts})


@pytest.fixture
def listener():
    heard = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == "/good" else 500)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_hears_company_subject_and_text(listener):
    address, heard = listener
    failures = alert(company(webhook_env="HOOK"), "Night failed", "The bank is silent.", {"HOOK": address + "/good"})
    assert failures == ()
    assert heard == [{"company": "acme", "subject": "Night failed", "text": "Night failed\nThe bank is silent."}]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "HOOK is not set"),
        ({"HOOK": "http://127.0.0.1:9/token-abc"}, "cannot be reached"),
        ({"HOOK": "no address token-abc"}, "cannot be reached"),
    ],
    ids=["not-set", "nobody-there", "no-address"],
)
def test_a_failing_webhook_is_said_without_its_secret(environment, words):
    (failure,) = alert(company(webhook_env="HOOK"), "Night failed", "text", environment)
    assert words in failure
    assert "token-abc" not in failure


def test_an_answer_that_is_no_success_is_said(listener):
    address, _ = listener
    (failure,) = alert(company(webhook_env="HOOK"), "s", "t", {"HOOK": address + "/bad"})
    assert "500" in failure


def test_mail_without_a_server_is_said():
    assert "smtp_env" in alert(company(email_to=["a@example.com"]), "s", "t", {})[0]
    (failure,) = alert(
        company(email_to=["a@example.com"], smtp_env="SMTP"), "s", "t", {"SMTP": "smtp://u:pw@127.0.0.1:9"}
    )
    assert "SMTP" in failure
    assert "pw" not in failure
