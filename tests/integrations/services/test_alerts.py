"""People are told, and a way that fails is said without showing its secret."""

import http.server
import json
import socket
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


@pytest.fixture
def mail_server():
    """As much of SMTP as one message needs; without encryption, as on loopback."""
    received: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rw", newline="\r\n") as wire:
            print("220 ready", file=wire, flush=True)
            in_data = False
            for line in wire:
                received.append(line.rstrip("\r\n"))
                if in_data:
                    in_data = received[-1] != "."
                    if not in_data:
                        print("250 taken", file=wire, flush=True)
                elif line.upper().startswith("DATA"):
                    in_data = True
                    print("354 go on", file=wire, flush=True)
                elif line.upper().startswith("QUIT"):
                    print("221 bye", file=wire, flush=True)
                    return
                else:
                    print("250 fine", file=wire, flush=True)

    thread = threading.Thread(target=talk)
    thread.start()
    yield listener.getsockname()[1], received
    thread.join(5)
    listener.close()


def test_people_are_mailed_and_a_subject_brings_no_header_of_its_own(mail_server):
    port, received = mail_server
    people = company(email_to=["anna@example.com", "ben@example.com"], smtp_env="SMTP")
    assert alert(people, "night\r\nBcc: x@evil", "why it failed", {"SMTP": f"smtp://127.0.0.1:{port}"}) == ()
    assert "Subject: night Bcc: x@evil" in received
    assert "To: anna@example.com, ben@example.com" in received
    assert "why it failed" in received
    assert not any(line.startswith("Bcc:") for line in received)


def test_no_password_goes_over_an_open_line(mail_server):
    port, received = mail_server
    people = company(email_to=["anna@example.com"], smtp_env="SMTP")
    (failure,) = alert(people, "s", "t", {"SMTP": f"smtp://user:hunter2@127.0.0.1:{port}"})
    assert "no encryption" in failure
    assert not any(line.upper().startswith(("AUTH", "MAIL")) for line in received)
