"""Alerts reach a web address and a mail server, and a broken one never stops a run."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dagster_project import alerts
from integrations.config.settings import AlertSettings, CompanySettings


class Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, msg: str, *args: object) -> None:
        self.said.append(msg % args)


def company(settings: AlertSettings) -> CompanySettings:
    erp = {"kind": "flatfile", "inbox": "in", "outbox": "out"}
    return CompanySettings.model_validate({"name": "acme", "erp": erp, "alerts": settings.model_dump()})


@pytest.fixture
def web() -> Iterator[tuple[str, list[dict[str, str]]]]:
    received: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", received
        server.shutdown()
        thread.join()


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """As much of SMTP as one message needs."""
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


def test_a_web_address_is_told(web: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, received = web
    monkeypatch.setenv("HOOK", address)
    assert alerts.tell(company(AlertSettings(webhook_env="HOOK")), "acme: night failed", "why", Log()) == ["webhook"]
    assert received == [{"text": "acme: night failed\nwhy", "subject": "acme: night failed", "message": "why"}]


def test_people_are_mailed(mail_server: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    port, received = mail_server
    monkeypatch.setenv("SMTP", f"smtp://127.0.0.1:{port}")
    settings = AlertSettings(email_to=("anna@example.com", "ben@example.com"), smtp_env="SMTP")
    assert alerts.tell(company(settings), "night\r\nBcc: x@evil", "why it failed", Log()) == ["mail"]
    assert "Subject: night Bcc: x@evil" in received
    assert "To: anna@example.com, ben@example.com" in received
    assert "why it failed" in received
    assert not any(line.startswith("Bcc:") for line in received)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "HOOK is not set"), ("http://127.0.0.1:9/x", "could not be sent"), ("no address", "could not be sent")],
    ids=["no-variable", "nobody-there", "nonsense"],
)
def test_what_cannot_be_sent_is_logged_and_nothing_more(
    value: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value:
        monkeypatch.setenv("HOOK", value)
    log = Log()
    assert alerts.tell(company(AlertSettings(webhook_env="HOOK")), "s", "t", log) == []
    assert said in log.said[0]
