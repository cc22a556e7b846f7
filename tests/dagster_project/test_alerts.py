"""People hear of missing statements and of failed nights: by Dagster's own clock, over real HTTP and SMTP."""

import http.server
import json
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.checks import _tell_missing
from integrations.ledger import open_ledger
from integrations.services.worklist import Coverage
from scripts import demo
from tests.dagster_project.code_alerts import FOLDER_VARIABLE, office
from tests.dagster_project.test_company import prepare

ROOT = Path(__file__).parents[2]


@dataclass
class Heard:
    """What reached the people: webhook calls, and mails as their lines."""

    hooks: list[dict[str, str]] = field(default_factory=list)
    mails: list[list[str]] = field(default_factory=list)

    def hook(self, subject: str) -> str | None:
        return next((one["text"] for one in self.hooks if one["subject"] == subject), None)

    def mail(self, subject: str) -> str | None:
        return next(("\n".join(one) for one in self.mails if f"Subject: {subject}" in one), None)


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as taking in messages needs; without encryption, as on loopback."""

    heard: Heard

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        mail: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if mail is not None and line != ".":
                mail.append(line)
                continue
            if mail is not None:
                self.heard.mails.append(mail)
                mail = None
            elif line.upper().startswith("DATA"):
                mail = []
            answer = "354 go on" if mail is not None else "221 bye" if line.upper() == "QUIT" else "250 fine"
            self.wfile.write(f"{answer}\r\n".encode())
            if answer == "221 bye":
                return


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A webhook and a mail server on loopback, named in the environment."""
    heard = Heard()

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.hooks.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    mailbox = type("ThisMailbox", (Mailbox,), {"heard": heard})
    servers = [
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook),
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), mailbox),
    ]
    threads = [threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}) for one in servers]
    for thread in threads:
        thread.start()
    monkeypatch.setenv("TEST_HOOK", f"http://127.0.0.1:{servers[0].server_address[1]}/hook")
    monkeypatch.setenv("TEST_SMTP", f"smtp://127.0.0.1:{servers[1].server_address[1]}")
    yield heard
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.slow
def test_people_hear_of_missing_statements_and_of_a_failed_night(tmp_path: Path, people: Heard) -> None:
    prepare(tmp_path)
    home = tmp_path / "dagster"
    for folder in (home, tmp_path / "logs"):
        folder.mkdir()
    (home / "dagster.yaml").write_text(demo.DAGSTER_YAML)
    environment = {
        **os.environ, "DAGSTER_HOME": str(home), FOLDER_VARIABLE: str(tmp_path), "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore", "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip
    code_port = demo.free_port(0)
    workspace = home / "workspace.yaml"
    workspace.write_text(demo.WORKSPACE_YAML.format(port=code_port))
    demo.make_storage(environment)
    programs = demo.commands("tests.dagster_project.code_alerts", workspace, code_port, 0)
    del programs["webserver"]
    missing, failed = "late: statements are missing", "down: nightly_down failed"
    with ExitStack() as stack:
        stack.enter_context(demo.running(programs, environment, tmp_path / "logs"))
        # The schedules are due at the next full minute; the sensor for failures looks every thirty seconds.
        deadline = time.monotonic() + 400
        while time.monotonic() < deadline:
            if all(hear(what) for hear in (people.hook, people.mail) for what in (missing, failed)):
                break
            time.sleep(0.5)
        # Of what is told already nobody hears again in the next night.
        told = [one["subject"] for one in people.hooks].count(missing)
    text = people.hook(missing) or ""
    assert "no statement for 19 Nov 2026, 20 Nov 2026, 23 Nov 2026" in text, (people, _end(tmp_path))
    assert "To: finance@late.example" in (people.mail(missing) or "")
    assert "19 Nov 2026" in (people.mail(missing) or "")
    reason = "down__connections: "
    assert reason in (people.hook(failed) or ""), (people.hook(failed), _end(tmp_path))
    for told_them in (people.hook(failed), people.mail(failed)):
        assert "LEDGER_THAT_NOBODY_SET is not set" in (told_them or "")
    assert told == 1


def _end(folder: Path) -> str:
    return (folder / "logs" / "daemon.log").read_text()[-2000:]


def test_each_missing_day_is_told_once_and_again_when_nobody_could_be_reached(
    tmp_path: Path, people: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = office(tmp_path, "late")
    run = late.run("", {})
    ledger = open_ledger(late.ledger_url)

    def night(*missing: int) -> tuple[str, ...]:
        days = tuple(date(2026, 11, day) for day in missing)
        coverage = [Coverage(account="NL20", last_day=date(2026, 11, 18), missing=days)]
        return _tell_missing(late, ledger, run, coverage, [f"no statement for {len(days)} days"])

    hook = os.environ["TEST_HOOK"]
    monkeypatch.setenv("TEST_HOOK", "http://127.0.0.1:9/")
    monkeypatch.setenv("TEST_SMTP", "smtp://127.0.0.1:9")
    assert len(night(19)) == 2
    monkeypatch.setenv("TEST_HOOK", hook)
    # One way is enough to know it.
    assert len(night(19)) == 1
    assert night(19) == night(19) == ()
    assert len(night(19, 20)) == 1
    assert night() == night() == ()
    assert [one["text"].splitlines()[1] for one in people.hooks] == [
        "no statement for 1 days",
        "no statement for 2 days",
    ]
    ledger.close()
